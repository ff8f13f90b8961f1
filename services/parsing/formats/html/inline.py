"""Inline content of HTML: images, formulas, code, superscripts; and which elements are hidden."""

from __future__ import annotations

import itertools
import re
import textwrap
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.formats.html.tags import BLOCKS
from services.parsing.reading import keeps_hidden

#: Styles that take an element from the page: not shown, cut to nothing, moved out of the window. Most hide
#: the line that mail programs show beside a subject, or text for screen readers. All patterns of a line must
#: be found, in any order.
_HIDDEN_STYLES = tuple(
    tuple(re.compile(pattern, re.I) for pattern in patterns)
    for patterns in (
        (
            r"display\s*:\s*none|mso-hide\s*:\s*all|text-indent\s*:\s*-\d{3,}"
            r"|clip\s*:\s*rect\((?:\s*+[01](?:px)?[\s,]*+){4}\)|clip-path\s*:\s*inset\((?:50|100)%",
        ),
        (r"overflow\s*:\s*hidden", r"(?:max-height|(?<![\w-])(?:height|width))\s*:\s*0(?![.\d])"),
        (r"position\s*:\s*(?:absolute|fixed)", r"(?:left|top|right|bottom)\s*:\s*-\d{4,}"),
    )
)
_BLOCK_STYLE = re.compile(r"display\s*:\s*(?:block|flex|grid|table|list-item)\b", re.I)
_PLACEHOLDER = re.compile(r"placeholder|spacer|blank\.|(?:^|/)(?:pixel|loading|lazy)\.|1x1", re.I)
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-srcset", "data-lazy-srcset",
         "srcset")  # fmt: skip
#: Inputs that show their value as text.
_TYPED = (
    "text",
    "email",
    "tel",
    "url",
    "number",
    "date",
    "time",
    "datetime-local",
    "month",
    "week",
    "search",
)
_LANGUAGE_CLASS = re.compile(
    r"(?:^|\s)(?:language-|lang-|highlight-source-|highlight-|brush:\s*|sourceCode\s+)([\w+#-]+)"
    r"|^(?:hljs\s+)?(bash|cpp|csharp|css|diff|go|html|java|javascript|js|json|kotlin|lua|perl|php|powershell"
    r"|python|ruby|rust|scala|shell|sql|swift|toml|typescript|ts|xml|yaml)$"
)
#: What generators of pages write where no language is set.
_NO_LANGUAGE = ("default", "none")
#: What holds the labels of a drawing: its own text, and pages within it.
_DRAWN_TEXTS = ("text", "{*}text", "foreignobject", "{*}foreignObject")
#: The signs with which generators of pages link a heading to itself.
_PERMALINKS = frozenset(("#", "¶", "§", "🔗", "\uf0c1"))
#: Elements inside a `pre` that begin a line, and those that are not part of its text.
_LINES, _UNREAD = ("div", "p", "li", "tr"), ("script", "style", "button")
#: Classes of the numbers that programs put before lines of code.
_LINE_NUMBER = re.compile(
    r"(?:^|\s)(?:ln|lineno|linenos?|line-?numbers?|pre-numbering|hljs-ln-n(?:umbers)?|gutter)(?:\s|$)", re.I
)
_NOT_IN_LINE = ("br", *_LINES, *_UNREAD)
_SPACE = re.compile(r"[ \t\n\r\f\xa0]{2,}|[\t\n\r\f\xa0]")  # all but a single blank
_INVISIBLE = re.compile("[\u200b\u200c\u2060\ufeff\xad]")
#: Texts with fewer characters are cached, because they often repeat.
_SHORT = 32


