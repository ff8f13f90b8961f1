# ruff: noqa: E501 (markup reads best on one line)
"""Slides of PowerPoint and OpenDocument."""

from __future__ import annotations

from tests.services.parsing import samples
from tests.services.parsing.formats.test_slides import deck, shape
from tests.services.parsing.relatives.case import Case

_TABLE = (
    "<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id='4' name='t'/><p:nvPr/></p:nvGraphicFramePr><a:graphic><a:graphicData uri='t'><a:tbl>"
    "<a:tr><a:tc><a:txBody><a:p><a:r><a:t>Gate</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>Turns</a:t></a:r></a:p></a:txBody></a:tc></a:tr>"
    "<a:tr><a:tc><a:txBody><a:p><a:r><a:t>North</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>17</a:t></a:r></a:p></a:txBody></a:tc></a:tr>"
    "</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
)


def _odp(body: str) -> bytes:
    return samples.opendocument("presentation", f'<draw:page draw:name="p1">{body}</draw:page>')


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
]  # fmt: skip
