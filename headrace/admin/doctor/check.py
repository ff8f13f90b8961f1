"""What a check found."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from schemas.errors import IngestError


class Verdict(Enum):
    """How bad it is. Only a fault makes `headrace doctor` fail."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Check:
    """A subject, what was found, and what to do unless all is well."""

    subject: str
    verdict: Verdict
    found: str
    advice: str = ""


def ok(subject: str, found: str) -> Check:
    """All is well."""
    return Check(subject, Verdict.OK, found)


def warning(subject: str, found: str, advice: str) -> Check:
    """It works, but somebody should look at it."""
    return Check(subject, Verdict.WARNING, found, advice)


def fault(subject: str, found: str, advice: str) -> Check:
    """It does not work."""
    return Check(subject, Verdict.FAULT, found, advice)


def tried(subject: str, advice: str, check: Callable[[], str]) -> Check:
    """Call `check`, which returns what it found. An expected error is a fault with `advice`."""
    try:
        return ok(subject, check())
    except (IngestError, OSError) as error:
        return fault(subject, str(error), advice)
