"""Scripts: which one a text has, and which Tesseract languages read it."""

from __future__ import annotations

import unicodedata
from collections import Counter

#: Scripts by their names in Unicode and their Tesseract languages, the most common first. Latin, Chinese and
#: Japanese are read by the models that come with rapidocr.
LANGUAGES = {
    "Arabic": ("ara", "fas", "urd", "pus", "uig", "snd", "ckb"),
    "Armenian": ("hye",),
    "Bengali": ("ben", "asm"),
    "Cyrillic": ("rus", "ukr", "bul", "srp", "bel", "mkd", "kaz", "kir", "tgk", "mon", "tat"),
    "Devanagari": ("hin", "mar", "nep", "san"),
    "Ethiopic": ("amh", "tir"),
    "Georgian": ("kat",),
    "Greek": ("ell", "grc"),
    "Gujarati": ("guj",),
    "Gurmukhi": ("pan",),
    "Hangul": ("kor",),
    "Hebrew": ("heb", "yid"),
    "Kannada": ("kan",),
    "Khmer": ("khm",),
    "Lao": ("lao",),
    "Malayalam": ("mal",),
    "Myanmar": ("mya",),
    "Oriya": ("ori",),
    "Sinhala": ("sin",),
    "Syriac": ("syr",),
    "Tamil": ("tam",),
    "Telugu": ("tel",),
    "Thaana": ("div",),
    "Thai": ("tha",),
    "Tibetan": ("bod", "dzo"),
}
SCRIPTS = {language: script for script, languages in LANGUAGES.items() for language in languages}
#: Scripts that need no model in addition.
DEFAULT = frozenset({"Latin", "Cjk", "Hiragana", "Katakana"})
#: Names that Tesseract uses for some scripts.
_NAMES = {"Korean": "Hangul", "Fraktur": "Latin", "Han": "Cjk", "Japanese": "Hiragana"}


def script_of(text: str) -> str:
    """The script of most letters, by its name in Unicode; empty if there are none."""
    count = Counter(unicodedata.name(c, "").split(" ")[0].capitalize() for c in text if c.isalpha())
    return count.most_common(1)[0][0] if count else ""


def from_tesseract(name: str) -> str:
    """The script that Tesseract names."""
    return _NAMES.get(name, name)
