"""Captions of tables and figures start as "Table 3", "TABLE IV", "Abb. A.2", "表 1"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.parsing.page.geometry import Word
from services.parsing.page.lines import joined

_FIGURE = r"(?:Figure|Fig\.|Abb(?:ildung|\.)|Figura|Figuur|Figur|Рис(?:унок|\.)|图|圖|図)"
_TABLE = r"(?:Table|Tab\.|Exhibit|Tabelle|Tableau|Tabla|Cuadro|Tabella|Tabela|Quadro|Tabel|Tabell|Таблица|表)"
_LABEL = f"(?:{_TABLE}|{_FIGURE})"
_NUMBER = r"(?:\s*(?:[A-Z][-.]?)?\d+|\s+[IVX]+\b)"
_CAPTION = re.compile(f"(?i:{_LABEL}){_NUMBER}")
_NOTE = re.compile(r"(?i:notes?|sources?|remarks?|quellen?|anm(?:erkung(?:en)?|\.)|fuente|nota)\s?:")
_ENDED = re.compile(rf"{_LABEL}{_NUMBER}\s*[.:：]")
_OF_FIGURE = re.compile(rf"(?i:{_FIGURE}){_NUMBER}\s*(?:[.:：]|$|[A-Z])")


def is_caption(line: Sequence[Word]) -> bool:
    """Whether a line begins as a caption does."""
    return _CAPTION.match(joined(line[:3])) is not None


def follows_table(line: Sequence[Word]) -> bool:
    """Whether a line begins as a caption does, or as a note below a table."""
    return is_caption(line) or _NOTE.match(joined(line[:2])) is not None


def begins_as_caption(text: str) -> bool:
    return _CAPTION.match(text) is not None


def is_ended_caption(line: Sequence[Word]) -> bool:
    """Whether a stop ends the number, so that a line of a paragraph is a caption: "Table 3 shows" is none."""
    return _ENDED.match(joined(line[:3])) is not None


def is_figure_caption(line: Sequence[Word]) -> bool:
    """Whether a line begins as the caption of a figure does, and not as a sentence about one."""
    return _OF_FIGURE.match(joined(line[:3])) is not None
