"""The words of moving pictures (GIF, WebP, PNG): of slides, not of films."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from services.parsing import questions
from services.parsing.images.pictures import upright
from services.parsing.reading import warn

if TYPE_CHECKING:
    from PIL.Image import Image

#: Frames that are compared, their pixels together, and frames whose words are read, at most.
MOST_COMPARED, MOST_PIXELS, MOST_READ = 300, 100_000_000, 8
#: Two frames differ if this share of the cells of a grid does, by this many levels of grey.
GRID, CHANGED, LEVELS = 128, 0.004, 32
#: Lines that are as alike as this are one line, read twice.
ALIKE = 0.85


def later_words(picture: Image) -> Iterator[str]:
    """The lines of text that the frames behind the first add to those before them."""
    asked = questions.current()
    if (asked and asked.collecting) or len(frames := _changes(picture)) < 2:
        return
    from services.parsing.images import ocr

    known: list[str] = []
    for at in frames:
        picture.seek(at)
        lines = [line for line in ocr.find_text(upright(picture)).text.splitlines() if line.strip()]
        new = [line for line in lines if not any(_is_alike(line, other) for other in known)]
        known += new
        if at and new:
            yield "\n".join(new)


def _changes(picture: Image) -> list[int]:
    """The first frame and those that differ from the last one kept; of many, some at even distances."""
    import numpy as np

    kept: list[int] = []
    before = None
    for at in range(min(MOST_COMPARED, MOST_PIXELS // (picture.width * picture.height))):
        try:
            picture.seek(at)
            cells = np.asarray(picture.convert("L").resize((GRID, GRID)), dtype=np.int16)
        except EOFError:  # behind the last frame
            break
        except (OSError, ValueError, SyntaxError, IndexError) as error:
            warn(f"frame {at + 1} of the picture and those behind it cannot be decoded: {error}")
            break
        if before is None or float((abs(cells - before) > LEVELS).mean()) > CHANGED:
            kept.append(at)
            before = cells
    return kept[:: -(-len(kept) // MOST_READ)]


def _is_alike(line: str, other: str) -> bool:
    pair = SequenceMatcher(None, line, other, autojunk=False)  # the first two bounds cost little
    return all(ratio() >= ALIKE for ratio in (pair.real_quick_ratio, pair.quick_ratio, pair.ratio))
