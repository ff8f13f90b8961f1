# ruff: noqa: E501 (markup reads best on one line)
"""Slides that other tools read wrong."""

from __future__ import annotations

from tests.services.parsing import samples
from tests.services.parsing.formats.test_slides import deck, shape
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.grids import changed
from tests.services.parsing.samples import relationships

_MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def _sp(*paragraphs: str, mark: str = "", properties: str = "") -> str:
    return f"<p:sp><p:nvSpPr><p:cNvPr id='9' name='s'/><p:nvPr>{mark}</p:nvPr></p:nvSpPr><p:spPr>{properties}</p:spPr><p:txBody>{''.join(paragraphs)}</p:txBody></p:sp>"


def _para(text: str, properties: str = "") -> str:
    return f"<a:p>{properties}<a:r><a:t>{text}</a:t></a:r></a:p>"


def _frame(inner: str) -> str:
    return f"<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id='4' name='t'/><p:nvPr/></p:nvGraphicFramePr><a:graphic><a:graphicData uri='t'>{inner}</a:graphicData></a:graphic></p:graphicFrame>"


def _tc(text: str, more: str = "") -> str:
    return f"<a:tc {more}><a:txBody>{''.join(_para(line) for line in text.split('/'))}</a:txBody></a:tc>"


def _with(data: bytes, links: dict[str, tuple[str, str]], parts: dict[str, str | bytes]) -> bytes:
    return changed(
        data, {"ppt/_rels/s0.xml.rels": relationships({"l": ("slideLayout", "layout.xml"), **links}), **parts}
    )


_SMART = (
    "<dgm:dataModel xmlns:dgm='http://schemas.openxmlformats.org/drawingml/2006/diagram' xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main'><dgm:ptLst>"
    + "".join(
        f"<dgm:pt modelId='{n}'><dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t></dgm:pt>"
        for n, text in enumerate(("Plan", "Build"))
    )
    + "</dgm:ptLst></dgm:dataModel>"
)
_MODERN = (
    "<p188:cmLst xmlns:p188='http://schemas.microsoft.com/office/powerpoint/2018/8/main' xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main'><p188:cm id='{1}' authorId='{A}'><p188:replyLst><p188:reply id='{2}' authorId='{A}'><p188:txBody><a:p><a:r><a:t>From 1950.</a:t></a:r></a:p></p188:txBody></p188:reply></p188:replyLst>"
    "<p188:txBody><a:p><a:r><a:t>How old is it?</a:t></a:r></a:p></p188:txBody></p188:cm></p188:cmLst>"
)
_ALTERNATIVE = "<mc:AlternateContent xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'><mc:Choice Requires='a14'>{}</mc:Choice><mc:Fallback>{}</mc:Fallback></mc:AlternateContent>"


def _odp(body: str, styles: str = "") -> bytes:
    return samples.opendocument("presentation", body, styles)


