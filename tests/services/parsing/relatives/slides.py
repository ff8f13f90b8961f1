# ruff: noqa: E501 (markup reads best on one line)
"""Slides of PowerPoint and OpenDocument."""

from __future__ import annotations

import struct

from services.parsing import Choices
from tests.services.parsing import samples
from tests.services.parsing.formats.test_slides import deck, old_deck, record, shape
from tests.services.parsing.relatives.case import Case

_TABLE = (
    "<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id='4' name='t'/><p:nvPr/></p:nvGraphicFramePr><a:graphic><a:graphicData uri='t'><a:tbl>"
    "<a:tr><a:tc><a:txBody><a:p><a:r><a:t>Gate</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>Turns</a:t></a:r></a:p></a:txBody></a:tc></a:tr>"
    "<a:tr><a:tc><a:txBody><a:p><a:r><a:t>North</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>17</a:t></a:r></a:p></a:txBody></a:tc></a:tr>"
    "</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
)


def _odp(body: str) -> bytes:
    return samples.opendocument("presentation", f'<draw:page draw:name="p1">{body}</draw:page>')


def _old_table(*cells: tuple[str, tuple[int, int, int, int]]) -> bytes:
    """A group of shapes that says it is a table ([MS-ODRAW] §2.3.4.34), with a cell in each."""
    sign = record(0xF004, record(0xF122, struct.pack("<HI", 0x039F, 1), instance=1), container=True)
    shapes = b"".join(
        record(
            0xF004,
            record(0xF00F, struct.pack("<4i", *place))
            + record(
                0xF00D,
                record(3999, struct.pack("<I", 4)) + record(4000, text.encode("utf-16-le")),
                container=True,
            ),
            container=True,
        )
        for text, place in cells
    )
    return record(0xF003, sign + shapes, container=True)


def _old_comment(author: str, text: str) -> bytes:
    strings = b"".join(
        record(4026, part.encode("utf-16-le"), instance=at) for at, part in enumerate((author, text))
    )
    return record(
        5000,
        record(5002, record(5003, record(12000, strings, container=True)), container=True),
        container=True,
    )


CASES = [
    Case("a table in a group", "g.pptx", deck(f"<p:grpSp>{_TABLE}</p:grpSp>"), rows=[["Gate", "Turns"], ["North", "17"]]),
    Case("fields and breaks", "f.pptx",
         deck("<p:sp><p:nvSpPr><p:cNvPr id='1' name='s'/><p:nvPr/></p:nvSpPr><p:txBody><a:p><a:r><a:t>Level</a:t></a:r><a:br/><a:r><a:t>of May</a:t></a:r>"
              "<a:fld type='datetime1'><a:t> 2024</a:t></a:fld></a:p></p:txBody></p:sp>"), order=["Level", "of May", "2024"]),
    Case("shapes in alternate content", "a.pptx",
         deck("<mc:AlternateContent xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'><mc:Choice Requires='x'>" + shape("", (0, "Once"))
              + "</mc:Choice><mc:Fallback>" + shape("", (0, "Once")) + "</mc:Fallback></mc:AlternateContent>"), has=["Once"]),
    Case("a link on words", "l.pptx",
         deck("<p:sp><p:nvSpPr><p:cNvPr id='1' name='s'/><p:nvPr/></p:nvSpPr><p:txBody><a:p><a:r><a:rPr strike='sngStrike'/><a:t>old</a:t></a:r><a:r><a:t> new</a:t></a:r></a:p></p:txBody></p:sp>"),
         has=["~~old~~ new"]),
    Case("right-to-left text stays in its order", "r.pptx", deck(shape("title", (0, "שלום עולם"))), has=["שלום עולם"]),
    Case("a table and notes of OpenDocument", "o.odp",
         _odp("<draw:frame><table:table><table:table-row><table:table-cell><text:p>Gate</text:p></table:table-cell><table:table-cell><text:p>Turns</text:p></table:table-cell></table:table-row>"
              "</table:table></draw:frame><presentation:notes><draw:frame><draw:text-box><text:p>Say it slowly.</text:p></draw:text-box></draw:frame></presentation:notes>"),
         rows=[["Gate", "Turns"]], has=["Say it slowly."]),
    Case("a custom shape of OpenDocument", "c.odp", _odp("<draw:custom-shape><text:p>In a star</text:p></draw:custom-shape><draw:g><draw:rect><text:p>In a box</text:p></draw:rect></draw:g>"),
         has=["In a star", "In a box"]),
    Case("a table of an old deck", "t.ppt",
         old_deck(more=_old_table(("17", (100, 20, 200, 40)), ("Gate", (0, 0, 100, 20)), ("Turns\rof May", (100, 0, 200, 20)), ("North", (0, 20, 100, 40)))),
         rows=[["Gate", "Turns<br>of May"], ["North", "17"]]),
    Case("merged cells of an old deck", "m.ppt", old_deck(more=_old_table(("Both", (0, 0, 200, 20)), ("a", (0, 20, 100, 40)), ("b", (100, 20, 200, 40)))),
         has=['<tr><td colspan="2">Both</td></tr>', "<tr><td>a</td><td>b</td></tr>"]),
    Case("a comment of an old deck", "c.ppt", old_deck(tags=_old_comment("Ann", "Why so high?")), has=["Comment by Ann: Why so high?"]),
    Case("a comment of an old deck that is not wanted", "c.ppt", old_deck(tags=_old_comment("Ann", "Why so high?")), has=["aside"], lacks=["Why"], choices=Choices(comments=False)),
    Case("raised figures on slides", "p.pptx",
         deck("<p:sp><p:nvSpPr><p:cNvPr id='1' name='s'/><p:nvPr/></p:nvSpPr><p:txBody><a:p><a:r><a:t>10</a:t></a:r><a:r><a:rPr baseline='30000'/><a:t>6</a:t></a:r><a:r><a:t> litres</a:t></a:r></a:p></p:txBody></p:sp>"),
         has=["10^6 litres"]),
    Case("what stands at the foot of every slide", "f.pptx",
         deck(shape("title", (0, "One")) + shape("ftr", (0, "Mill Ltd, draft 7")) + shape("sldNum", (0, "1")), shape("title", (0, "Two")) + shape("ftr", (0, "Mill Ltd, draft 7")) + shape("sldNum", (0, "2"))),
         exact="# One\n\nMill Ltd, draft 7\n\n# Two"),
]  # fmt: skip
