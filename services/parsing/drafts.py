"""Parsing with a vision model: once to collect the questions of a document, again with the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from services.parsing.document import ParsedDocument
from services.parsing.format import Input
from services.parsing.parser import parse
from services.parsing.questions import Answer, Draft, Limits, Questions, asking
from services.parsing.reading import Choices


def draft(
    source: Input,
    limits: Limits,
    answers: Mapping[str, Answer] | None = None,
    choices: Choices | None = None,
) -> Draft:
    """One pass. Without answers, the draft has questions or a text; with them, it has a text.

    Raises the errors of `parse`.
    """
    with asking(Questions(limits, answers)) as questions:
        document = parse(
            source.data,
            source.filename,
            source.content_type,
            main_content=source.main_content,
            choices=choices,
        )
    if questions.asked:
        document = ParsedDocument("")
    held = {one.name: getattr(document, one.name) for one in fields(document)}
    held["warnings"] = (*document.warnings, *questions.warnings())
    return Draft(**held, asked=questions.asked)
