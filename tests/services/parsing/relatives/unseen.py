# ruff: noqa: E501 (markup reads best on one line)
"""Text that a reader does not see, in the colour of its ground or too small; and text that only looks so."""

from __future__ import annotations

from collections.abc import Iterator

from services.parsing import Choices
from tests.services.parsing import samples
from tests.services.parsing.formats.test_slides import deck, shape
from tests.services.parsing.relatives.case import Case, hiding
from tests.services.parsing.samples import docx, paragraph

_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0"


def _odf(kind: str, body: str, *styles: tuple[str, str, str]) -> bytes:
    """Styles: name, text properties, other properties."""
    made = "".join(
        f'<style:style xmlns:style="{_STYLE}" style:name="{name}"><style:text-properties {text}/>{more}</style:style>'
        for name, text, more in styles
    )
    return samples.opendocument(kind, body, made)


def _table(*cells: str) -> str:
    inside = "".join(f"<table:table-cell {cell}</table:table-cell>" for cell in cells)
    return f'<table:table table:name="S"><table:table-row>{inside}</table:table-row></table:table>'


def _sheet(more: str = "", xfs: str = "", cell: str = 's="1"') -> bytes:
    fonts = '<fonts><font/><font><color rgb="FFFFFFFF"/></font><font><color theme="0"/></font></fonts>'
    fills = '<fills><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FF000080"/></patternFill></fill></fills>'
    codes = '<numFmts><numFmt numFmtId="170" formatCode=";;;"/></numFmts>'
    styles = f'{codes}{fonts}{fills}<cellXfs><xf/><xf fontId="1" fillId="0"/><xf fontId="2" fillId="0"/><xf fontId="1" fillId="1"/><xf numFmtId="170"/>{xfs}</cellXfs>'
    rows = f'<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>shown</t></is></c><c r="B1" {cell} t="inlineStr"><is><t>unseen</t></is></c></row></sheetData>{more}'
    return samples.xlsx({"S": rows}, styles=styles)


def _slide(colour: str, fill: str = "", size: str = "", place: str = "", kind: str = "") -> bytes:
    mark = f'<p:ph type="{kind}"/>' if kind else ""
    run = (
        f"<a:r><a:rPr {size}><a:solidFill>{colour}</a:solidFill></a:rPr><a:t>unseen</a:t></a:r>"
        if colour
        else f"<a:r><a:rPr {size}/><a:t>unseen</a:t></a:r>"
    )
    made = f"<p:sp><p:nvSpPr><p:cNvPr id='2' name='b'/><p:nvPr>{mark}</p:nvPr></p:nvSpPr><p:spPr>{place}{fill}</p:spPr><p:txBody><a:p>{run}</a:p></p:txBody></p:sp>"
    return deck(shape("title", (0, "shown")) + made)


_WHITE = '<a:srgbClr val="FFFFFF"/>'
_DARK = '<a:solidFill><a:srgbClr val="102030"/></a:solidFill>'
_BESIDE = '<a:xfrm><a:off x="20000000" y="0"/><a:ext cx="1000" cy="1000"/></a:xfrm>'

#: What is shown, and "unseen" text.
_UNSEEN = {
    "white.html": b"<body bgcolor=white><p>shown</p><p style='color:#FFFFFF'>unseen</p>",
    "almost white.html": b"<body style='background: #fff url()'><p style='background-color:#fff'>shown <span style='color: rgb(250, 250, 252)'>unseen</span></p>",
    "font.html": b"<p style='background:white'>shown <font color=white>unseen</font></p>",
    "own ground.html": b"<link rel=stylesheet href=a.css><p>shown <span style='background:#eee;color:#f0f0f2'>unseen</span></p>",
    "black bar.html": b"<p>shown <span style='background-color:black'>unseen</span></p>",
    "tiny.html": b"<p>shown <span style='font-size:1px'>unseen</span></p>",
    "no size.html": b"<p>shown <span style='font-size: 0 !important'>unseen <b>unseen</b></span></p>",
    "transparent.html": b"<p>shown <span style='color:rgba(0,0,0,0)'>unseen</span></p>",
    "white.eml": b"From: a@e.org\r\nTo: b@e.org\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>shown</p><p style='color:#fff'>unseen</p>\r\n",
    "run.docx": docx(paragraph("shown") + paragraph("unseen", run='<w:color w:val="FFFFFF"/>')),
    "style.docx": docx(paragraph("shown") + paragraph("unseen", "White"), {"word/styles.xml": f'<w:styles {samples.W}><w:style w:type="paragraph" w:styleId="White"><w:name w:val="White"/><w:rPr><w:color w:val="FFFFFF"/></w:rPr></w:style></w:styles>'}),
    "tiny.docx": docx(paragraph("shown") + paragraph("unseen", run='<w:sz w:val="2"/>')),
    "white.rtf": rb"{\rtf1\ansi{\colortbl;\red0\green0\blue0;\red255\green255\blue255;}shown {\cf2 unseen}\par}",
    "tiny.rtf": rb"{\rtf1\ansi shown {\fs1 unseen}\par}",
    "span.odt": _odf("text", '<text:p>shown <text:span text:style-name="w">unseen</text:span></text:p>', ("w", 'fo:color="#ffffff"', "")),
    "paragraph.odt": _odf("text", '<text:p>shown</text:p><text:p text:style-name="w">unseen</text:p>', ("w", 'fo:color="#FFFFFF"', "")),
    "tiny.odt": _odf("text", '<text:p>shown <text:span text:style-name="w">unseen</text:span></text:p>', ("w", 'fo:font-size="0.5pt"', "")),
    "white.ods": _odf("spreadsheet", _table("><text:p>shown</text:p>", 'table:style-name="w"><text:p>unseen</text:p>'), ("w", 'fo:color="#ffffff"', "")),
    "white.xlsx": _sheet(),
    "theme.xlsx": _sheet(cell='s="2"'),
    "format.xlsx": _sheet(cell='s="4"'),
    "white.pptx": _slide(_WHITE),
    "ground.pptx": _slide('<a:schemeClr val="bg1"/>', "<a:noFill/>"),
    "tiny.pptx": _slide("", size='sz="100"'),
    "beside.pptx": _slide("", place=_BESIDE),
}  # fmt: skip

