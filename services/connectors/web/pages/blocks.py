"""Split the text of a page into blocks, and remove some of them.

A block is the text between two line breaks of the rendered page. Its number hashes its words and its kind.
Numbers are all that is needed to compare pages and to find text that repeats on a site.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

from lxml import etree, html  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

#: The last bits of a block's number are its kind.
FIXED, HEADING, LOOSE = 0, 1, 2
_KIND_BITS = 3
#: Which text of an element belongs to a block: before its first child, after its end, or all inside it.
_HEAD, _TAIL, _ALL = 0, 1, 2

_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
#: Elements whose short texts depend on their neighbours, such as table cells. Their blocks are never removed.
_FIXED_TAGS = frozenset(("td", "th", "dt", "dd", "pre", "code", "samp", "caption", "li"))
_BLOCKS = frozenset(
    (  # noqa: SIM905 – forty lines otherwise
        "address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset "
        "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol "
        "option p pre search section summary table tbody td tfoot th thead tr ul"
    ).split()
)
_NO_TEXT = (
    "script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "canvas", "video", "audio",
    "select", "textarea", "input", "button", "datalist", "link",
)  # fmt: skip
_LANDMARKS = ("nav", "footer", "header", "aside", "search")
_LANDMARK_ROLES = frozenset(("navigation", "banner", "contentinfo", "search", "complementary"))
_VOID = frozenset(("img", "br", "hr", "meta", "title", "head", "html", "body", "td", "th", "tr"))
#: In characters: with less text than this outside of landmarks, and more than that inside, landmarks stay.
_LITTLE, _MUCH = 50, 500
#: A shorter block without links may be a word of the running text.
_LOOSE_LENGTH = 24
_XPATH_ROLES = etree.XPath("//@role")  # the step to their elements takes quadratic time
#: One class for all elements; lxml.html would look it up with a Python call per element.
_ELEMENTS = etree.ElementDefaultClassLookup(element=HtmlElement)
_XPATH_LENGTH = etree.XPath("string-length(normalize-space(.))")
_CONTENT = frozenset(("main", "article"))
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(slots=True)
class Block:
    """The text between two line breaks, and its positions in the tree."""

    tag: str
    pieces: list[str] = field(default_factory=list)
    slots: list[tuple[HtmlElement, int]] = field(default_factory=list)  # element, which text of it
    linked: int = 0
    #: The words, separated by single blanks; set when the block is complete.
    text: str = ""

    @property
    def kind(self) -> int:
        """FIXED, HEADING or LOOSE."""
        if self.tag in _HEADINGS:
            return HEADING
        text = self.text
        if self.linked >= len(text.replace(" ", "")):  # only links
            return LOOSE
        return FIXED if self.tag in _FIXED_TAGS or len(text) < _LOOSE_LENGTH else LOOSE

    @property
    def number(self) -> int:
        """A 64-bit hash of the words; the last bits are the kind."""
        hashed = hashlib.blake2b(self.text.encode("utf-8", "replace"), digest_size=8).digest()
        return int.from_bytes(hashed, "big") & ~_KIND_BITS | self.kind


def kind_of(number: int) -> int:
    """The kind of the block with this number."""
    return number & _KIND_BITS


def tree_of(text: str) -> HtmlElement | None:
    """Parse a page; None if it contains no element."""
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    parser.set_element_class_lookup(_ELEMENTS)
    try:
        return html.document_fromstring(_CONTROLS.sub("", text).encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def drop_no_text(root: HtmlElement) -> None:
    """Remove elements without readable text, such as scripts, styles and form fields. Attributes may stay: no
    hash covers them."""
    etree.strip_elements(root, *_NO_TEXT, with_tail=False)


def drop_landmarks(root: HtmlElement) -> None:
    """Remove navigation, banners and footers, unless they contain the text of the page. Call `drop_no_text`
    first."""
    landmarks = {
        one: None
        for one in (*root.iter(*_LANDMARKS), *(role.getparent() for role in _XPATH_ROLES(root)))
        if _is_landmark(one)
    }
    if not landmarks:
        return
    whole, inside = _length(root), 0
    for one in landmarks:
        if not any(above in landmarks for above in one.iterancestors(*_CUT_TAGS)):
            inside += _length(one)
    if whole - inside < _LITTLE and inside > _MUCH:
        return
    for one in landmarks:
        if one.getparent() is not None:
            one.drop_tree()


_CUT_TAGS = ("nav", "footer", "header", "aside", "search", "div", "section")


def _is_landmark(element: HtmlElement) -> bool:
    role = (element.get("role") or "").strip().lower()
    if element.tag in ("html", "body", "main", "article"):
        return False
    if element.tag in ("nav", "search") or role in _LANDMARK_ROLES:
        return True
    if element.tag not in ("footer", "header", "aside"):
        return False
    return not any(above.tag in _CONTENT for above in element.iterancestors(*_CONTENT))


def _length(element: HtmlElement) -> int:
    return int(_XPATH_LENGTH(element))


def blocks_of(root: HtmlElement) -> list[Block]:
    """The blocks of a page that contain words, in document order."""
    body = root.find("body")
    blocks = _Blocks(root if body is None else body)
    for block in blocks.found:
        block.text = " ".join("".join(block.pieces).split()) if block.slots else ""
    return [block for block in blocks.found if block.text]


class _Blocks:
    """Collects the blocks of an element and its descendants.

    Most elements are inline (pages of code have thousands), so one without blocks and links is not entered:
    libxml2 returns its whole text.
    """

    def __init__(self, root: HtmlElement) -> None:
        self._last = Block("body")
        self.found = [self._last]
        self._elements = list(root.iterdescendants(*_BLOCKS, "a"))  # keeps their proxies, and so their ids
        self._entered = _holders(self._elements)
        self._walk(root, root.tag, "body", False)

    def _walk(self, element: HtmlElement, name: str, tag: str, linked: bool) -> None:
        """Add the text of an element and its descendants; `tag` is the tag of the enclosing block."""
        if name in _BLOCKS:
            tag = name if name != "br" else tag
            self._begin(tag)
        linked = linked or name == "a"
        if element not in self._entered:
            if len(element):
                self._add(element, _ALL, all_text(element), linked)
            elif text := element.text:
                self._add(element, _HEAD, text, linked)
            return
        if text := element.text:
            self._add(element, _HEAD, text, linked)
        for child in element:
            inner = child.tag
            if isinstance(inner, str):
                self._walk(child, inner, tag, linked)
                if inner in _BLOCKS:
                    self._begin(tag)
            if text := child.tail:
                self._add(child, _TAIL, text, linked)

    def _begin(self, tag: str) -> None:
        """Start a block, or reuse the last one if it has no words."""
        last = self._last
        if last.slots:
            self._last = Block(tag)
            self.found.append(self._last)
        else:
            last.tag = tag
            last.pieces.clear()

    def _add(self, element: HtmlElement, which: int, text: str, linked: bool) -> None:
        block = self._last
        if text.isspace():
            block.pieces.append(" ")
        elif text:
            block.slots.append((element, which))
            if linked:
                block.linked += len("".join(text.split()))
            block.pieces.append(text)


def _holders(elements: list[HtmlElement]) -> set[HtmlElement]:
    """The elements that hold one of these."""
    found: set[HtmlElement] = set()
    for element in elements:
        above = element.getparent()
        while above is not None and above not in found:
            found.add(above)
            above = above.getparent()
    return found


def all_text(element: HtmlElement) -> str:
    """All text inside an element."""
    return str(etree.tostring(element, encoding="unicode", method="text", with_tail=False))


def numbers_of(root: HtmlElement) -> array[int]:
    """The numbers of a page's blocks, in document order."""
    return array("Q", (block.number for block in blocks_of(root)))


