"""What a document asks a vision model.

A parsing worker has no network, so a document with questions is parsed twice: the first pass collects them,
the service asks the model (`services.parsing.vision`), and the second pass parses with its answers.

    with asking(Questions(limits)) as first:
        parse(data)
    answers = await reader.answers(first.asked, run)
    with asking(Questions(limits, answers)) as second:
        document = parse(data)

Without `asking`, nothing is asked.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

from services.parsing.document import ParsedDocument
from services.parsing.page_ranges import pages

if TYPE_CHECKING:
    from PIL.Image import Image

#: Longer side of the pictures sent (pixels): models see no more, and a page stays readable.
SIDE = 1568

Kind = Literal["page", "picture"]
#: Pages that the model reads: none; scans; also those with formulas and doubtful tables; all.
Pages = Literal["never", "scans", "unsure", "always"]


@dataclass(frozen=True)
class Limits:
    """Which pages to ask about, and how many questions a document may ask."""

    pages: Pages = "scans"
    questions: int = 100


@dataclass(frozen=True)
class Question:
    """A picture (JPEG in base64) to read as a page or to describe; `name` identifies it in its document."""

    name: str
    kind: Kind
    image: str


@dataclass(frozen=True)
class Answer:
    """The model's answer, or the reason why there is none. A blank page has neither."""

    text: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Draft(ParsedDocument):
    """A document, and its questions: if it has some, it is to be parsed again with their answers."""

    asked: tuple[Question, ...] = ()

    def document(self) -> ParsedDocument:
        """The document alone."""
        return ParsedDocument(**{one.name: getattr(self, one.name) for one in fields(ParsedDocument)})


class Questions:
    """The questions of one document in one pass: the first without `answers`, the second with them."""

    def __init__(self, limits: Limits, answers: Mapping[str, Answer] | None = None) -> None:
        self.pages: Pages = limits.pages
        self._most = limits.questions
        self._answers = answers
        self._asked: dict[str, Question] = {}
        self._over = f"a document may ask {limits.questions} times (HEADRACE_VISION_DOCUMENT_REQUESTS)"
        self._failed: dict[str, list[str]] = {}

    @property
    def collecting(self) -> bool:
        """Whether this is the first pass, of which only the questions are used."""
        return self._answers is None

    @property
    def asked(self) -> tuple[Question, ...]:
        return tuple(self._asked.values())

    def page(self, file: str, number: int, draw: Callable[[], Image]) -> str | None:
        """The text of a page as the model reads it, or None. `draw` is called in the first pass.

        `file` identifies its file among the attachments of a document.
        """
        return self._answer(f"page {number} {file}", "page", draw)

    def picture(self, image: Image) -> str | None:
        """The description of a picture in one line."""
        encoded = _jpeg(image)
        text = self._answer(hashlib.sha256(encoded).hexdigest(), "picture", lambda: image)
        return " ".join(text.split()) if text else None

    def refuse(self, file: str, number: int, reason: str) -> None:
        """Record that the answer for a page is not used."""
        self._fail(f"page {number} {file}", reason)

    def warnings(self) -> list[str]:
        """Which pages and pictures have no answer, and why."""
        return [f"vision model: {_places(names)} {reason}" for reason, names in self._failed.items()]

    def _answer(self, name: str, kind: Kind, draw: Callable[[], Image]) -> str | None:
        if self._answers is None:
            if name not in self._asked and len(self._asked) < self._most:
                self._asked[name] = Question(name, kind, base64.b64encode(_jpeg(draw())).decode())
            return None
        answer = self._answers.get(name)
        if answer is None:  # over the budget, or a picture on a page whose transcript was refused
            if len(self._answers) >= self._most:
                self._fail(name, f"not read: {self._over}")
            return None
        if answer.reason:
            self._fail(name, f"not read: {answer.reason}")
            return None
        return answer.text

    def _fail(self, name: str, reason: str) -> None:
        names = self._failed.setdefault(reason, [])
        if name not in names:
            names.append(name)


_asking: ContextVar[Questions | None] = ContextVar("questions", default=None)


@contextlib.contextmanager
def asking(questions: Questions) -> Iterator[Questions]:
    """Have what is parsed within ask these questions."""
    token = _asking.set(questions)
    try:
        yield questions
    finally:
        _asking.reset(token)


def current() -> Questions | None:
    """The questions of the document that is being parsed; None if nothing is asked."""
    return _asking.get()


def _jpeg(image: Image) -> bytes:
    picture = image.convert("RGB")
    picture.thumbnail((SIDE, SIDE))
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=85)
    return held.getvalue()


def _places(names: list[str]) -> str:
    """`pages 3–5 and 9`, `2 pictures`, or both."""
    numbers = [int(name.split()[1]) for name in names if name.startswith("page ")]
    pictures = len(names) - len(numbers)
    parts = [pages(numbers)] if numbers else []
    if pictures:
        parts.append(f"{pictures} picture{'s' if pictures > 1 else ''}")
    return " and ".join(parts)
