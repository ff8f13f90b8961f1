"""Which runs of a Word 97 document a reader does not see."""

from __future__ import annotations

from services.parsing.formats.doc import binary

#: White as an index of 16 colours and as 0x00BBGGRR.
_WHITE_INDEX, _WHITE = 8, 0x00FFFFFF
#: Half-points; text of one point cannot be read.
_SMALLEST = 2


def unseen(run: binary.Modifiers, paragraph: binary.Modifiers, on_page: bool) -> str:
    """Why a run is not seen; empty if it is.

    White text counts only `on_page`, outside of tables and without shading: nothing dark can be behind it.
    """
    if run.get(binary.HIDDEN) == 1:
        return "text"
    if run.get(binary.SIZE, _SMALLEST + 1) <= _SMALLEST:
        return "text too small to read"
    white = (
        run.get(binary.COLOUR) == _WHITE
        if binary.COLOUR in run
        else (run.get(binary.COLOUR_INDEX) == _WHITE_INDEX)
    )
    shaded = any(run.get(shade) or paragraph.get(shade) for shade in binary.SHADES)
    in_table = paragraph.get(binary.IN_TABLE) or paragraph.get(binary.TABLE_DEPTH)
    return "white text on the white page" if white and on_page and not shaded and not in_table else ""
