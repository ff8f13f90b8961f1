"""Possible cuts of markdown: at headings, blocks, list items and table rows, then at sentences."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from services.chunking.chunk import Scope
from services.chunking.packing import BLOCK, GLUED, INNER, LEVEL, SECTION, SENTENCE, Cuts
from services.chunking.prose import loosen, refine
from services.chunking.titles import Title, html_head

#: The lines that have structure; all others are text. The leading line feed lets the search jump from line to
#: line at the speed of `memchr`. Repetitions are possessive, so a line of a million spaces takes linear time.
_EVENT = re.compile(
    rb"\n(?P<indent>[ \t>]*+)(?:"
    rb"(?P<blank>\r?(?=\n|\Z))"
    rb"|(?P<heading>\#{1,6})(?=[ \t\r\n])"
    rb"|(?P<fence>`{3,}(?=[^`\n]*(?:\n|\Z))|~{3,})"
    rb"|(?P<item>[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))"
    rb"|(?P<row>\|)"
    rb"|(?P<rule>(?:=+|-+)(?=[ \t]*\r?(?:\n|\Z)))"
    rb"|(?P<comment><!--)"
    rb"|(?P<html><table\b)"
    rb"|(?P<wiki>=(?:[ ]?=)*+)(?=[ ][^=\n]+[ ]=)"
    rb")"
)
_DELIMITER_ROW = re.compile(rb"[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*\r?(?=\n|\Z)")
_TABLE_END = re.compile(rb"</table\s*>", re.I)
_TABLE_ROW = re.compile(rb"\n[ \t]*<tr", re.I)
#: Columns by which code is indented; a `#` there begins no heading.
_CODE_INDENT = 4
#: A longer header row is not repeated in the context of every part of its table.
_HEADER_BYTES = 400
_TITLE_BYTES = 160


def cut_markdown(
    source: bytes, limit: int, *, plain: bool = False, titles: Callable[[bytes], list[Title]] | None = None
) -> tuple[Cuts, list[Scope]]:
    """Possible cuts of markdown with their costs, and its sections and tables.

    With `plain`, only structure that plain text also has counts: paragraphs, lists, underlined titles;
    a `#` or a backtick has no meaning. `titles` finds the headings of another markup.
    """
    scanner = _Scanner(source, limit, plain, titles)
    scanner.scan()
    loosen(source, scanner.cuts, limit)
    refine(source, scanner.cuts, limit)
    return scanner.cuts, scanner.scopes


@dataclass(slots=True)
class _Scanner:
    """One pass over the structural lines of a document."""

    source: bytes
    limit: int
    plain: bool
    titles: Callable[[bytes], list[Title]] | None = None
    cuts: Cuts = field(default_factory=dict)
    scopes: list[Scope] = field(default_factory=list)
    sections: list[tuple[int, int, str]] = field(default_factory=list)  # level, start, title of the open ones
    resume: int = 0  # lines before this one belong to a fence or to front matter
    glue: int = -1  # the block at this line belongs to the heading above it
    row_end: int = -1  # where the line after the last table row starts
    table: int = -1  # where the current table starts

    def scan(self) -> None:
        # With a line feed in front of the source, a match at `i` is the line that starts at `i`.
        text = b"\n" + self.source
        steps = {
            "blank": self.on_blank, "heading": self.on_heading, "fence": self.on_fence, "item": self.on_item,
            "row": self.on_row, "rule": self.on_rule, "wiki": self.on_wiki,
            "comment": self.on_comment, "html": self.on_html,
        }  # fmt: skip
        if self.plain:
            del steps["heading"], steps["fence"], steps["comment"], steps["html"]
        elif text.startswith((b"\n---\n", b"\n---\r\n")):
            self.resume = max(text.find(b"\n---", 4) + 4, 0)
        if self.titles:  # they tell all headings
            del steps["rule"], steps["wiki"]
        titles = self.titles(text) if self.titles else []
        for title, match in self.with_titles(text, titles):
            if title is not None:
                self.start_section(title.start, title.level, title.text, self.next_line(title.end - 1))
                self.resume = max(self.resume, title.end)
            elif match is not None and match.start() >= self.resume and match.lastgroup in steps:
                steps[match.lastgroup](match.start(), match)
        self.close_table()
        while self.sections:
            self.close_section(len(self.source))
        self.scopes.sort(key=lambda scope: (scope.start, -scope.end))

    @staticmethod
    def with_titles(
        text: bytes, titles: list[Title]
    ) -> Iterator[tuple[Title | None, re.Match[bytes] | None]]:
        """The structural lines and the headings of another markup, each line once, in order."""
        following = iter(titles)
        title = next(following, None)
        for match in _EVENT.finditer(text):
            while title is not None and title.start <= match.start():
                yield title, None
                same, title = title.start == match.start(), next(following, None)
                if same:
                    break
            else:
                yield None, match
        while title is not None:
            yield title, None
            title = next(following, None)

    def on_comment(self, line: int, match: re.Match[bytes]) -> None:
        """A comment of several lines: what looks like a heading in it is none."""
        end = self.source.find(b"-->", line)
        if end > 0 and b"\n" in self.source[line:end]:
            self.cuts.setdefault(line, INNER)
            self.resume = self.next_line(end)

    def on_html(self, line: int, match: re.Match[bytes]) -> None:
        """A table in HTML is cut between its rows, and its parts have its head in their context."""
        found = _TABLE_END.search(self.source, line)
        if found is None:
            return
        end = self.next_line(found.end())
        head = html_head(self.source[line:end])
        self.cuts[line] = self.price(line, BLOCK if line in self.cuts else INNER)
        for number, row in enumerate(_TABLE_ROW.finditer(self.source, line, end)):
            self.cuts.setdefault(row.start() + 1, INNER if number > 1 else GLUED)
        if head and len(head) <= _HEADER_BYTES:
            self.scopes.append(Scope(line, end, head))
        self.cuts[end] = BLOCK
        self.resume = end

    def on_blank(self, line: int, match: re.Match[bytes]) -> None:
        following = match.end()
        if line == self.glue:
            self.glue = following
            self.cuts[following] = GLUED
        elif self.source[following : following + 1] in (b" ", b"\t"):
            self.cuts[following] = INNER + 50
        else:
            self.cuts[following] = BLOCK

    def on_heading(self, line: int, match: re.Match[bytes]) -> None:
        if len(match["indent"].rpartition(b">")[2].expandtabs(4)) >= _CODE_INDENT:
            return  # indented code
        title = self.line(match.end() - 1).strip().rstrip(b"#").rstrip()
        self.start_section(line, len(match["heading"]), title, self.next_line(line))

    def on_wiki(self, line: int, match: re.Match[bytes]) -> None:
        title = self.line(match.end() - 1).strip()
        if title.endswith(b"="):
            self.start_section(line, match["wiki"].count(b"="), title.strip(b"= "), self.next_line(line))

    def on_rule(self, line: int, match: re.Match[bytes]) -> None:
        """A row of `=` or `-`: an underline when a paragraph of one line stands above, else a break."""
        above = self.source.rfind(b"\n", 0, max(line - 1, 0)) + 1
        title = self.source[above:line].strip()
        if not title or (above and above not in self.cuts) or self.cuts.get(above) == INNER:
            if match["rule"].startswith(b"---") and not title:
                self.cuts[line] = SECTION + 7 * LEVEL
            return
        self.start_section(above, 1 if match["rule"].startswith(b"=") else 2, title, self.next_line(line))
        self.cuts.pop(line, None)

    def on_fence(self, line: int, match: re.Match[bytes]) -> None:
        fence = match["fence"]
        body = self.next_line(line)
        closing = re.compile(rb"^[ \t>]*" + re.escape(fence[:1]) + rb"{%d,}[ \t]*\r?$" % len(fence), re.M)
        found = closing.search(self.source, body)
        end = self.next_line(found.start()) if found else len(self.source)
        self.cuts[line] = self.price(line, INNER if self.cuts.get(line) is None else BLOCK)
        if end - line > self.limit:
            self.cut_code_lines(body, found.start() if found else end)
        self.cuts[end] = BLOCK
        self.resume = end

    def cut_code_lines(self, start: int, end: int) -> None:
        """Cuts in a fenced block: after blank lines, else between lines, never before the first or last."""
        position = self.source.find(b"\n", start, end) + 1
        while 0 < position < end:
            after = self.source.find(b"\n", position, end) + 1
            blank = not self.source[position : after or end].strip()
            self.cuts[position] = SENTENCE + 200
            if blank and after:
                self.cuts[after] = SENTENCE
                after = self.source.find(b"\n", after, end) + 1
            position = after

    def on_item(self, line: int, match: re.Match[bytes]) -> None:
        depth = min(len(match["indent"].expandtabs(4)) // 2, 2)
        introduced = (
            self.cuts.get(line) == BLOCK and self.source[max(line - 100, 0) : line].rstrip()[-1:] == b":"
        )
        self.cuts[line] = self.price(line, SENTENCE if introduced else INNER + 350 * depth)

    def on_row(self, line: int, match: re.Match[bytes]) -> None:
        after = self.next_line(line)
        if line != self.row_end:
            self.close_table()
            self.table = line
            self.cuts[line] = self.price(line, BLOCK if line in self.cuts else INNER)
        elif _DELIMITER_ROW.match(self.source, line):
            self.cuts[line] = self.cuts[after] = GLUED
        else:
            self.cuts.setdefault(line, INNER)
        self.row_end = after

    def close_table(self) -> None:
        if self.table >= 0:
            header = self.line(self.table).strip()
            if _DELIMITER_ROW.match(self.source, self.next_line(self.table)) and len(header) <= _HEADER_BYTES:
                self.scopes.append(Scope(self.table, self.row_end, header.decode()))
            self.table = -1

    def start_section(self, line: int, level: int, title: bytes, after: int) -> None:
        if line:
            self.cuts[line] = self.price(line, SECTION + LEVEL * min(level, 6))
        while self.sections and self.sections[-1][0] >= level:
            self.close_section(line)
        self.sections.append((level, line, title[:_TITLE_BYTES].decode(errors="ignore")))
        self.glue = after
        self.cuts[after] = GLUED

    def close_section(self, position: int) -> None:
        _, start, title = self.sections.pop()
        if title:
            self.scopes.append(Scope(start, position, title))

    def price(self, line: int, usual: int) -> int:
        """The cost of a cut at `line`, unless the line belongs to the heading above."""
        return GLUED if line == self.glue else usual

    def line(self, position: int) -> bytes:
        """From `position` to the end of its line."""
        end = self.source.find(b"\n", position)
        return self.source[position : end if end >= 0 else len(self.source)]

    def next_line(self, position: int) -> int:
        """Where the next line starts, or the end of the source."""
        return self.source.find(b"\n", position) + 1 or len(self.source)