def is_hidden(el: HtmlElement) -> bool:
    """Whether the page hides this element, and hidden text is not wanted."""
    if "pagebreak" in (el.get("epub:type") or el.get("role") or ""):
        return True  # the number of a printed page
    if "note" in (el.get("epub:type") or ""):
        return False  # a note that opens beside its mark
    hidden, style = el.get("hidden"), el.get("style")
    if hidden is not None:  # a search of the page opens what is only folded
        return str(hidden).strip().lower() != "until-found" and not keeps_hidden()
    hides = style and any(all(pattern.search(style) for pattern in one) for one in _HIDDEN_STYLES)
    return bool(hides) and not keeps_hidden()


def is_struck(el: HtmlElement) -> bool:
    return "line-through" in (el.get("style") or "")


def is_block(el: HtmlElement) -> bool:
    """Whether a style makes a line of its own of an inline element."""
    return _BLOCK_STYLE.search(el.get("style") or "") is not None


def is_light(el: HtmlElement) -> bool:
    """Whether a `b` only wraps what some editor has pasted."""
    return re.search(r"font-weight\s*:\s*(?:normal|[1-4]00)", el.get("style") or "") is not None


def note_mark(el: HtmlElement, text: str) -> str:
    """`[1]` for the mark of a note in an e-book, which need not be raised; nothing for a permalink."""
    if text.strip("\\") in _PERMALINKS and (el.get("href") or "").startswith("#"):
        return ""
    epub, role = el.get("epub:type"), el.get("role")
    if not epub and not role:
        return text
    kinds = f"{epub or ''} {role or ''}".split()
    marks = {"noteref", "doc-noteref"}.intersection(kinds) and text.strip().isdigit()
    return text.replace(text.strip(), f"[{text.strip()}]") if marks else text


def plain(el: HtmlElement) -> str:
    """All text inside an element."""
    if not len(el):
        return el.text or ""
    return str(etree.tostring(el, encoding="unicode", method="text", with_tail=False))


def preformatted(el: HtmlElement) -> str:
    """The text of a `pre`, with `br` and blocks inside it as line ends."""
    numbers = [n for n in el.iterdescendants("span", "a", "td", "i") if is_line_number(n)]
    if not numbers and next(el.iterdescendants(*_NOT_IN_LINE), None) is None:
        return textwrap.dedent(plain(el).expandtabs(4))
    parts: list[str] = []

    def walk(node: HtmlElement) -> None:
        if node.tag in _LINES and parts and not parts[-1].endswith("\n"):
            parts.append("\n")
        parts.append("\n" if node.tag == "br" else node.text or "")
        for child in node:
            if isinstance(child.tag, str) and child.tag not in _UNREAD and child not in numbers:
                walk(child)
            parts.append(child.tail or "")

    walk(el)
    return textwrap.dedent("".join(parts).expandtabs(4))


def is_line_number(el: HtmlElement) -> bool:
    """Whether an element holds the number of a line of code, or those of all lines."""
    return _names_line_number(el.get("class") or "") and "".join(plain(el).split()).isdigit()


@lru_cache(1024)  # lines of code consist of many spans of few classes
def _names_line_number(classes: str) -> bool:
    return _LINE_NUMBER.search(classes) is not None


def code_language(el: HtmlElement) -> str:
    """The language in the classes of a code block or its ancestors."""
    candidates = [el, *el.findall("code")]
    for far, above in enumerate(itertools.islice(el.iterancestors(), 2)):
        if not far or (above.get("class") or "").startswith("highlight-"):
            candidates.append(above)
    for candidate in candidates:
        named = candidate.get("data-lang") or candidate.get("data-language")
        if candidate.tag == "pre" and len(candidate.get("lang") or "") > 2:  # of two letters: of its words
            named = named or candidate.get("lang")
        match = _LANGUAGE_CLASS.search(candidate.get("class") or "")
        language = named or (match[1] or match[2] if match else "")
        if language and language not in _NO_LANGUAGE and re.fullmatch(r"[\w+#-]{1,20}", language):
            return language.lower()
    return ""


