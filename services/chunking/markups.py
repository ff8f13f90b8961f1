"""The headings of markups other than markdown, and their blocks of literal text, by file suffix."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from re import Match, Pattern

Found = Callable[[Match[bytes]], int]
#: The level of titles with a line under them where the order in which kinds of lines occur gives the levels.
BY_ORDER = -1
#: Signs of headings of the first two levels in DokuWiki, where other wikis have fewer.
_DOKUWIKI = 5


@dataclass(frozen=True, slots=True)
class Markup:
    """Patterns of one markup, for a text that begins with a line feed.

    Attributes:
        titles: finds headings: `title` is the text, or `under` with the `line` that stands under it. If there
            is a `number`, it follows the one before.
        level: the level of a heading, from 0 (the title of the document), or `BY_ORDER`.
        blocks: finds what opens and closes a block in which nothing is a heading. Its kind is `mark`, or the
            name of the last group; it closes if there is an `end` (but `begin`), or that name ends in `_end`.
        longer: how many characters a line is longer than the title above it, at least and at most.
        shortest: the characters of a line that may be shorter than the title all the same.
    """

    titles: Pattern[bytes]
    level: Found
    blocks: Pattern[bytes] | None = None
    longer: tuple[int, int] = (0, 1_000)
    shortest: int = 1_000


def _length(match: Match[bytes]) -> int:
    return len(match["level"])


def _digit(match: Match[bytes]) -> int:
    return int(match["level"])


def _wiki_level(match: Match[bytes]) -> int:
    """By the signs of a heading; in DokuWiki the first one has most of them."""
    signs = len(match["level"])
    return 7 - signs if _first_signs(match.re, match.string) >= _DOKUWIKI else signs


@lru_cache(1)  # for all headings of a text
def _first_signs(titles: Pattern[bytes], text: bytes) -> int:
    first = titles.search(text)
    return len(first["level"] or b"") if first else 0


def _by_name(*groups: str) -> Found:
    levels = {name.encode(): level for level, names in enumerate(groups) for name in names.split()}
    return lambda match: levels[match["level"].lower()]


def _underlined(characters: bytes) -> bytes:
    """A title with a line of one character under it, which is looked for first: few lines have one."""
    return (
        rb"(?=[^\n]*+\n[%b])"
        rb"(?P<under>[^\n]*\S)[ \t]*\r?\n(?P<line>(?P<rule>[%b])(?P=rule)++)[ \t]*\r?(?=\n|\Z)"
        % (characters, characters)
    )


_ASCIIDOC = Markup(
    re.compile(
        rb"\n(?:(?P<level>={1,6}|#{1,6}|:(?=doctitle:))(?:(?<=:)doctitle:)?[ \t]++(?P<title>[^\n]*\S)"
        rb"|(?![\[.|:/])%b)" % _underlined(rb"-=~^+")
    ),
    lambda match: b"=-~^+".index(match["rule"]) + 1 if match["line"] else _length(match),
    re.compile(rb"\n(?P<mark>-{4,}|\.{4,}|/{4,}|`{3,}|={4,}|\+{4,}|\*{4,}|_{4,}|--)[ \t]*\r?(?=\n|\Z)"),
    (-2, 2),
)
_ORG = Markup(
    re.compile(rb"\n(?:(?P<level>\*{1,8})[ \t]++|#\+(?i:title):[ \t]*+)(?P<title>[^\n]*\S)"),
    lambda match: _length(match) if match["level"] else 0,
    re.compile(rb"\n[ \t]*#\+(?P<end>begin|end)_(?P<mark>\w+)", re.I),
)
_LATEX = Markup(
    re.compile(
        rb"\n[ \t]*\\(?P<level>title|(?:add)?part|chapter|addchap|(?:sub){0,2}section|addsec"
        rb"|(?:sub)?paragraph|frametitle|begin\{frame\})\*?\s*+(?:<[^>\n]*>)?(?:\[[^\]\n]*\])*+\s*+\{"
        rb"(?=(?P<title>[^\n]*(?:\n[^\n]+){0,2}))"
    ),
    _by_name("title", "part addpart", "chapter addchap", "section addsec", "subsection", "subsubsection",
             "paragraph", "subparagraph", "frametitle begin{frame}"),
    re.compile(
        rb"\n[ \t]*\\(?:(?P<end>begin|end)\{(?P<mark>\w*[Vv]erbatim\*?|lstlisting|minted|alltt|tcblisting"
        rb"|filecontents\*?|comment)\}"
        rb"|(?P<false>iffalse)\b|(?P<false_end>fi)\b)"
    ),
)  # fmt: skip
_RST = Markup(re.compile(rb"\n%b" % _underlined(rb"!-/:-@\[-`{-~")), lambda match: BY_ORDER, shortest=4)
_WIKI = Markup(
    re.compile(
        rb"\n(?P<level>={1,6})(?:(?=[ \t])|(?=[^\n]*=[ \t]*(?:<!|\r?(?:\n|\Z))))[ \t]*"
        rb"(?P<title>[^=\s][^\n]{0,300}?)(?:[ \t]{0,9}={1,6})?[ \t]{0,99}(?:<!--[^\n]*)?\r?(?=\n|\Z)"
    ),
    _wiki_level,
    re.compile(
        rb"<(?:(?P<end>/?)(?P<mark>pre|nowiki|source|syntaxhighlight)\b|(?P<note>!--))|-(?P<note_end>->)"
        rb"|\n(?:(?P<code>\{\{\{)|(?P<code_end>\}\}\}))", re.I,
    ),
)  # fmt: skip
_TIDDLY = Markup(re.compile(rb"\n(?P<level>!{1,6})[ \t]*+(?P<title>[^\n]*\S)"), _length)
_TYPST = Markup(
    re.compile(
        rb"\n[ \t]*+(?:/\*[^\n*]*+\*/[ \t]*+)?(?P<level>={1,6})[ \t]++(?P<title>[^\n]{0,300}?\S)"
        rb"(?=[ \t]{0,9}(?:<[\w:.-]{1,99}>[ \t]{0,9})?(?://[^\n]*)?\r?(?:\n|\Z))"
    ),
    _length,
    re.compile(rb"\n[ \t]*(?:(?P<mark>`{3,})|(?P<note>/\*)(?![^\n]*\*/))|(?P<note_end>\*/)"),
)
_TEXTILE = Markup(
    re.compile(
        rb"\nh(?P<level>[1-6])(?:\([^)\n]*\)|\{[^}\n]*\}|\[[^\]\n]*\]|[<>=()])*\.[ \t]*+(?P<title>[^\n]*\S)"
    ),
    _digit,
    re.compile(rb"<(?P<end>/?)(?P<mark>pre|notextile)\b|\{(?:(?P<code>code)|(?P<plain>noformat))[:}]", re.I),
)
POD = Markup(
    re.compile(rb"\n=head(?P<level>[1-6])[ \t]++(?P<title>[^\n]*\S)"),
    _digit,
    re.compile(rb"\n=(?:(?P<block>begin)|(?P<block_end>end))\b"),
)
_MAN = Markup(
    re.compile(rb"\n\.S(?P<level>[HhSs])(?:[ \t]*\r?\n|[ \t]+)\"?(?P<title>[^\n\".][^\n\"]*)"),
    lambda match: 1 + (match["level"] in b"Ss"),
    re.compile(rb"\n\.(?:(?P<filled>nf|EX)|(?P<filled_end>fi|EE))\b"),
)
_TEXINFO = Markup(
    re.compile(
        rb"\n@(?P<level>settitle|part|chapter|unnumbered|appendix|section|unnumberedsec|appendixsec|subsection"
        rb"|subsubsection)[ \t]++(?P<title>[^\n]*\S)"
    ),
    _by_name("settitle", "part", "chapter unnumbered appendix", "section unnumberedsec appendixsec",
             "subsection", "subsubsection"),
    re.compile(rb"\n@(?P<end>end )?(?P<mark>example|verbatim|smallexample|lisp)\b"),
)  # fmt: skip
#: The sections of settings.
_INI = Markup(
    re.compile(rb"\n[ \t]*\[(?P<title>[^\]\n]+)\][ \t]*(?:[#;][^\n]*)?\r?(?=\n|\Z)"), lambda match: 1
)

#: The requests of a file of them, for programs that send them.
_HTTP = Markup(re.compile(rb"\n#{3,}(?P<title>[^\n]*)"), lambda match: 1)

#: The files of a patch, and the functions that its hunks are in.
_DIFF = Markup(
    re.compile(
        rb"\n(?:diff --git a/|Index: |(?P<level>@@)[^@\n]*@@[ ]?)"
        rb"(?P<title>[^\n]{0,300}?)(?= b/|[ \t]{0,9}\r?(?:\n|\Z))"
    ),
    lambda match: 1 + (match["level"] is not None),
)

#: A capital letter of Latin, Greek or Cyrillic script; what a title does not end with.
_CAPITAL, _LAST = rb"(?:[A-Z]|\xc3[\x80-\x9e]|\xce[\x91-\xa9]|\xd0[\x81\x90-\xaf])", rb"[^\s.,;:!?]"
_RANKS = {
    form.encode().lower(): rank
    for rank, words in enumerate(
        (
            "part book volume act teil buch partie livre parte libro livro del deel część часть раздел bölüm",
            "chapter appendix annex scene kapitel anhang chapitre annexe anexo capitolo capítulo título titre"
            " hoofdstuk rozdział глава",
            "section article abschnitt artikel top artículo artigo sección seção artykuł статья madde",
        ),
        1,
    )
    for word in words.split()
    for form in (word, word.title(), word.upper())
}
#: `第一章 总则`, `第2節　水門`, `제3장 수문`: chapters by their counters.
_COUNTERS = {
    counter.encode(): rank
    for rank, counters in enumerate(("编 編 篇 部 卷 巻 편", "章 回 장", "节 節 절"), 1)
    for counter in counters.split()
}
_INDENTED = rb"(?:[ \t]|\xe3\x80\x80)*+(?:\xe7\xac\xac|\xec\xa0\x9c)"
_COUNTING = b"|".join(map(str.encode, "零〇一二三四五六七八九十百千两"))
_COUNTED = (
    rb"(?:\xe7\xac\xac|\xec\xa0\x9c)[ ]?(?:\d|\xef\xbc[\x90-\x99]|%b){1,7}[ ]?" % _COUNTING,
    rb"(?P<counter>%b)(?=[\s:.]|\xe3\x80\x80|\xef\xbc\x9a)(?:[^\n]{0,120}[^\s.,;:!?])??"
    % b"|".join(_COUNTERS),
    rb"(?<!\xe3\x80\x82)(?<!\xef\xbc[\x81\x8c\x9a\x9b\x9f])",  # a sentence or clause does not end here
)


def _plain_level(match: Match[bytes]) -> int:
    if match["line"]:
        return BY_ORDER
    if match["level"]:
        return _wiki_level(match)
    if match["word"]:
        return _RANKS[match["word"].lower()]
    if match["counter"]:
        return _COUNTERS[match["counter"]]
    return 5 + match["number"].count(b".") if match["number"] else 4


_NUMBER = rb"(?:\d{1,3}|[IVXLC]{1,7}|[A-Z]|(?i:one|two|three|four|five|six|seven|eight|nine|ten))"
#: `= Wiki =`; `Chapter 2`, `PART I. The Mill`, which a line with its name may follow; `2.1 Gates`, unless a
#: list goes on; `THE GATES`; `§ 2 Gates`; `二、水闸`.
_PLAIN_TITLES = (
    rb"(?P<level>={1,6})[ ](?=[^=\n]+[ ]=)[^\n]*",
    rb"(?P<word>(?i:%b))[ \t]+%b(?:[.:)]?|[.:)]?[ \t]+(?:[-\xe2][^\n]{0,4}[ \t])?(?=%b)[^\n]{0,70}%b)"
    rb"(?:[ \t]*\r?\n(?=%b)[^\n]{1,70}%b)?" % (b"|".join(_RANKS), _NUMBER, *(_CAPITAL, _LAST) * 2),
    rb"(?P<number>\d{1,2}(?:\.\d{1,2}){0,5})\.?[ \t]+(?=%b|[\xe0-\xf4])[^\n]{0,90}%b"
    rb"(?!\s+\d{1,3}[.)]?[ \t])" % (_CAPITAL, _LAST),
    rb"(?=%b(?:%b|[0-9 ,&'()/:.-]){2})(?=(?:[^\n]{0,40}?%b){4})%b(?:%b|[0-9 ,&'()/:.-]){2,78}(?<![.,;:!? -])"
    % ((_CAPITAL,) * 5),
    rb"\xc2\xa7[ ]?\d{1,4}[a-z]?[.:]?[ ](?=%b)[^\n]{1,90}%b" % (_CAPITAL, _LAST),
    rb"(?:%b){1,3}\xe3\x80\x81[^\n]{1,90}%b" % (_COUNTING, _COUNTED[2]),
    b"".join(_COUNTED),
)
#: Plain text: paragraphs of one short line, titles with a line under them, and counted chapters, even without
#: blank lines around them.
PLAIN = Markup(
    re.compile(
        rb"\n(?:(?<=\n\n)|(?<=\n\r\n)|(?<=\A\n)|(?=%b))(?:\f|(?=%b)(?:[ \t]|\xe3\x80\x80)++)?"
        rb"(?:(?P<over>(?P<one>[=*#~-])(?P=one){3,})[ \t]*\r?\n)?"
        rb"(?:%b|(?P<title>%b)[ \t]*\r?(?:(?=\n[ \t\f]*\r?(?:\n|\Z)|\Z)|(?(counter)(?=\n)|(?!))))"
        % (_INDENTED, _INDENTED, _underlined(rb"=~^*#-"), b"|".join(_PLAIN_TITLES))
    ),
    _plain_level,
    longer=(-1_000, 1_000),
)

#: Markups by the suffixes of their files.
MARKUPS: dict[str, Markup] = {
    suffix: markup
    for suffixes, markup in (
        ("adoc asciidoc asc", _ASCIIDOC),
        ("org muse", _ORG),
        ("tex ltx latex", _LATEX),
        ("rst rest", _RST),
        ("wiki mediawiki dokuwiki creole", _WIKI),
        ("tid", _TIDDLY),
        ("typ", _TYPST),
        ("textile jira confluence", _TEXTILE),
        ("pod", POD),
        ("man mdoc", _MAN),
        ("texi texinfo txi", _TEXINFO),
        ("diff patch", _DIFF),
        ("http", _HTTP),
        (
            "ini cfg conf properties editorconfig gitconfig gitmodules desktop service socket timer mount"
            " network reg inf ass ssa",
            _INI,
        ),
    )
    for suffix in suffixes.split()
}
#: Pages of manuals end with the number of their section: `mill.1`, `Weir.3pm`.
_SECTION = re.compile(r"[1-9][a-z]{0,3}")


def markup_of(suffix: str) -> Markup:
    """The markup of files with a suffix, without its dot and in lower case."""
    return MARKUPS.get(suffix) or (_MAN if _SECTION.fullmatch(suffix) else PLAIN)
