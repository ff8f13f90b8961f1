"""The document that is being read: what is read besides the text that it shows, and what is told about it.

    with reading(Choices(hidden=True)) as warnings:
        ...  # anywhere below: with_comments(), with_hidden("slide 3"), warn("…")

Parsers ask here, so that no choice and no list of warnings passes through all of their functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Choices:
    """What is read besides the text that a document shows.

    Attributes:
        comments: comments of reviewers and readers in texts, sheets, slides and PDFs.
        hidden: hidden sheets, rows, columns, slides, shapes and text, also text in the colour of its ground
            and text too small to read. Otherwise they are left out, and the document's warnings say so. What
            a web page does not display is left out without a warning.
    """

    comments: bool = True
    hidden: bool = False


@dataclass
class _Reading:
    choices: Choices
    warnings: dict[str, None] = field(default_factory=dict)


_defaults = [Choices()]
_reading: ContextVar[_Reading | None] = ContextVar("the document that is being read", default=None)


def configure(choices: Choices) -> None:
    """Set the choices of this process, for documents that are parsed without their own."""
    _defaults[:] = [choices]


@contextmanager
def reading(choices: Choices | None = None) -> Iterator[dict[str, None]]:
    """Read one document with these choices; by default those of the document around it, or of the process.

    Yields the warnings about it, in order and each once.
    """
    current = _Reading(choices or _choices())
    token = _reading.set(current)
    try:
        yield current.warnings
    finally:
        _reading.reset(token)


def warn(message: str) -> None:
    """Add a warning to the document that is being read."""
    if (around := _reading.get()) is not None:
        around.warnings[message] = None


def with_comments() -> bool:
    return _choices().comments


def keeps_hidden() -> bool:
    """Whether hidden content is read. Menus and dialogs of web pages are left out without a warning."""
    return _choices().hidden


def with_hidden(what: str) -> bool:
    """Whether hidden content is read; if not, a warning says that `what` (`slide 3`) was left out."""
    if not _choices().hidden:
        warn(f"left out as hidden: {what}")
    return _choices().hidden


def _choices() -> Choices:
    around = _reading.get()
    return around.choices if around is not None else _defaults[0]