#: Text that a reader sees, although it looks as if he did not.
_SEEN = {
    "dark.html": b"<div style='background:#123'><p style='color:white'>unseen</p></div>",
    "sheet.html": b"<style>.hero { background: navy }</style><div class=hero><h1 style='color:#fff'>unseen</h1></div>",
    "linked.html": b"<link rel=stylesheet href=a.css><h1 style='color:#fff'>unseen</h1>",
    "cell.html": b"<table bgcolor='#336699'><tr><td><font color='#ffffff'>unseen</font></td></tr></table>",
    "picture.html": b"<div style='background-image:url(a.png);color:white'>unseen</div>",
    "body.html": b"<body bgcolor=black text=white><p>unseen</p></body>",
    "gradient.html": b"<h1 style='background:linear-gradient(red,blue);background-clip:text;color:transparent'>unseen</h1>",
    "small.html": b"<p style='font-size: small; font: 10px/1.5 serif'>unseen</p><p style='font-size:0.8em'>unseen</p>",
    "size inside.html": b"<div style='font-size:0px'><table><tr><td style='font-size:0px'><div style='font-size:13px'>unseen</div></td></tr></table></div>",
    "size by class.html": b"<style>.t{font-size:14px}</style><table><tr><td style='font-size:0'><div class=t>unseen</div></td></tr></table>",
    "visible inside.html": b"<div style='visibility:hidden'><p style='visibility:visible'>unseen</p></div>",
    "link.html": b"<div style='color:#fff'><a href='http://a.example'>unseen</a></div>",
    "shaded.docx": docx(paragraph("unseen", run='<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="000000"/>')),
    "shaded.rtf": rb"{\rtf1\ansi{\colortbl;\red0\green0\blue0;\red255\green255\blue255;}\pard\cbpat1 {\cf2 unseen}\par}",
    "shaded.odt": _odf("text", '<text:p text:style-name="d"><text:span text:style-name="w">unseen</text:span></text:p>', ("w", 'fo:color="#ffffff"', ""), ("d", "", '<style:paragraph-properties fo:background-color="#000000"/>')),
    "cell.odt": _odf("text", _table('table:style-name="d"><text:p text:style-name="w">unseen</text:p>'), ("w", 'fo:color="#ffffff"', ""), ("d", "", '<style:table-cell-properties fo:background-color="#000000"/>')),
    "span.odt": _odf("text", '<text:p text:style-name="w"><text:span text:style-name="b">unseen</text:span></text:p>', ("w", 'fo:color="#ffffff"', ""), ("b", 'fo:color="#000000"', "")),
    "filled.xlsx": _sheet(cell='s="3"'),
    "conditional.xlsx": _sheet('<conditionalFormatting sqref="B1"/>'),
    "filled.pptx": _slide(_WHITE, _DARK),
    "title.pptx": _slide("", place=_BESIDE, kind="title"),
}  # fmt: skip


def _cases() -> Iterator[Case]:
    yield from hiding(_UNSEEN)
    for file, data in _SEEN.items():
        yield Case(f"what {file} shows", file, data, has=["unseen"])
    for style in ("display:none", "position:absolute; left:-9999px", "left:-5000px;position:fixed", "clip:rect(0, 0, 0, 0)",
                  "visibility:hidden", "height:0;overflow:hidden", "text-indent:-9999px"):  # fmt: skip
        page = f"<p>shown</p><div style='{style}'>unseen</div>".encode()
        yield Case(f"{style} hides", "a.html", page, exact="shown")
        yield Case(
            f"{style} is wanted", "a.html", page, has=["shown", "unseen"], choices=Choices(hidden=True)
        )
    yield Case(
        "the hidden attribute is wanted",
        "a.html",
        b"<p>shown</p><p hidden>unseen</p>",
        has=["unseen"],
        choices=Choices(hidden=True),
    )


CASES = list(_cases())
