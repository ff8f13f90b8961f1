"""The time, in the precision of events."""

from datetime import UTC, datetime


def now() -> datetime:
    """UTC in whole milliseconds, so that a response equals what is read back later."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
