"""Recognises lines of text, with the model for their script.

The default models read first. If they are unsure, or their text is of a script that they do not read, each
other model and the other way up are tried on the longest lines. The surest reads the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from services.parsing.images.ocr import tesseract
from services.parsing.images.ocr.detection import Strip, Strips
from services.parsing.images.ocr.scripts import DEFAULT, SCRIPTS, script_of

if TYPE_CHECKING:
    from PIL.Image import Image

#: Mean confidence, weighted by length, below which the other way up is tried. Clean scans have 0.98.
#: The other way up is right if it is surer by more.
SURE, SURER = 0.9, 0.1
#: Characters per height of a line. A text of which less is recognised has letters that the model does not
#: know; Latin has 2, Chinese 1.
DENSE = 0.8
#: Mean confidence from which another model is right: 0.86 to 0.95 in its own script, up to 0.62 in others.
RIGHT = 0.75
#: Below this confidence nothing of a text is right, and other models are tried. Scripts that the default
#: models were not trained for have 0.0 to 0.85.
USELESS = 0.75
#: Minimum confidence of a line: below are specks, textures and drawings. Of a text whose model is known to be
#: right, short lines may have less.
CERTAIN, CERTAIN_IN_TEXT = 0.6, 0.35
#: A line of another script, such as an English quotation, that the default models read.
QUOTED = 0.95
#: Lines on which models are tried: the longest.
TRIED = 2
#: With less text (in heights), a picture has no script that is worth a search.
LEAST = 12.0
#: A line that is longer, in heights, is one of a text.
LONG = 4.0
#: Fewer lines in an unknown script may be a texture.
FEWEST_UNREAD = 3


class Text(NamedTuple):
    """A line as a model reads it, with its confidence (0 to 1)."""

    text: str
    score: float


@dataclass(slots=True)
class Recognised:
    """The lines of a picture and their texts, which are empty where nothing certain was read. `unread`: how
    many are in a script that no model reads; `script`: that script, if it is known."""

    strips: Strips
    texts: list[str]
    unread: int = 0
    script: str = ""


def recognise(engine: Any, strips: Strips, picture: Image) -> Recognised:
    """Read the lines of a picture with the default models (`engine`) or those for their script."""
    lines = strips.lines
    texts = _default(engine, lines)
    useless = sum(line.length for line in lines) >= LEAST and _is_useless(lines, texts)
    if not useless and _mean(lines, texts) >= SURE:
        return Recognised(strips, _certain(texts))
    over = strips.over()
    tried = _longest(over.lines)
    again = _default(engine, tried)
    if _mean(tried, again) > _mean(lines, texts) + SURER and not _is_useless(tried, again):
        return Recognised(over, _certain(_default(engine, over.lines)))
    if not useless:
        return Recognised(strips, _certain(texts))
    for way in (strips, over):
        if language := _language(_longest(way.lines)):
            return Recognised(way, _mixed(engine, language, way.lines))
    long = sum(line.length > LONG for line in lines)
    unread = long if long >= FEWEST_UNREAD else 0
    return Recognised(strips, [""] * len(texts), unread, tesseract.script_in(picture) if unread else "")


def _longest(lines: Sequence[Strip]) -> list[Strip]:
    return sorted(lines, key=lambda line: -line.length)[:TRIED]


def _language(lines: Sequence[Strip]) -> str:
    """The Tesseract language that reads some lines best; empty if none does.

    Once one is right, only the others of its script are tried. The last one that was right is tried first.
    """
    best, read = RIGHT, ""
    for language in sorted(tesseract.languages(), key=lambda name: name != _last[0]):
        if read and SCRIPTS[language] != SCRIPTS[read]:
            continue
        if (mean := _mean(lines, _tesseract(language, lines))) > best:
            best, read = mean, language
    if read:
        _last[0] = read
    return read


#: The language of the page before.
_last = [""]


def _default(engine: Any, lines: Sequence[Strip]) -> list[Text]:
    if not lines:
        return []
    found = engine.recognize_txt([line.pixels for line in lines])
    return [Text(text, float(score)) for text, score in zip(found.txts, found.scores, strict=True)]


def _tesseract(language: str, lines: Sequence[Strip], thorough: bool = False) -> list[Text]:
    return [Text(*read) for read in tesseract.read(language, lines, thorough)]


def _certain(texts: Sequence[Text]) -> list[str]:
    return [text if score >= CERTAIN else "" for text, score in texts]


def _mixed(engine: Any, language: str, lines: Sequence[Strip]) -> list[str]:
    """Lines as Tesseract reads them, except those of the default models' scripts."""
    own, default = _tesseract(language, lines, thorough=True), _default(engine, lines)
    return [
        kept.text if kept.score >= max(QUOTED, read.score) and not _is_useless([line], [kept])
        else read.text if read.score >= CERTAIN_IN_TEXT else ""
        for line, read, kept in zip(lines, own, default, strict=True)
    ]  # fmt: skip


def _is_useless(lines: Sequence[Strip], texts: Sequence[Text]) -> bool:
    """Whether a text cannot be right: hardly recognised, with gaps, or of letters that the default models
    know only from formulas."""
    length = sum(line.length for line in lines)
    text = "".join(text for text, _ in texts)
    gaps = sum(not c.isspace() for c in text) < DENSE * length
    return _mean(lines, texts) < USELESS or gaps or script_of(text) not in (*DEFAULT, "")


def _mean(lines: Sequence[Strip], texts: Sequence[Text]) -> float:
    total = sum(line.length for line in lines)
    return sum(line.length * score for line, (_, score) in zip(lines, texts, strict=True)) / (total or 1.0)
