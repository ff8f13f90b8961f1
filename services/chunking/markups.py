"""The headings of markups other than markdown, and their blocks of literal text, by file suffix."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from re import Match, Pattern

Found = Callable[[Match[bytes]], int]


@dataclass(frozen=True, slots=True)
class Markup:
    """Patterns of one markup, for a text that begins with a line feed.

    Attributes:
        titles: finds headings: `title` is the text, and `line`, if there is one, what stands under it.
        level: the level of a heading, from 1.
        blocks: finds what opens and closes a block in which nothing is a heading: `mark` is its kind; `end`,
            if there is one, tells whether it opens (`begin` or nothing) or closes.
    """

    titles: Pattern[bytes]
    level: Found
    blocks: Pattern[bytes] | None = None


def _length(match: Match[bytes]) -> int:
    return len(match["level"])


def _digit(match: Match[bytes]) -> int:
    return int(match["level"])


def _by_name(*groups: str) -> Found:
    levels = {name.encode(): level for level, names in enumerate(groups, 1) for name in names.split()}
    return lambda match: levels[match["level"].lower()]


_ASCIIDOC = Markup(
    re.compile(rb"\n(?P<level>={1,6}|#{1,6})[ \t]++(?P<title>[^\n]*\S)"),
    _length,
    re.compile(rb"\n(?P<mark>-{4,}|\.{4,}|/{4,}|`{3,})[ \t]*\r?(?=\n|\Z)"),
)
_ORG = Markup(
    re.compile(rb"\n(?P<level>\*{1,8})[ \t]++(?P<title>[^\n]*\S)"),
    _length,
    re.compile(rb"\n[ \t]*#\+(?P<end>begin|end)_(?P<mark>\w+)", re.I),
)
_LATEX = Markup(
    re.compile(
        rb"\n[ \t]*\\(?P<level>part|chapter|section|subsection|subsubsection|paragraph|subparagraph"
        rb"|frametitle|begin\{frame\})\*?(?:<[^>\n]*>)?(?:\[[^\]\n]*\])*\{(?P<title>[^\n]*)"
    ),
    _by_name("part", "chapter", "section", "subsection", "subsubsection", "paragraph", "subparagraph",
             "frametitle begin{frame}"),
    re.compile(rb"\n[ \t]*\\(?P<end>begin|end)\{(?P<mark>verbatim\*?|lstlisting|minted|comment)\}"),
)  # fmt: skip
#: A title with a line under it, at the left edge; a line above it must be the same. The order in which kinds
#: of lines occur gives their levels (`titles`).
_RST = Markup(
    re.compile(rb"\n(?P<title>[^\s][^\n]*)\n(?P<line>([=~^\"'`#*+.:_-])\3{1,}+)[ \t]*\r?(?=\n|\Z)"),
    lambda match: 1,
)
_WIKI = Markup(
    re.compile(rb"\n(?P<level>={1,6})[ \t]*(?P<title>[^=\s][^\n]*=)[ \t]*\r?(?=\n|\Z)"),
    _length,
    re.compile(rb"<(?P<end>/?)(?P<mark>pre|nowiki|source|syntaxhighlight)\b", re.I),
)
_TYPST = Markup(
    re.compile(rb"\n(?P<level>={1,6})[ \t]++(?P<title>[^\n]*\S)"),
    _length,
    re.compile(rb"\n[ \t]*(?P<mark>`{3,})"),
)
_TEXTILE = Markup(
    re.compile(rb"\nh(?P<level>[1-6])(?:\([^)\n]*\)|\{[^}\n]*\}|[<>=])*\.[ \t]++(?P<title>[^\n]*\S)"), _digit
)
_POD = Markup(re.compile(rb"\n=head(?P<level>[1-6])[ \t]++(?P<title>[^\n]*\S)"), _digit)
_MAN = Markup(
    re.compile(rb"\n\.S(?P<level>[HhSs])[ \t]++\"?(?P<title>[^\n\"]*[^\n\"\s])"), _by_name("h", "s")
)
_TEXINFO = Markup(
    re.compile(
        rb"\n@(?P<level>part|chapter|unnumbered|appendix|section|unnumberedsec|appendixsec|subsection"
        rb"|subsubsection)[ \t]++(?P<title>[^\n]*\S)"
    ),
    _by_name("part", "chapter unnumbered appendix", "section unnumberedsec appendixsec", "subsection",
             "subsubsection"),
    re.compile(rb"\n@(?P<end>end )?(?P<mark>example|verbatim|smallexample|lisp)\b"),
)  # fmt: skip

#: Markups by the suffixes of their files. Pages of manuals end with the number of their section.
MARKUPS: dict[str, Markup] = {
    suffix: markup
    for suffixes, markup in (
        ("adoc asciidoc asc", _ASCIIDOC),
        ("org", _ORG),
        ("tex ltx latex", _LATEX),
        ("rst rest", _RST),
        ("wiki mediawiki", _WIKI),
        ("typ", _TYPST),
        ("textile", _TEXTILE),
        ("pod", _POD),
        ("1 2 3 4 5 6 7 8 9 man mdoc", _MAN),
        ("texi texinfo txi", _TEXINFO),
    )
    for suffix in suffixes.split()
}
