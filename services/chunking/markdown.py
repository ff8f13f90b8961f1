"""Possible cuts of markdown: at headings, blocks, list items and table rows, then at sentences."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from services.chunking import structure
from services.chunking.chunk import Scope
from services.chunking.lists import Lists
from services.chunking.packing import BLOCK, GLUED, INNER, LEVEL, PAGE, SECTION, SENTENCE, Cuts
from services.chunking.prose import cut_lines, keep_records, loosen, refine, speakers
from services.chunking.tables import DEEPEST, GRIDS, Table, bare_table, html_table, shown, written_tables
from services.chunking.titles import Title, structural_lines

#: Columns by which code is indented; a `#` there begins no heading.
_CODE_INDENT = 4
#: Bytes of a title that are kept; the levels of what a page folds, and of what stands under a line in bold.
_TITLE_BYTES, _SUMMARY_LEVEL, _LABEL_LEVEL = 160, 7, 8


def cut_markdown(
    source: bytes, limit: int, *, plain: bool = False, titles: Callable[[bytes], list[Title]] | None = None
) -> tuple[Cuts, list[Scope]]:
    """Possible cuts of markdown with their costs, and its sections and tables.

    With `plain`, only structure that plain text also has counts: paragraphs, lists, underlined titles;
    a `#` or a backtick has no meaning. `titles` finds the headings of another markup.
    """
    scanner = _Scanner(source, limit, plain, titles)
    scanner.scan()
    if plain:
        keep_records(source, scanner.cuts)
    scanner.scopes += speakers(source, scanner.cuts, limit)
    scanner.scopes.sort(key=lambda scope: (scope.start, -scope.end))
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
    unclosed: set[bytes] = field(default_factory=set)  # elements of HTML that nothing ends any more
    row_end: int = -1  # where the line after the last table row starts
    table: int = -1  # where the current table starts, and its first line between head and rows
    rule: int = -1
    lists: Lists = field(init=False)

    def scan(self) -> None:
        # With a line feed in front of the source, a match at `i` is the line that starts at `i`.
        text = b"\n" + self.source
        self.lists = Lists(self.source, self.limit, self.scopes)
        matter = None if self.plain else structure.FRONT_MATTER.match(self.source)
        self.resume = matter.end() if matter else 0
        if matter and (named := structure.FRONT_TITLE.search(matter[0])):
            self.sections.append((0, 0, named[2].decode(errors="ignore")))
        names = structure.EVENT.groupindex.keys() - {"indent"}
        names -= structure.OF_MARKDOWN if self.plain else set()
        names -= structure.HEADINGS if self.titles else set()
        steps = {name: getattr(self, f"on_{name}") for name in names}
        comments = iter(()) if self.plain else structure.long_comments(self.source)
        comment = next(comments, None)
        tables = (written_tables(text) if self.plain else written_tables(text, GRIDS))[::-1]
        titles = self.titles(text) if self.titles else []
        for title, match in structural_lines(text, titles):
            line = title.start if title is not None else match.start() if match is not None else 0
            while tables and tables[-1].start <= line:
                self.add_table(tables.pop())
            if title is not None and title.start >= self.resume:
                self.start_section(title.start, title.level, title.text, self.next_line(title.end - 1))
                self.resume = max(self.resume, title.end)
            elif match is not None and match.lastgroup in steps:
                while comment is not None and comment[0] < match.start():
                    if comment[0] >= self.resume:  # otherwise it is in code
                        self.resume = self.next_line(comment[1])
                    comment = next(comments, None)
                if match.start() >= self.resume:
                    steps[match.lastgroup](match.start(), match)
        self.close_table()
        self.close_sections(0, len(self.source))

    def on_comment(self, line: int, match: re.Match[bytes]) -> None:
        """A comment of several lines: what looks like a heading in it is none."""
        sign = match["comment"]
        found = self.closing(sign, structure.COMMENT_ENDS[sign], line)
        if found is not None and self.next_line(line) <= found.start():
            self.cuts.setdefault(line, INNER)
            self.resume = self.next_line(found.start())

    def on_html(self, line: int, match: re.Match[bytes]) -> None:
        if found := self.closing(b"table", structure.TABLE_END, line):
            self.add_table(html_table(self.source, line, self.next_line(found.end())))

    def on_bare(self, line: int, match: re.Match[bytes]) -> None:
        if table := bare_table(self.source, line):
            self.add_table(table)

    def add_table(self, table: Table) -> None:
        """A table is cut between its rows, and its parts have its head in their context."""
        if table.start < self.resume:
            return  # in code
        self.cuts[table.start] = self.price(table.start, self.before_block(table.start))
        for position, price in table.cuts.items():
            self.cuts.setdefault(position, price)
        if head := shown(table.head):
            self.scopes.append(Scope(table.start, table.end, head))
        self.cuts[table.end] = BLOCK
        self.resume = table.end

    def on_tagged(self, line: int, match: re.Match[bytes]) -> None:
        start = match.start("tagged") - 1
        near = self.source.find(b"</h", start, start + 1_200) >= 0
        found = structure.TAGGED.match(self.source, start) if near else None
        if found and (title := b" ".join(structure.TAG.sub(b" ", found[2]).split())):
            self.start_section(line, int(found[1]), title, self.next_line(found.end()))
            self.resume = self.next_line(found.end())

    def on_raw(self, line: int, match: re.Match[bytes]) -> None:
        """Code, scripts and formulas as HTML, TeX or Liquid: what looks like a heading in them is none."""
        name = match["raw"][1:]
        ends = {b"$": rb"^[ \t>]*\$\$", b"%": rb"\{%%-?[ ]?end%b\b" % name.rpartition(b" ")[2]}
        closing = re.compile(ends.get(name[:1], rb"</%b\s*>" % name), re.I | re.M)
        body = self.next_line(line)
        found = self.closing(name, closing, body if name == b"$" else match.end() - 1)
        if found and found.start() >= body:
            self.literal(line, body, found.start(), self.next_line(found.end()))

    def closing(self, name: bytes, end: re.Pattern[bytes], start: int) -> re.Match[bytes] | None:
        """The end of an element; the first one without an end is the last that is searched for."""
        found = end.search(self.source, start) if name not in self.unclosed else None
        if found is None:
            self.unclosed.add(name)
        return found

    def on_blank(self, line: int, match: re.Match[bytes]) -> None:
        following = match.end()
        if line == self.glue:
            self.glue = following
            self.cuts[following] = GLUED
        elif structure.is_timed(self.source, line):
            self.cuts[following] = GLUED
        elif not self.plain and (label := self.label(line)):
            self.cuts[following] = GLUED
            if label["item"] is None:
                self.open_section(_LABEL_LEVEL, label.start(), label["name"])
        else:
            self.cuts[following] = self.between(following)

    def between(self, line: int) -> int:
        """The cost of a cut between two blocks; where the second is not indented, lists end."""
        if self.is_indented(line):
            return INNER + 50
        self.lists.close(0, line)
        return BLOCK

    def on_heading(self, line: int, match: re.Match[bytes]) -> None:
        if b">" in match["indent"] or len(match["indent"].expandtabs(4)) >= _CODE_INDENT:
            return  # a quote, or indented code
        title = structure.UNSHOWN.sub(b"", self.line(match.end() - 1)).strip().rstrip(b"#").rstrip()
        self.start_section(line, len(match["heading"]), title, self.next_line(line))

    def on_wiki(self, line: int, match: re.Match[bytes]) -> None:
        title = self.line(match.end() - 1).strip()
        if title.endswith(b"="):
            self.start_section(line, match["wiki"].count(b"="), title.strip(b"= "), self.next_line(line))

    def on_rule(self, line: int, match: re.Match[bytes]) -> None:
        """A row of `=` or `-`: an underline when a short paragraph stands above, else a break."""
        above = self.source.rfind(b"\n", 0, max(line - 1, 0)) + 1
        if not self.plain and above and above not in self.cuts:  # a title of two lines
            above = self.source.rfind(b"\n", 0, above - 1) + 1
        title = b" ".join(self.source[above:line].split())
        rule = match["rule"]
        # the rule below a list or a quote, unless it is as long as a title with a number
        apart = structure.ITEM.match(title) and abs(len(title) - len(rule)) > 2
        item = self.cuts.get(above) == INNER and not title[:1].isdigit()
        if not title or apart or item or (above and above not in self.cuts):
            if rule.startswith(b"---") and (apart or not title):
                self.cuts[line] = PAGE
            return
        self.start_section(above, 1 if rule.startswith(b"=") else 2, title, self.next_line(line))
        self.cuts.pop(line, None)

    def on_fence(self, line: int, match: re.Match[bytes]) -> None:
        fence = match["fence"]
        body = self.next_line(line)
        closing = re.compile(rb"^[ \t>]*" + re.escape(fence[:1]) + rb"{%d,}[ \t]*\r?$" % len(fence), re.M)
        found = closing.search(self.source, body)
        if found is None and len(match["indent"].rpartition(b">")[2].expandtabs(4)) >= _CODE_INDENT:
            return  # indented code
        end = self.next_line(found.start()) if found else len(self.source)
        if language := structure.LANGUAGE.match(self.source, match.end() - 1):
            self.scopes.append(Scope(line, end, language[1].decode()))
        self.literal(line, body, found.start() if found else end, end)

    def before_block(self, line: int) -> int:
        """The cost of a cut before a table or a block of code: high below what introduces it."""
        if line not in self.cuts:
            return INNER + 50 * self.is_indented(line)
        named = self.lists.is_introduced(line) or structure.is_captioned(self.source, line)
        return SENTENCE if named else BLOCK

    def literal(self, line: int, body: int, last: int, end: int) -> None:
        """A block without structure from `line` to `end`, with its text from `body` to `last`."""
        self.cuts[line] = self.price(line, self.before_block(line))
        if end - line > self.limit:
            cut_lines(self.source, body, last, self.cuts)
        self.cuts[end] = self.between(end)
        self.resume = end

    def on_item(self, line: int, match: re.Match[bytes]) -> None:
        depth = min(len(match["indent"].expandtabs(4)) // 2, 2)
        introduced = self.cuts.get(line) == BLOCK and self.lists.is_introduced(line)
        self.cuts[line] = self.price(line, SENTENCE if introduced else INNER + 350 * depth)
        self.lists.add(line, match["indent"])

    def on_folded(self, line: int, match: re.Match[bytes]) -> None:
        """What a page folds stands under its summary."""
        if match["folded"].startswith(b"</"):
            self.close_sections(_SUMMARY_LEVEL, line)
            self.cuts[line] = GLUED
        elif found := structure.SUMMARY.match(self.source, match.start("folded") - 1):
            self.cuts.setdefault(line, self.price(line, INNER))
            self.open_section(_SUMMARY_LEVEL, line, b" ".join(structure.TAG.sub(b" ", found[1]).split()))
            self.glue = self.next_line(found.end() - 1)
            self.cuts[self.glue] = GLUED

    def label(self, blank: int) -> re.Match[bytes] | None:
        """The line above a blank one, if it stands alone and in bold letters."""
        start = self.source.rfind(b"\n", 0, max(blank - 1, 0)) + 1
        end = max(blank - 1, 0)
        return structure.LABEL.fullmatch(self.source, start, end) if start in self.cuts else None

    def on_row(self, line: int, match: re.Match[bytes]) -> None:
        after = self.next_line(line)
        if line != self.row_end:
            self.close_table()
            self.table = line
            self.cuts[line] = self.price(line, self.before_block(line))
        elif structure.DELIMITER_ROW.match(self.source, line):
            self.cuts[line] = self.cuts[after] = GLUED
            self.rule = self.rule if self.rule > self.table else line
        else:
            self.cuts.setdefault(line, INNER)
        self.row_end = after

    def close_table(self) -> None:
        if self.table >= 0:
            rows = self.source[self.table : max(self.rule, self.table)].decode().splitlines()
            if len(rows) <= DEEPEST and (head := shown(" ".join(map(str.strip, rows)))):
                self.scopes.append(Scope(self.table, self.row_end, head))
            self.table = -1

    def start_section(self, line: int, level: int, title: bytes, after: int) -> None:
        if (anchors := structure.anchors_above(self.source, line)) is not None:
            self.cuts[line] = GLUED
            line = anchors
        if line:
            self.cuts[line] = self.price(line, SECTION + LEVEL * min(level, 6))
        self.open_section(level, line, title)
        self.glue = after
        self.cuts[after] = GLUED

    def open_section(self, level: int, line: int, title: bytes) -> None:
        self.close_sections(level, line)
        self.sections.append((level, line, title[:_TITLE_BYTES].decode(errors="ignore")))

    def close_sections(self, level: int, position: int) -> None:
        """Sections of a level, and those below it, end; so do lists."""
        self.lists.close(0, position)
        while self.sections and self.sections[-1][0] >= level:
            _, start, title = self.sections.pop()
            if title:
                self.scopes.append(Scope(start, position, title))

    def price(self, line: int, usual: int) -> int:
        """The cost of a cut at `line`, unless the line belongs to the heading above."""
        return GLUED if line == self.glue else usual

    def is_indented(self, line: int) -> bool:
        return self.source[line : line + 1] in (b" ", b"\t")

    def line(self, position: int) -> bytes:
        """From `position` to the end of its line."""
        end = self.source.find(b"\n", position)
        return self.source[position : end if end >= 0 else len(self.source)]

    def next_line(self, position: int) -> int:
        """Where the next line starts, or the end of the source."""
        return self.source.find(b"\n", position) + 1 or len(self.source)
