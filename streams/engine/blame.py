"""Attribute an error to the machine, the cluster, or the record in progress."""

import errno
import sqlite3
from collections.abc import Sequence

from schemas.errors import DocumentError, FencedError, RequestError, TransientError
from streams.engine.journal import Journal
from streams.engine.window import Entry

#: Errors of a machine that is full or out of something: no document is to blame.
_MACHINE_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO}


def of_the_machine(error: BaseException) -> bool:
    """Whether the machine has run out of a resource."""
    if isinstance(error, OSError):
        return error.errno in _MACHINE_ERRNOS
    # A plain DatabaseError is a damaged file.
    return isinstance(error, MemoryError | sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


def blames_a_record(error: BaseException) -> bool:
    """Whether an error that ends a worker would recur with the same record."""
    if isinstance(error, FencedError | TransientError | RequestError | TimeoutError):
        return False
    return isinstance(error, Exception) and not of_the_machine(error)


class Blame:
    """Connects an engine with its journal, if there is one: records in progress, and suspects."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal

    def judge(self, entry: Entry) -> None:
        """A record during which a worker died is retried alone; a convicted one is not retried."""
        suspicion = self._journal.suspicion(entry.position) if self._journal else None
        entry.suspect = suspicion is not None
        if suspicion and suspicion.convicted:
            where = f"{entry.topic}[{entry.partition}]@{entry.offset}"
            entry.error = DocumentError(f"the record {where} {suspicion}")

    def begin(self, group: Sequence[Entry], alone: bool) -> None:
        """Processing of these starts; `alone` if nothing else is in progress."""
        if self._journal:
            self._journal.begin([entry.position for entry in group], alone)

    def end(self, group: Sequence[Entry]) -> None:
        """Processing of these has ended; they are done or will be retried."""
        if self._journal:
            self._journal.end([entry.position for entry in group])

    def acquit(self, entries: Sequence[Entry]) -> None:
        """The outputs of these are acknowledged."""
        if self._journal:
            self._journal.acquit([entry.position for entry in entries])

    def announce(self, error: BaseException, entries: Sequence[Entry] | None = None) -> None:
        """This error ends the worker. It came from processing these entries, or its origin is unknown."""
        if self._journal and blames_a_record(error):
            positions = None if entries is None else [entry.position for entry in entries]
            self._journal.announce(f"{type(error).__name__}: {error}", positions)
