"""Records without sense, which whoever keeps a copy of a topic passes over."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from schemas.errors import ContractError, TransientError
from streams.engine.blame import of_the_machine
from streams.state.reader import ChangelogRecord

log = structlog.get_logger(__name__)


def passed_over(error: ContractError) -> None:
    """Log that a record was passed over which cannot be decoded."""
    log.error("record passed over", error=str(error))


@contextmanager
def passing_over(change: ChangelogRecord) -> Iterator[None]:
    """Take one record in the block. If the record alone is to blame for an error, it is logged and passed
    over: it would stop every reader for ever. Other errors are raised."""
    try:
        yield
    except Exception as error:
        if isinstance(error, TransientError) or of_the_machine(error):
            raise
        where = f"{change.topic}[{change.partition}]@{change.offset}"
        log.error("record passed over", record=where, exc_info=error)