CASES = [
    Case("markitdown: a table with merged cells and lines", "a.pptx", deck(_frame(f"<a:tbl><a:tr>{_tc('Both', 'gridSpan=' + chr(39) + '2' + chr(39))}{_tc('', 'hMerge=' + chr(39) + '1' + chr(39))}</a:tr><a:tr>{_tc('one/two')}{_tc('b|c')}</a:tr></a:tbl>")), has=["Both", "one", "two", "b|c"], lacks=["onetwo"]),
    Case("python-pptx: a diagram", "a.pptx", _with(deck(_frame("<dgm:relIds xmlns:dgm='http://schemas.openxmlformats.org/drawingml/2006/diagram' r:dm='d'/>")), {"d": ("diagramData", "d.xml")}, {"ppt/d.xml": _SMART}), order=["Plan", "Build"]),
    Case("markitdown: comments of newer programs and their answers", "a.pptx", _with(deck(shape("title", (0, "Pump"))), {"c": ("comments", "c.xml")}, {"ppt/c.xml": _MODERN}), order=["How old is it?", "From 1950."]),
    Case("docling: numbers that begin with four", "a.pptx", deck(_sp(_para("four", "<a:pPr><a:buAutoNum type='arabicPeriod' startAt='4'/></a:pPr>"), _para("five", "<a:pPr><a:buAutoNum type='arabicPeriod' startAt='4'/></a:pPr>"))), order=["4. four", "5. five"]),
    Case("pandoc: a list whose numbers are letters", "a.pptx", deck(_sp(_para("one", "<a:pPr><a:buAutoNum type='alphaLcParenR'/></a:pPr>"), _para("two", "<a:pPr><a:buAutoNum type='alphaLcParenR'/></a:pPr>"))), order=["one", "two"]),
    Case("python-pptx: a title in two lines", "a.pptx", deck(_sp("<a:p><a:r><a:t>On the age</a:t></a:r><a:br/><a:r><a:t>of weirs</a:t></a:r></a:p>", mark="<p:ph type='title'/>")), has=["# On the age of weirs"]),
    Case("python-pptx: words that an address cuts", "a.pptx", deck(_sp("<a:p><a:r><a:t>see </a:t></a:r><a:r><a:rPr b='1'/><a:t>the</a:t></a:r><a:r><a:t> mill</a:t></a:r></a:p>")), has=["see **the** mill"]),
    Case("docling: an equation with a picture for old programs", "a.pptx", deck(_ALTERNATIVE.format(_sp(f"<a:p><m:oMathPara xmlns:m='{_MATH}'><m:oMath><m:r><m:t>Q=Av</m:t></m:r></m:oMath></m:oMathPara></a:p>"), _sp(_para("old picture")))), has=["Q=Av"], lacks=["old picture"]),
    Case("tika: connectors and shapes with links on themselves", "a.pptx", _with(deck("<p:sp><p:nvSpPr><p:cNvPr id='2' name='b'><a:hlinkClick r:id='h'/></p:cNvPr><p:nvPr/></p:nvSpPr><p:txBody><a:p><a:r><a:t>Open the log</a:t></a:r></a:p></p:txBody></p:sp>"), {"h": ("hyperlink", "https://e.org/log")}, {}), has=["Open the log"]),
    Case("markitdown: notes with a list and a head", "a.pptx", changed(deck(shape("title", (0, "Plan")), notes="x"), {"ppt/notes.xml": "<p:notes xmlns:p='http://schemas.openxmlformats.org/presentationml/2006/main' xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main'><p:cSld><p:spTree>" + shape("sldNum", (0, "7")) + shape("body", (0, "first"), (0, "second"), index=1) + shape("hdr", (0, "running")) + "</p:spTree></p:cSld></p:notes>"}), order=["Plan", "first", "second"], lacks=["running"]),
    Case("python-pptx: a date that fills itself in", "a.pptx", deck(_sp("<a:p><a:r><a:t>As of </a:t></a:r><a:fld type='datetime1'><a:t>5/6/2024</a:t></a:fld></a:p>")), has=["As of 5/6/2024"]),
    Case("markitdown: a video with a description", "a.pptx", deck("<p:pic><p:nvPicPr><p:cNvPr id='3' name='v' descr='Film of the lock'/><p:nvPr><a:videoFile r:link='v'/></p:nvPr></p:nvPicPr></p:pic>"), has=["Film of the lock"]),
    Case("docling: text boxes in a group within a group", "a.pptx", deck(f"<p:grpSp><p:grpSpPr/>{_sp(_para('outer'))}<p:grpSp><p:grpSpPr/>{_sp(_para('inner'))}<p:pic><p:nvPicPr><p:cNvPr id='3' name='v' descr='A lamp'/><p:nvPr/></p:nvPicPr></p:pic></p:grpSp></p:grpSp>"), has=["outer", "inner", "A lamp"]),
    Case("pptx: bullets without text and blank paragraphs", "a.pptx", deck(_sp(_para(""), _para("words"), "<a:p><a:endParaRPr/></a:p>")), exact="words"),
    Case("pptx: a tab and a soft break in a line", "a.pptx", deck(_sp(_para("a\tb_x000B_c"))), has=["a b", "c"], lacks=["_x000B_"]),
    Case("pptx: a slide show and a template", "a.ppsx", deck(shape("title", (0, "Show"))), has=["# Show"]),
    Case("pptx: slides in the order of the show", "a.pptx", changed(deck(shape("title", (0, "Second")), shape("title", (0, "First"))), {"ppt/presentation.xml": "<p:presentation xmlns:p='http://schemas.openxmlformats.org/presentationml/2006/main' xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'><p:sldIdLst><p:sldId id='1' r:id='r1'/><p:sldId id='2' r:id='r0'/></p:sldIdLst></p:presentation>"}), order=["# First", "# Second"]),
    Case("pptx: capitals and letters below the line", "a.pptx", deck(_sp("<a:p><a:r><a:t>H</a:t></a:r><a:r><a:rPr baseline='-25000'/><a:t>2</a:t></a:r><a:r><a:t>O</a:t></a:r></a:p>")), has=["H2O"]),
    Case("pptx: ink and an embedded page beside text", "a.pptx", deck(_ALTERNATIVE.format("<p:contentPart r:id='i'/>", "<p:pic><p:nvPicPr><p:cNvPr id='8' name='Ink 7'/><p:nvPr/></p:nvPicPr></p:pic>") + _sp(_para("beside the ink"))), has=["beside the ink"]),
    Case("pptx: an empty frame of a table", "a.pptx", deck(_frame("<a:tbl/>") + _sp(_para("words"))), exact="words"),
    Case("odp: a group, a table and notes", "a.odp", _odp("<draw:page draw:name='p'><draw:g><draw:frame><draw:text-box><text:p>in a group</text:p></draw:text-box></draw:frame></draw:g><draw:frame><table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table></draw:frame><presentation:notes><draw:frame><draw:text-box><text:p>say it slowly</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>"), has=["in a group", "say it slowly"], rows=[["a", "b"]]),
    Case("odp: a list in a box", "a.odp", _odp("<draw:page draw:name='p'><draw:frame presentation:class='title'><draw:text-box><text:p>Plan</text:p></draw:text-box></draw:frame><draw:frame presentation:class='outline'><draw:text-box><text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>inner</text:p></text:list-item></text:list></text:list-item></text:list></draw:text-box></draw:frame></draw:page>"), order=["# Plan", "- one", "inner"]),
    Case("odp: a hidden slide", "a.odp", _odp("<draw:page draw:name='p'><draw:frame><draw:text-box><text:p>seen</text:p></draw:text-box></draw:frame></draw:page><draw:page draw:name='q' draw:style-name='h'><draw:frame><draw:text-box><text:p>unseen</text:p></draw:text-box></draw:frame></draw:page>", "<style:style style:name='h' style:family='drawing-page'><style:drawing-page-properties presentation:visibility='hidden'/></style:style>"), has=["seen"], lacks=["unseen"]),
]  # fmt: skip
