"""Buttons, boxes and labels on a sheet, which Excel keeps as old vector graphics (VML)."""

from __future__ import annotations

from collections.abc import Iterator

from services.parsing import markdown_writer as md
from services.parsing.markdown_writer import MarkdownBlock
from services.parsing.office.archive import Archive

_V = "{urn:schemas-microsoft-com:vml}"
_X = "{urn:schemas-microsoft-com:office:excel}"


def control_blocks(archive: Archive, targets: dict[str, tuple[str, str]]) -> Iterator[MarkdownBlock]:
    """The caption of each control; that of a box with its state: `☒ paid`. Comments are read elsewhere."""
    for kind, target in targets.values():
        root = archive.xml_or_none(target) if kind == "vmlDrawing" else None
        for control in root.iter(_X + "ClientData") if root is not None else ():
            box = control.getparent().find(_V + "textbox")
            text = " ".join("".join(box.itertext()).split()) if box is not None else ""
            name = control.get("ObjectType", "")
            if text and name != "Note":
                state = {"0": "☐ "}.get(control.findtext(_X + "Checked", "0"), "☒ ")
                shown = state + text if name in ("Checkbox", "Radio") else text
                yield MarkdownBlock(md.escape_lines(md.escape(shown)))
