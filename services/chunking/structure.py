"""The lines of markdown that have structure."""

import re
from collections.abc import Iterator

#: The lines that have structure; all others are text. The leading line feed lets the search jump from line to
#: line at the speed of `memchr`, and the set of first characters passes over text at once. Repetitions are
#: possessive, so a line of a million spaces takes linear time.
EVENT = re.compile(
    rb"\n(?P<indent>[ \t>]*+)(?![^\r\n#`~:*+\d|=<{$-])(?:"
    rb"(?P<blank>\r?(?=\n|\Z))"
    rb"|(?P<heading>\#{1,6})(?=[ \t\r\n])"
    rb"|(?P<fence>`{3,}(?=[^`\n]*(?:\n|\Z))|~{3,})"
    rb"|(?P<bare>:?-+:?[ \t]*[|+][-:|+ \t]*\r?(?=\n|\Z))"
    rb"|(?P<item>[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))"
    rb"|(?P<row>\|)"
    rb"|(?P<rule>(?:=+|-+)(?=[ \t]*\r?(?:\n|\Z)))"
    rb"|(?P<comment><!--|\{/\*)"
    rb"|(?P<html><table\b)"
    rb"|(?P<tagged><[hH][1-6]\b)"
    rb"|(?P<folded></?(?:details|summary)\b)"
    rb"|(?P<raw><(?i:pre|script|style|textarea)\b|\$\$(?=[ \t]*\r?\n)|\{%-?[ ]?(?:highlight|raw)\b)"
    rb"|(?P<wiki>=(?:[ ]?=)*+)(?=[ ][^=\n]+[ ]=)"
    rb")"
)
DELIMITER_ROW = re.compile(
    rb"[ \t>]*+\|?[ \t]*+:?-++:?[ \t]*+(?:[|+][ \t]*+:?-++:?[ \t]*+)*+[|+]?[ \t]*+\r?(?=\n|\Z)"
)
#: How comments of markdown and of MDX end.
COMMENT_ENDS = {b"<!--": re.compile(rb"-->"), b"{/*": re.compile(rb"\*/\}")}
#: Lines that have structure in markdown alone, and those that are headings.
OF_MARKDOWN, HEADINGS = (
    frozenset(("heading", "fence", "comment", "html", "tagged", "folded", "raw")),
    frozenset(("rule", "wiki")),
)
TABLE_END = re.compile(rb"</table\s*>", re.I)
#: Front matter, and the title that it may hold.
FRONT_MATTER = re.compile(
    rb"(?:---[ \t]*\r?\n.*?\n(?:---|\.\.\.)|\+\+\+[ \t]*\r?\n.*?\n\+\+\+)[ \t]*\r?(?=\n|\Z)", re.S
)
FRONT_TITLE = re.compile(rb"^title[ \t]*[:=][ \t]*([\"']?)(.{1,160}?)\1[ \t]*\r?$", re.M)
#: A heading as HTML, with which most pages of projects begin.
TAGGED = re.compile(rb"<h([1-6])\b[^>]{0,1000}>(.{0,1000}?)</h\1\s*>", re.I | re.S)
SUMMARY = re.compile(rb"(?:<details[^>]{0,300}>\s{0,99})?<summary[^>]{0,300}>(.{1,300}?)</summary>", re.S)
#: What a heading has that is not shown: comments, and attributes behind it.
UNSHOWN = re.compile(rb"<!--.{0,300}?-->|\s\{(?:[#.][^{}]{0,200}|-|/\*.{0,200}?\*/)\}(?=[\s#]*\Z)")
TAG = re.compile(rb"<[^>]{0,1000}>")
#: An item of a list, or a quote.
ITEM = re.compile(rb"[ \t]*(?:[-*+>]|\d{1,9}[.)])[ \t]")
#: The language of a fenced block, behind its fence.
LANGUAGE = re.compile(rb"[ \t]*\{?\.?([A-Za-z][\w+#-]{0,30})")
#: A line in bold letters, alone: it names what follows.
LABEL = re.compile(
    rb"[ \t>]*+(?P<item>[-*+]|\d{1,9}[.)])?[ \t]*+(?P<bold>\*\*|__)(?P<name>[^*_\n]{1,150}?):?(?P=bold)[:.]?"
    rb"[ \t]*\r?"
)
#: Bytes in which the times of a subtitle are looked for.
_CUE_BYTES = 99
#: The line above a table or code that names it, and the bytes in which it is looked for.
_CAPTION_BYTES = 120
_CAPTION = re.compile(rb"(?:\A|\n[ \t]{0,9}\r?\n)[^\n]*[^\s.!?][ \t]{0,9}\r?\n(?:[ \t]{0,9}\r?\n)?\Z")
#: Lines in front of a heading that only name its place, and the bytes in which they are looked for.
_NEAR = 160
_ANCHORS = re.compile(
    rb"(?:\A|(?<=\n))(?:(?:\[\[?[^\]\n]{1,80}\]\]?|<a [^>\n]{1,80}>(?:\s*</a>)?|\.\. _[^\n]{1,80}:)"
    rb"[ \t]*\r?\n(?:[ \t]*\r?\n)?){1,3}\Z"
)


def anchors_above(source: bytes, line: int) -> int | None:
    """Where the lines in front of a heading start that only name its place."""
    near = max(line - _NEAR, 0)
    if not source[near:line].rstrip().endswith((b"]", b">", b":")):
        return None
    found = _ANCHORS.search(source, near, line)
    return found.start() if found else None


def is_timed(source: bytes, line: int) -> bool:
    """Whether the line above says when a subtitle is shown."""
    above = source[max(line - _CUE_BYTES, 0) : line].rstrip().rpartition(b"\n")[2]
    before, arrow, after = above.partition(b" --> ")
    return arrow != b"" and before[-1:].isdigit() and after[:1].isdigit()


def is_captioned(source: bytes, line: int) -> bool:
    """Whether a paragraph of one short line that is no sentence stands above a line."""
    return _CAPTION.search(source, max(line - _CAPTION_BYTES, 0), line) is not None


def long_comments(source: bytes) -> Iterator[tuple[int, int]]:
    """Where comments of several lines begin and end. After a backtick a comment is named, not begun."""
    start, end = source.find(b"<!--"), -1
    while start >= 0:
        end = end if end > start else source.find(b"-->", start)
        if end < 0:
            return
        named = source[max(start - 1, 0) : start] == b"`"
        if not named and source.find(b"\n", start, end) >= 0:
            yield start, end
        start = source.find(b"<!--", start + 4 if named else end)
