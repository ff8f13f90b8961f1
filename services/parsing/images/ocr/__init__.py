"""OCR of pictures and scanned pages.

picture ─► detection ─► strips, upright and straight ─► recognition ─► lines ─► the layout of pages
           (rapidocr)                                   (rapidocr, or Tesseract for other scripts)

rapidocr's models (PP-OCR, about 30 MB of ONNX) come in the wheel. They are loaded on first use, which takes
about a second, and stay loaded. They read Latin, Chinese and Japanese.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from services.parsing.page.blocks import Block, Kind
from services.parsing.page.geometry import Boxed, Page, Style, Word
from services.parsing.page.layout import layout
from services.parsing.page.lines import right_to_left
from services.parsing.page.text import Vocabulary

if TYPE_CHECKING:
    from PIL.Image import Image

#: Pictures are scaled down to this longer side (pixels). A page then has 130 dots per inch: text of 7 points
#: is 13 pixels high, and detection takes about 2 s of one core instead of 15 s at 300 dpi.
SIDE = 1500
#: From this many lines in a script that no model reads, a picture is a scan of a text.
UNREADABLE = 5
#: Font size of a line relative to its box, which includes ascenders, descenders and a small margin.
SIZE = 0.75
#: A box of a form stands this far from its label (line heights) at most.
NEAR = 1.5

_reading = threading.Lock()


@dataclass(frozen=True, slots=True)
class TextBox(Boxed):
    """A detected line of text, with its box in pixels of the picture."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Found:
    """The lines in a picture, with their places in the upright picture of `width` by `height` pixels.

    Attributes:
        turn: how the text runs in the picture as it is: 0, 90 (down), 180, 270 (up).
        unread: lines in a script that no model reads.
        script: that script, if it is known.
    """

    boxes: list[TextBox]
    width: float
    height: float
    turn: int = 0
    unread: int = 0
    script: str = ""

    @property
    def text(self) -> str:
        """As plain text: empty lines separate paragraphs, ` | ` separates the cells of a table row."""
        return plain_text(self.boxes, self.width, self.height)


def find_text(image: Image) -> Found:
    """The lines of text in a picture with their positions, in no particular order."""
    from services.parsing.images.ocr.detection import detect
    from services.parsing.images.ocr.recognition import recognise

    picture, scale = _sized(image)
    with _reading:  # the engine keeps state between its steps
        reading = recognise(_engine(), detect(_engine(), _pixels(picture)), picture)
    boxes = [
        TextBox(text.strip(), line.x0 / scale, line.y0 / scale, line.x1 / scale, line.y1 / scale)
        for line, text in zip(reading.strips.lines, reading.texts, strict=True)
        if text.strip()
    ]
    if boxes and not reading.strips.turn:
        boxes = _with_ticks(boxes, _pixels(picture), scale)
    width, height = reading.strips.width / scale, reading.strips.height / scale
    return Found(boxes, width, height, reading.strips.turn, reading.unread, reading.script)


def _with_ticks(boxes: list[TextBox], pixels: Any, scale: float) -> list[TextBox]:
    """The lines of a picture and the boxes of a form beside them, as signs (`☒`)."""
    from services.parsing.images.ocr.ticks import squares_of, without_box

    heights = sorted(b.height for b in boxes)
    for sign, *edges in list(squares_of(pixels, scale * heights[len(heights) // 2])):
        x0, y0, x1, y1 = (edge / scale for edge in edges)
        out: list[TextBox] = []
        beside = None
        for line in boxes:
            high = line.height
            if x0 <= line.center <= x1 and y0 <= line.middle <= y1:
                continue  # what was read in the box
            near = line.y0 < (y0 + y1) / 2 < line.y1
            if near and line.x0 < x1 and x0 - line.x0 < 0.5 * high and x1 < line.x1:
                line = TextBox(without_box(line.text), x1 + 1, line.y0, line.x1, line.y1)
            if near and -0.5 * high < max(line.x0 - x1, x0 - line.x1) < NEAR * high:
                beside = line
            out.append(line)
        if beside is not None:
            boxes = [*out, TextBox(sign, x0, beside.y0, x1, beside.y1)]
    return boxes


def line_lengths(image: Image) -> list[float]:
    """How long the lines of text in a picture are, in their heights. They are found, not read."""
    from services.parsing.images.ocr.detection import detect

    picture, _ = _sized(image)
    with _reading:
        return [line.length for line in detect(_engine(), _pixels(picture)).lines]


def _sized(image: Image) -> tuple[Image, float]:
    """A picture of at most SIDE pixels, and its scale."""
    picture = image if image.mode == "RGB" else image.convert("RGB")
    scale = min(SIDE / max(picture.size), 1.0)
    if scale < 1.0:
        picture = picture.resize(
            (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
        )
    return picture, scale


def _pixels(picture: Image) -> Any:
    import numpy  # seldom needed, and takes as long to import as reading a document

    return numpy.ascontiguousarray(numpy.asarray(picture)[:, :, ::-1])  # the models were trained on BGR


def words_of(boxes: Iterable[TextBox]) -> list[Word]:
    """Split lines into words, each with its share of the line's box; similar font sizes become one."""
    lines = list(boxes)
    heights = sorted(b.height for b in lines)
    usual = heights[len(heights) // 2] if heights else 0.0
    words: list[Word] = []
    for box in lines:
        height = box.height
        size = usual if 0.75 * usual <= height <= 1.35 * usual else height
        style = Style(round(SIZE * size, 1))
        step = box.width / max(len(box.text), 1)
        leftwards = right_to_left(box.text)
        at = 0
        for text in box.text.split():
            at = box.text.index(text, at)
            left = box.x1 - (at + len(text)) * step if leftwards else box.x0 + at * step
            words.append(Word(text, left, box.y0, left + len(text) * step, box.y1, style, at > 0))
            at += len(text)
    return words


def plain_text(boxes: Sequence[TextBox], width: float, height: float) -> str:
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
