"""The time as events keep it."""

from datetime import UTC, datetime


def now() -> datetime:
    """UTC in whole milliseconds: what is answered at once and what is read back later are the same."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
