"""The confinement of a parsing worker (`streams.processes.confinement`), and what it parses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from services.parsing import reading
from services.parsing.document import ParsedDocument
from services.parsing.drafts import draft
from services.parsing.format import Input
from services.parsing.images.ocr import tesseract
from services.parsing.parser import parse
from services.parsing.questions import Answer, Draft, Limits
from services.parsing.reading import Choices
from streams.processes import confinement


@dataclass(frozen=True)
class SandboxLimits:
    """`memory_bytes` is the memory for a document, in addition to that of a fresh worker. Workers can also
    read the folder `ocr_models`."""

    memory_bytes: int
    choices: Choices | None = None
    ocr_models: Path | None = None


def confine(limits: SandboxLimits) -> None:
    """Confine this process; the first call in every worker."""
    reading.configure(limits.choices or Choices())
    tesseract.configure(limits.ocr_models)
    confinement.confine(limits.memory_bytes, limits.ocr_models)


def parse_confined(
    data: bytes, filename: str | None, content_type: str | None, main_content: bool
) -> ParsedDocument:
    """Parse in this process, which is already confined."""
    return parse(data, filename, content_type, main_content=main_content)


def draft_confined(
    data: bytes,
    filename: str | None,
    content_type: str | None,
    main_content: bool,
    limits: Limits,
    answers: dict[str, Answer] | None,
) -> Draft:
    """Parse with the answers of a vision model, or without them for the questions."""
    return draft(Input(data, filename, content_type, main_content), limits, answers)