def kept(numbers: array[int], dropped: Container[int]) -> Iterator[tuple[int, bool]]:
    """Each number, and whether its block stays. A heading is removed if all blocks below it are."""
    out = [number in dropped and kind_of(number) == LOOSE for number in numbers]
    at = len(numbers)
    empty = False  # whether there are blocks before the next heading and all are removed
    for place in range(len(numbers) - 1, -1, -1):
        if kind_of(numbers[place]) == HEADING:
            out[place] = empty and numbers[place] in dropped
            at, empty = place, out[place]
        else:
            below = place + 1 == at or place + 1 == len(numbers)
            empty = out[place] and (below or empty)
    return zip(numbers, (not gone for gone in out), strict=True)


def without(root: HtmlElement, dropped: Container[int]) -> None:
    """Remove blocks from a tree, and the elements that become empty."""
    blocks = blocks_of(root)
    numbers = array("Q", (block.number for block in blocks))
    emptied: dict[HtmlElement, None] = {}
    for block, (_, stays) in zip(blocks, kept(numbers, dropped), strict=True):
        if not stays:
            for element, which in block.slots:
                _empty(element, which, emptied)
    for element in reversed(emptied):
        _prune(element)


def _empty(element: HtmlElement, which: int, emptied: dict[HtmlElement, None]) -> None:
    """Remove words of an element, and note which elements lost some."""
    if which == _TAIL:
        element.tail = " "
        emptied[element] = None
        return
    if (element.text or "").strip():
        element.text = None
        emptied[element] = None
    if which == _ALL:
        for child in element:
            _empty(child, _ALL, emptied)
            if (child.tail or "").strip():
                _empty(child, _TAIL, emptied)


def _prune(element: HtmlElement | None) -> None:
    """Remove an empty element, then its ancestors as far as they become empty."""
    while element is not None and element.tag not in _VOID:
        parent = element.getparent()
        if parent is None or len(element) or (element.text or "").strip():
            return
        element.drop_tree()
        element = parent


def as_html(root: HtmlElement) -> bytes:
    """Serialise a tree in UTF-8, without its own declarations of another charset."""
    for meta in list(root.iter("meta")):
        if meta.get("charset") is not None or meta.get("http-equiv") is not None:
            meta.drop_tree()
    body: str = etree.tostring(root, encoding="unicode", method="html")
    return f"<!DOCTYPE html>\n{body}".encode("utf-8", "replace")
