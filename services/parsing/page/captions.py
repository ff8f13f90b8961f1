"""Captions of tables and figures start as "Table 3", "TABLE IV", "Abb. A.2", "表 1"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.parsing.page.geometry import Word
from services.parsing.page.lines import joined

_LABEL = (
    r"(?:Table|Tab\.|Figure|Fig\.|Exhibit|Tabelle|Abb(?:ildung|\.)|Tableau|Tabla|Cuadro|Tabella|Figura|Tabela|"
    r"Quadro|Tabel|Tabell|Figuur|Figur|Таблица|Рис(?:унок|\.)|表|图|圖|図)"
)
_NUMBER = r"(?:\s*(?:[A-Z][-.]?)?\d+|\s+[IVX]+\b)"
_CAPTION = re.compile(f"(?i:{_LABEL}){_NUMBER}")
_ENDED = re.compile(rf"{_LABEL}{_NUMBER}\s*[.:：]")


def is_caption(line: Sequence[Word]) -> bool:
    """Whether a line begins as a caption does."""
    return _CAPTION.match(joined(line[:3])) is not None


def is_ended_caption(line: Sequence[Word]) -> bool:
    """Whether a stop ends the number, so that a line of a paragraph is a caption: "Table 3 shows" is none."""
    return _ENDED.match(joined(line[:3])) is not None
