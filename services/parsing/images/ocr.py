"""OCR of pictures and scanned pages with rapidocr.

The models (PP-OCR, about 30 MB of ONNX) come in the wheel. They are loaded on first use, which takes about a
second, and stay loaded.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from services.parsing.page.blocks import Block, Kind
from services.parsing.page.geometry import Box, Page, Style, Word, box_turned
from services.parsing.page.layout import layout
from services.parsing.page.text import Vocabulary

if TYPE_CHECKING:
    from PIL.Image import Image

#: Pictures are scaled down to this longer side (pixels). A page then has 130 dots per inch: text of 7 points
#: is 13 pixels high, and detection takes about 2 s of one core instead of 15 s at 300 dpi.
SIDE = 1500
#: Minimum confidence of a recognised line; below are specks, textures and drawings.
CERTAIN = 0.6
#: Font size of a line relative to its box, which includes ascenders, descenders and a small margin.
SIZE = 0.75

#: A line is longer than high by this factor; shorter ones do not tell how they are turned.
LONG = 1.5
#: Text is level if it slants less than this (radians), and if there are fewer long lines.
LEVEL, FEWEST_LEVEL = 0.004, 4

_reading = threading.Lock()


@dataclass(frozen=True, slots=True)
class TextBox:
    """A detected line of text, with its box in pixels of the picture."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Reading:
    """The lines of text in a picture, in no particular order, as they stand once text that is turned by 90
    (running down), 180 or 270 degrees (running up) is upright and level; the size of the picture then."""

    boxes: list[TextBox]
    turned: int
    width: int
    height: int


def find_text(image: Image) -> Reading:
    """Detect and recognise the lines of text in a picture."""
    import numpy

    picture = image if image.mode == "RGB" else image.convert("RGB")
    scale = min(SIDE / max(picture.size), 1.0)
    if scale < 1.0:
        picture = picture.resize(
            (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
        )
    pixels = numpy.asarray(picture)[:, :, ::-1]  # the models were trained on BGR
    with _reading:  # the engine keeps state between its steps
        found, flipped = _steps(_engine(), pixels)
    if found.boxes is None or found.txts is None:
        return Reading([], 0, *image.size)
    turned = turn_of(found.boxes, flipped)
    corners = level(numpy.asarray(found.boxes, dtype=float) / scale)
    out = []
    for quad, text, score in zip(corners, found.txts, found.scores, strict=True):
        if score >= CERTAIN and text.strip():
            xs, ys = sorted(map(float, quad[:, 0])), sorted(map(float, quad[:, 1]))
            box = Box((xs[0] + xs[1]) / 2, (ys[0] + ys[1]) / 2, (xs[2] + xs[3]) / 2, (ys[2] + ys[3]) / 2)
            out.append(TextBox(text.strip(), *box_turned(box, turned, *image.size)))
    size = image.size[::-1] if turned in (90, 270) else image.size
    return Reading(out, turned, *size)


def _steps(engine: Any, pixels: Any) -> tuple[Any, list[bool]]:
    """The engine's answer, and which of the lines that it detected it had to turn upside down."""
    original = engine.load_img(pixels)
    picture, record = engine.preprocess_img(original)
    detected, turned, read, crops = engine.run_ocr_steps(picture, record)
    flipped = [label == "180" for label, _ in turned.cls_res or ()]
    return engine.build_final_output(original, detected, turned, read, crops, record), flipped


def turn_of(quads: Iterable[Any], flipped: Sequence[bool]) -> int:
    """How the text of a picture is turned (see `Reading`): along which side most lines run, and whether most
    are upside down (of lines that run down, once they are turned to run left to right)."""
    down = across = 0.0
    for quad in quads:
        wide, high = (float(quad[:, axis].max() - quad[:, axis].min()) for axis in (0, 1))
        if high > LONG * wide:
            down += high
        elif wide > LONG * high:
            across += wide
    over = sum(flipped) * 2 > len(flipped)
    if down > across:
        return 270 if over else 90
    return 180 if over else 0


def level(quads: Any) -> Any:
    """Boxes of lines (corner points, shape (n, 4, 2)), turned together so that most lines are level."""
    import numpy

    edges = quads[:, 1] - quads[:, 0]
    lengths = numpy.hypot(edges[:, 0], edges[:, 1])
    other = numpy.hypot(*(quads[:, 3] - quads[:, 0]).T)
    edges = numpy.where((lengths >= other)[:, None], edges, quads[:, 3] - quads[:, 0])
    long = numpy.maximum(lengths, other) > 2 * LONG * numpy.minimum(lengths, other)
    if long.sum() < FEWEST_LEVEL:
        return quads
    angles = numpy.arctan2(edges[long, 1], edges[long, 0])
    angles = (angles + numpy.pi / 4) % (numpy.pi / 2) - numpy.pi / 4  # to the next side of the picture
    angle = float(numpy.median(angles))
    if abs(angle) < LEVEL:
        return quads
    turn = numpy.array([[numpy.cos(angle), -numpy.sin(angle)], [numpy.sin(angle), numpy.cos(angle)]])
    middle = quads.reshape(-1, 2).mean(axis=0)
    return (quads - middle) @ turn + middle


def read_text(image: Image) -> str:
    """The text in a picture as plain text: empty lines separate paragraphs, ` | ` separates the cells of a
    table row. Empty if nothing is found."""
    found = find_text(image)
    return plain_text(found.boxes, found.width, found.height)


def words_of(boxes: Iterable[TextBox]) -> list[Word]:
    """Split lines into words, each with its share of the line's box; similar font sizes become one."""
    lines = list(boxes)
    heights = sorted(b.y1 - b.y0 for b in lines)
    usual = heights[len(heights) // 2] if heights else 0.0
    words: list[Word] = []
    for box in lines:
        height = box.y1 - box.y0
        size = usual if 0.75 * usual <= height <= 1.35 * usual else height
        style = Style(round(SIZE * size, 1))
        step = (box.x1 - box.x0) / max(len(box.text), 1)
        at = 0
        for text in box.text.split():
            at = box.text.index(text, at)
            left = box.x0 + at * step
            words.append(Word(text, left, box.y0, left + len(text) * step, box.y1, style, at > 0))
            at += len(text)
    return words


def plain_text(boxes: Sequence[TextBox], width: int, height: int) -> str:
    """Convert the lines of a picture to plain text in reading order."""
    if not boxes:
        return ""
    page = Page(1, float(width), float(height), words_of(boxes))
    parts = [_plain(block) for block in layout(page, Vocabulary())]
    return "\n\n".join(part for part in parts if part)


def _plain(block: Block) -> str:
    if block.kind is Kind.TABLE:
        return "\n".join(" | ".join(cell.text for cell in row) for row in block.rows)
    return block.plain or block.text


@lru_cache(maxsize=1)
def _engine() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.max_side_len": 2 * SIDE,
            # Detection runs on a smaller picture than recognition: it finds as many lines in 2/3 of the time.
            "Det.limit_type": "max",
            "Det.limit_side_len": 1152,
            # A batch is padded to its longest line: six lines of a page's width take 200 MB more than two.
            "Rec.rec_batch_num": 2,
            # One core per worker: the pool of workers uses the others.
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
