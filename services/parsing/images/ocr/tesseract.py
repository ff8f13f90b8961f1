"""Tesseract, if it is installed (`headrace[tesseract]`): reads scripts that the default models do not.

Its languages are files of the system (`apt install tesseract-ocr-ara`) or in `HEADRACE_OCR_MODELS`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.parsing.images.ocr.scripts import SCRIPTS, from_tesseract

if TYPE_CHECKING:
    from PIL.Image import Image

    from services.parsing.images.ocr.detection import Strip

#: Where distributions and Homebrew put language files.
FOLDERS = (
    *("/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata"),
    *("/usr/share/tessdata", "/usr/share/tesseract/tessdata", "/opt/homebrew/share/tessdata"),
)
#: White pixels around a line, which Tesseract expects.
_MARGIN = 12
#: Confidence below which a line is hardly read.
POOR = 0.6
#: The file with which Tesseract names scripts.
_SCRIPT_DATA = "osd"

_own: Path | None = None


def configure(folder: Path | None) -> None:
    """Set a folder of language files that is searched first."""
    global _own
    _own = folder
    _files.cache_clear()
    _reader.cache_clear()


def is_installed() -> bool:
    """Whether the library is there; its languages may not be."""
    return find_spec("tesserocr") is not None


def languages() -> list[str]:
    """Installed languages of scripts that the default models do not read."""
    return [name for name in _files() if name in SCRIPTS]


def read(language: str, lines: Sequence[Strip], thorough: bool = False) -> list[tuple[str, float]]:
    """Text and confidence (0 to 1) of each line. `thorough`: lines that are hardly read are tried again
    without the search for a baseline, which fails on some."""
    import tesserocr  # type: ignore[import-untyped,unused-ignore]

    out = []
    for line in lines:
        best = _read(language, line, tesserocr.PSM.SINGLE_LINE)
        if thorough and best[1] < POOR:
            best = max(best, _read(language, line, tesserocr.PSM.RAW_LINE), key=lambda found: found[1])
        out.append(best)
    return out


def _read(language: str, line: Strip, mode: int) -> tuple[str, float]:
    reader = _reader(language)
    reader.SetPageSegMode(mode)
    reader.SetImage(_on_paper(line))
    text = " ".join(reader.GetUTF8Text().split())
    return text, reader.MeanTextConf() / 100 if text else 0.0


def script_in(picture: Image) -> str:
    """The script of the text in a picture; empty if it is not certain, or `osd.traineddata` is missing."""
    if _SCRIPT_DATA not in _files():
        return ""
    import tesserocr  # type: ignore[import-untyped,unused-ignore]

    found: dict[str, Any] | None = None
    with contextlib.suppress(RuntimeError):  # too few characters
        reader = tesserocr.PyTessBaseAPI(
            path=str(_files()[_SCRIPT_DATA]), lang=_SCRIPT_DATA, psm=tesserocr.PSM.OSD_ONLY
        )
        with reader:
            reader.SetImage(picture)
            found = reader.DetectOrientationScript()
    return from_tesseract(found["script_name"]) if found and found["script_conf"] > 0 else ""


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    """The folder of each language; none if Tesseract is not installed."""
    if not is_installed():
        return {}
    found: dict[str, Path] = {}
    for folder in [*([_own] if _own else []), *map(Path, FOLDERS)]:
        with contextlib.suppress(OSError):
            for file in sorted(folder.glob("*.traineddata")):
                found.setdefault(file.stem, folder)
    return found


@lru_cache(maxsize=8)
def _reader(language: str) -> Any:
    """A reader takes 0.1 s to load, and 20 MB."""
    import tesserocr  # type: ignore[import-untyped,unused-ignore]

    return tesserocr.PyTessBaseAPI(
        path=str(_files()[language]),
        lang=language,
        psm=tesserocr.PSM.SINGLE_LINE,
        oem=tesserocr.OEM.LSTM_ONLY,
    )


def _on_paper(line: Strip) -> Image:
    from PIL import Image as images

    height, width = line.pixels.shape[:2]
    paper = images.new("RGB", (width + 2 * _MARGIN, height + 2 * _MARGIN), "white")
    paper.paste(images.fromarray(line.pixels[:, :, ::-1]), (_MARGIN, _MARGIN))
    return paper
