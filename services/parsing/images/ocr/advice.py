"""What to install for a script that no OCR model reads."""

from __future__ import annotations

from services.parsing.images.ocr import tesseract
from services.parsing.images.ocr.scripts import LANGUAGES

#: How scripts are called, where it is not as in Unicode.
_CALLED = {"Hangul": "Korean", "Cjk": "Chinese"}


def unreadable(script: str) -> str:
    """Why text was not read, and what to do about it. `script` is empty if it is not known."""
    name = _CALLED.get(script, script)
    languages = LANGUAGES.get(script, ())
    text = f"text in {name} script" if name else "text in an unknown script (not Latin, Chinese or Japanese)"
    packages = (
        f"its language data, such as tesseract-ocr-{languages[0]}" if languages else "the language data"
    )
    extra = "" if tesseract.is_installed() else "install headrace[tesseract], and "
    return f"{text}, which no installed OCR model reads. Install {extra}{packages} (HEADRACE_OCR_MODELS)"
