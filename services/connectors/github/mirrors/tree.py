"""What git lists of a tree."""

from dataclasses import dataclass

from schemas.errors import TransientError


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of `ls-tree`: mode as git writes it, hash as text, path as bytes."""

    mode: str
    oid: str
    path: bytes

    @property
    def key(self) -> str:
        """The path as text; bytes that are not UTF-8 are kept as halves of surrogate pairs."""
        return self.path.decode(errors="surrogateescape")


def entry_of(line: bytes) -> Entry:
    """A line of `ls-tree -z`, without its end. Raises TransientError for what is none."""
    head, tab, path = line.partition(b"\t")
    parts = head.split(b" ")
    if not tab or len(parts) != 3:
        raise TransientError("git's listing is not understood")
    return Entry(parts[0].decode(), parts[2].decode(), path)