def is_question(el: HtmlElement) -> bool:
    """Whether a button unfolds the paragraphs behind it."""
    panel = el.getnext() if el.get("aria-expanded") is not None else None
    return panel is not None and panel.find(".//p") is not None


def superscript(text: str, noted: bool) -> str:
    """`x^2` for exponents, `[3]` for note marks, letters (1st) unchanged."""
    bare = text.strip()
    if noted and bare.isdigit():
        return f"[{bare}]"
    return f"^{bare}" if re.fullmatch(r"[+−-]?\d+", bare) else text


def whole_number(value: str | None, default: int) -> int:
    return int(value) if value and re.fullmatch(r"\d{1,9}", value.strip()) else default


def image_text(el: HtmlElement) -> str:
    """An `img` as markdown; empty if it has no alternative text or is a pixel."""
    alt = (el.get("alt") or el.get("title") or "").strip()
    source = source_of(el)
    if any((el.get(side) or "").strip() in ("0", "1") for side in ("width", "height")):
        return ""
    if source.startswith("data:"):
        return _embedded(alt, source)
    if not alt:
        return ""
    if len(alt) < 8 and not alt.isascii() and not any(map(str.isalpha, alt)):
        return md.escape(alt)  # an emoji
    return md.image(alt, source if not re.match(r"(javascript|blob|cid):", source, re.I) else "")


def source_of(el: HtmlElement) -> str:
    """The source of a picture. Lazy ones have it beside a placeholder, others in the enclosing `picture`."""
    source = (el.get("src") or "").strip()
    tiny = source.startswith("data:") and len(source) < 400
    if source and not tiny and not _PLACEHOLDER.search(source):
        return source
    # The parser does not know `source` as a void element and nests what follows in it.
    frame = next(el.iterancestors("picture"), None)
    sources = frame.iter("source") if frame is not None else ()
    for holder in (el, *sources):
        for name in _LAZY:
            value = (holder.get(name) or "").strip()
            if value and not value.startswith("data:"):
                return value.split(",")[0].split()[0] if "srcset" in name else value
    return source


def field_text(el: HtmlElement) -> str:
    """The visible value of a form field."""
    if el.tag == "textarea":
        return " ".join(plain(el).split())
    if el.tag == "select":
        options = el.findall(".//option")
        chosen = [o for o in options if o.get("selected") is not None]
        shown = chosen or ([] if el.get("multiple") is not None else options[:1])
        return ", ".join(filter(None, (" ".join(plain(option).split()) for option in shown)))
    kind = (el.get("type") or "text").lower()
    return (el.get("value") or "").strip() if kind in _TYPED else ""


def drawing_text(el: HtmlElement) -> str:
    """The labels of a drawing (SVG); an icon has none."""
    labels = (" ".join("".join(label.itertext()).split()) for label in el.iter(*_DRAWN_TEXTS))
    return ", ".join(filter(None, labels))


def _embedded(alt: str, source: str) -> str:
    import base64
    import binascii

    from services.parsing.images.pictures import describe

    head, _, body = source.partition(",")
    if not head.startswith("data:image/") or len(body) < 200:
        return md.image(alt) if alt else ""
    try:
        raw = unquote_to_bytes(body)
        return describe(base64.b64decode(raw) if head.endswith(";base64") else raw, alt)
    except (binascii.Error, ValueError):
        return md.image(alt) if alt else ""


def holds_blocks(el: HtmlElement) -> bool:
    if not len(el):
        return False
    for child in el.iterdescendants():  # noqa: SIM110 – any() takes twice as long
        if child.tag in BLOCKS:
            return True
    return False


def markdown_of(text: str) -> str:
    """Escape text of the page as inline markdown."""
    return _remembered(text) if len(text) < _SHORT else _written(text)


def _written(text: str) -> str:
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    return md.escape(_SPACE.sub(" ", text))


_remembered = lru_cache(8192)(_written)  # pages of code and of tables consist of the same few words
