"""The lists of a document: what introduces them, and the items that are longer than a chunk."""

import re
from dataclasses import dataclass, field

from services.chunking.chunk import Scope

#: Bytes of what names a list or an item.
_LABEL_BYTES = 160
_MARKER = re.compile(rb"\A[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t])?")
#: The end of a list: a blank line before one that neither is indented nor an item; a heading; code.
_END = re.compile(rb"\n(?:[ \t]*\r?\n(?=[^\s])(?![-*+][ \t]|\d{1,9}[.)][ \t])|(?=\#{1,6}[ \t]|```|~~~))")


@dataclass(slots=True)
class Lists:
    """Scopes of lists and of items, found while a document is read from its start to its end."""

    source: bytes
    limit: int
    scopes: list[Scope]
    end: int = -1  # where the last list that a sentence introduces ends
    items: list[tuple[int, int]] = field(default_factory=list)  # columns and starts of the open ones

    def add(self, line: int, indent: bytes) -> None:
        """An item begins at `line`."""
        columns = len(indent.expandtabs(4))
        self.close(columns, line)
        if line > self.end and not columns and self.is_introduced(line):
            self.introduce(line)
        self.items.append((columns, line))

    def close(self, columns: int, position: int) -> None:
        """Items that are indented by `columns` or more end; the parts of a long one need its first line."""
        while self.items and self.items[-1][0] >= columns:
            _, start = self.items.pop()
            if position - start > self.limit:
                first = self.source[start : start + 2 * _LABEL_BYTES].partition(b"\n")[0]
                said = _MARKER.sub(b"", first).partition(b". ")[0]
                self.name(start, position, said.strip(b" \t\r:"))

    def is_introduced(self, line: int) -> bool:
        return self.source[max(line - 100, 0) : line].rstrip()[-1:] == b":"

    def introduce(self, line: int) -> None:
        """The parts of a list have the sentence that introduces it in their context."""
        found = _END.search(self.source, line)
        self.end = found.start() + 1 if found else len(self.source)
        above = self.source[max(line - 2 * _LABEL_BYTES, 0) : line].rpartition(b":")[0]
        said = above[above.rfind(b"\n") + 1 :].rpartition(b". ")[2].strip()
        self.name(line - 1, self.end, said + b":")

    def name(self, start: int, end: int, label: bytes) -> None:
        if label and len(label) <= _LABEL_BYTES:
            self.scopes.append(Scope(start, end, label.decode(errors="ignore")))
