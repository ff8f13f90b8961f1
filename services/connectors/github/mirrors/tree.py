"""The output of `git ls-tree`."""

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
        """The path as text; bytes that are not UTF-8 become lone surrogates."""
        return self.path.decode(errors="surrogateescape")


def entry_of(line: bytes) -> Entry:
    """Parse a line of `ls-tree -z`, without its terminator. Raises TransientError if it is malformed."""
    head, tab, path = line.partition(b"\t")
    parts = head.split(b" ")
    if not tab or len(parts) != 3:
        raise TransientError("git's listing is not understood")
    return Entry(parts[0].decode(), parts[2].decode(), path)
