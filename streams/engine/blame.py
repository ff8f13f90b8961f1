"""Whom an error speaks against: the machine, the cluster, or the record that was worked on."""

import errno
import sqlite3
from collections.abc import Sequence

from schemas.errors import DocumentError, FencedError, RequestError, TransientError
from streams.engine.journal import Journal
from streams.engine.window import Entry

#: Errors of a machine that is full or out of something: no document is to blame.
_MACHINE_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO}


def of_the_machine(error: BaseException) -> bool:
    """Whether the machine is full or out of something."""
    if isinstance(error, OSError):
        return error.errno in _MACHINE_ERRNOS
    # A plain DatabaseError is a damaged file.
    return isinstance(error, MemoryError | sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


def blames_a_record(error: BaseException) -> bool:
    """Whether an error that ends a worker would come again with the same record."""
    if isinstance(error, FencedError | TransientError | RequestError | TimeoutError):
        return False
    return isinstance(error, Exception) and not of_the_machine(error)


class Blame:
    """Tells a journal, if there is one, of the records of an engine, and the engine whom it suspects."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal

    def judge(self, entry: Entry) -> None:
        """A record over which a worker died is tried alone; one that is convicted, not at all."""
        suspicion = self._journal.suspicion(entry.position) if self._journal else None
        entry.suspect = suspicion is not None
        if suspicion and suspicion.convicted:
            where = f"{entry.topic}[{entry.partition}]@{entry.offset}"
            entry.error = DocumentError(f"the record {where} {suspicion}")

    def begin(self, group: Sequence[Entry], alone: bool) -> None:
        """These are worked on; `alone` if nothing else is."""
        if self._journal:
            self._journal.begin([entry.position for entry in group], alone)

    def end(self, group: Sequence[Entry]) -> None:
        """The work on these has ended, whether they are done or due again."""
        if self._journal:
            self._journal.end([entry.position for entry in group])

    def acquit(self, entries: Sequence[Entry]) -> None:
        """What came of these is safe."""
        if self._journal:
            self._journal.acquit([entry.position for entry in entries])

    def announce(self, error: BaseException, entries: Sequence[Entry] | None = None) -> None:
        """This error ends the worker. It came out of the work on these entries, or nobody knows whence."""
        if self._journal and blames_a_record(error):
            positions = None if entries is None else [entry.position for entry in entries]
            self._journal.announce(f"{type(error).__name__}: {error}", positions)
