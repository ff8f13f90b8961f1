# ruff: noqa: E501 (markup reads best on one line)
"""Word, OpenDocument and RTF texts that other tools read wrong."""

from __future__ import annotations

from tests.services.parsing import samples
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.reported import row, run
from tests.services.parsing.samples import W, docx, listed, paragraph

_P = paragraph
_BOX = "<wps:wsp xmlns:wps='http://schemas.microsoft.com/office/word/2010/wordprocessingShape'><wps:txbx><w:txbxContent>{}</w:txbxContent></wps:txbx></wps:wsp>"


def para(inner: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner}</w:p>"


def field(instruction: str, result: str) -> str:
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> {instruction} </w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{result}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def cell(inner: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inner}</w:tc>"


def _drawn(uri: str, inner: str) -> str:
    return f'<w:r><w:drawing><wp:inline><wp:docPr id="1" name="x"/><a:graphic><a:graphicData uri="{uri}">{inner}</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>'


def _math(inner: str) -> str:
    return f"<w:p><m:oMath>{inner}</m:oMath></w:p>"


def _r(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def styles(*styles: str) -> dict[str, str | bytes]:
    return {"word/styles.xml": f"<w:styles {W}>{''.join(styles)}</w:styles>"}


def style(name: str, key: str, more: str = "", kind: str = "paragraph") -> str:
    return f'<w:style w:type="{kind}" w:styleId="{key}"><w:name w:val="{name}"/>{more}</w:style>'


def numbering(*levels: tuple[str, str]) -> dict[str, str | bytes]:
    inner = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{label}"/></w:lvl>'
        for i, (kind, label) in enumerate(levels)
    )
    return {
        "word/numbering.xml": f'<w:numbering {W}><w:abstractNum w:abstractNumId="1">{inner}</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num></w:numbering>'
    }


def _notes(*bodies: str) -> dict[str, str | bytes]:
    inner = "".join(f"<w:footnote w:id='{n}'>{body}</w:footnote>" for n, body in enumerate(bodies, 2))
    return {
        "word/footnotes.xml": f"<w:footnotes {W}><w:footnote w:id='0' w:type='separator'>{_P('separator')}</w:footnote>{inner}</w:footnotes>"
    }


_FOOT = {"f": ("footnotes", "footnotes.xml")}
_MARK = "<w:r><w:footnoteReference w:id='{}'/></w:r>"
_DIAGRAM = "<dgm:relIds xmlns:dgm='http://schemas.openxmlformats.org/drawingml/2006/diagram' r:dm='d'/>"
_DATA = (
    "<dgm:dataModel xmlns:dgm='http://schemas.openxmlformats.org/drawingml/2006/diagram' xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main'><dgm:ptLst>"
    + "".join(
        f"<dgm:pt modelId='{n}'><dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t></dgm:pt>"
        for n, text in enumerate(("Plan", "Build", "Check"))
    )
    + "</dgm:ptLst></dgm:dataModel>"
)
_TOC = "".join(
    para(
        f"<w:hyperlink w:anchor='_Toc{n}'><w:r><w:t>{text}</w:t></w:r><w:r><w:tab/></w:r>{field(f'PAGEREF _Toc{n} ' + chr(92) + 'h', run(str(n + 1)))}</w:hyperlink>"
    )
    for n, text in enumerate(("Gates", "Pumps"))
)
_EQUATIONS = {
    "a matrix": (
        f"<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr><m:e><m:m><m:mr><m:e>{_r('a')}</m:e><m:e>{_r('b')}</m:e></m:mr><m:mr><m:e>{_r('c')}</m:e><m:e>{_r('d')}</m:e></m:mr></m:m></m:e></m:d>",
        ["a & b", "c & d"],
    ),
    "a sum with limits": (
        f"<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub>{_r('i=1')}</m:sub><m:sup>{_r('n')}</m:sup><m:e>{_r('x')}</m:e></m:nary>",
        ["\\sum", "i=1", "n"],
    ),
    "cases": (
        f"<m:d><m:dPr><m:begChr m:val='{{'/><m:endChr m:val=''/></m:dPr><m:e><m:eqArr><m:e>{_r('0')}</m:e><m:e>{_r('1')}</m:e></m:eqArr></m:e></m:d>",
        ["0", "1"],
    ),
    "a bar and a hat": (
        f"<m:bar><m:barPr><m:pos m:val='top'/></m:barPr><m:e>{_r('x')}</m:e></m:bar><m:acc><m:accPr><m:chr m:val='̂'/></m:accPr><m:e>{_r('y')}</m:e></m:acc>",
        ["\\overline{x}", "\\hat{y}"],
    ),
    "marks before a letter": (
        f"<m:sPre><m:sub>{_r('2')}</m:sub><m:sup>{_r('4')}</m:sup><m:e>{_r('He')}</m:e></m:sPre>",
        ["_{2}", "^{4}", "He"],
    ),
    "a box and a brace": (
        f"<m:borderBox><m:e>{_r('E')}</m:e></m:borderBox><m:groupChr><m:groupChrPr><m:chr m:val='⏟'/></m:groupChrPr><m:e>{_r('a+b')}</m:e></m:groupChr>",
        ["E", "a+b"],
    ),
    "a root of the third degree": (
        f"<m:rad><m:deg>{_r('3')}</m:deg><m:e>{_r('x')}</m:e></m:rad>",
        ["\\sqrt[3]{x}"],
    ),
    "an insertion under revision": (f"<w:ins>{_r('k')}</w:ins><w:del>{_r('q')}</w:del>{_r('=1')}", ["k=1"]),
}

_WORD = [
    *(Case(f"docling, pandoc: {name} in a formula", "a.docx", docx(_math(inner)), has=want) for name, (inner, want) in _EQUATIONS.items()),
    Case("docx2md: a table of contents with page numbers", "a.docx", docx(_TOC + _P("Gates", "H1")), has=["Gates", "Pumps", "# Gates"], lacks=["PAGEREF", "_Toc0"]),
    Case("python-docx 497: words in smart tags within tags", "a.docx", docx(para(run("State of ") + "<w:smartTag w:element='place'><w:smartTag w:element='State'>" + run("Delaware") + "</w:smartTag></w:smartTag>" + run(", excluding"))), has=["State of Delaware, excluding"]),
    Case("office_oxide 140: text boxes in a group", "a.docx", docx(para(_drawn("g", f"<wpg:wgp xmlns:wpg='g'>{_BOX.format(_P('First box'))}<wpg:grpSp>{_BOX.format(_P('Second box'))}</wpg:grpSp></wpg:wgp>"))), order=["First box", "Second box"]),
    Case("docling: boxes on a canvas", "a.docx", docx(para(_drawn("c", f"<wpc:wpc xmlns:wpc='c'>{_BOX.format(_P('On the canvas'))}</wpc:wpc>"))), has=["On the canvas"]),
    Case("docling 1105: a box in both alternatives is read once", "a.docx", docx(para(f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing>{_BOX.format(_P('Only once'))}</w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent>{_P('Only once')}</w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r>")), exact="Only once"),
    Case("docling 2211: a box within a cell", "a.docx", docx(f"<w:tbl><w:tr>{cell(para(_drawn('b', _BOX.format(_P('Boxed')))))}{cell(_P('b'))}</w:tr>{row('c', 'd')}</w:tbl>"), has=["Boxed", "b", "c"]),
    Case("tika: a diagram of Word", "a.docx", docx(para(_drawn("d", _DIAGRAM)), {"word/data1.xml": _DATA}, {"d": ("diagramData", "data1.xml")}), order=["Plan", "Build", "Check"]),
    Case("tika: lettering of old Word", "a.docx", docx("<w:p><w:r><w:pict><v:shape xmlns:v='urn:schemas-microsoft-com:vml'><v:textpath string='Annual report'/></v:shape></w:pict></w:r></w:p>"), has=["Annual report"]),
    Case("mammoth: a heading by the outline alone", "a.docx", docx(para(run("Scope"), '<w:outlineLvl w:val="1"/>') + _P("text")), has=["## Scope"]),
    Case("docling 1032: headings of a German Word", "a.docx", docx(_P("Umfang", "berschrift1") + _P("Teil", "Eigen"), styles(style("heading 1", "berschrift1"), style("Eigen", "Eigen", '<w:basedOn w:val="berschrift1"/>'))), has=["# Umfang", "# Teil"]),
    Case("docling: numbers of headings by their style", "a.docx", docx(_P("Scope", "H1") + _P("Terms", "H2") + _P("Duties", "H2"), numbering(("decimal", "%1"), ("decimal", "%1.%2")) | styles(*(style(f"heading {n}", f"H{n}", f'<w:pPr><w:numPr><w:ilvl w:val="{n - 1}"/><w:numId w:val="1"/></w:numPr></w:pPr>') for n in (1, 2)))), has=["# 1 Scope", "## 1.1 Terms", "## 1.2 Duties"]),
    Case("pandoc: notes in headings and cells, with several paragraphs", "a.docx", docx(para(run("Head") + _MARK.format(2), '<w:pStyle w:val="H1"/>') + f"<w:tbl>{row('a', 'b')}<w:tr>{cell(para(run('c') + _MARK.format(3)))}{cell(_P('d'))}</w:tr></w:tbl>", _notes(_P("First note."), _P("Second") + _P("goes on.")), _FOOT), order=["Head", "c", "First note.", "Second", "goes on."], lacks=["separator"]),
    Case("docx4j: a style separator in a heading", "a.docx", docx(para(run("Term."), '<w:pStyle w:val="H2"/><w:rPr><w:vanish/><w:specVanish/></w:rPr>') + _P("The lease runs ten years.")), order=["Term.", "The lease runs ten years."]),
    Case("python-docx: text that is hidden on the web alone", "a.docx", docx(para(run("shown"), "") + para(run("seven", "<w:webHidden/>")) + para(run("not hidden", '<w:vanish w:val="0"/>'))), has=["shown", "seven", "not hidden"]),
    Case("libreoffice: entries of an index are no text", "a.docx", docx(para(run("The weir") + '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> XE "weir, old" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>' + run(" stands."))), exact="The weir stands."),
    Case("docx4j: a field that is never closed", "a.docx", docx(para('<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> DATE </w:instrText></w:r>' + run("after it")) + _P("Next")), has=["after it", "Next"]),
    Case("mammoth: an address without quotes", "a.docx", docx(para(field("HYPERLINK https://e.org/a", run("the mill")))), exact="[the mill](https://e.org/a)"),
    Case("mammoth: a simple field with an address", "a.docx", docx(para('<w:fldSimple w:instr=" HYPERLINK &quot;https://e.org/a&quot; ">' + run("the mill") + "</w:fldSimple>")), exact="[the mill](https://e.org/a)"),
    Case("docx: a link whose relation is lost", "a.docx", docx("<w:p><w:hyperlink r:id='gone'><w:r><w:t>still here</w:t></w:r></w:hyperlink></w:p>"), exact="still here"),
    Case("mammoth: an imported page in a cell", "a.docx", docx(f"<w:tbl><w:tr>{cell('<w:altChunk r:id=' + chr(39) + 'h' + chr(39) + '/>' + _P(''))}{cell(_P('b'))}</w:tr>{row('c', 'd')}</w:tbl>", {"word/part.html": b"<p>From a page</p>"}, {"h": ("aFChunk", "part.html")}), has=["From a page", "b"]),
    Case("docx: custom XML within a cell", "a.docx", docx(f"<w:tbl><w:tr>{cell('<w:customXml w:element=' + chr(39) + 'x' + chr(39) + '>' + _P('wrapped') + '</w:customXml>')}{cell(_P('b'))}</w:tr>{row('c', 'd')}</w:tbl>"), has=["wrapped", "b"]),
    Case("docx: cells merged sideways in the old way", "a.docx", docx(f"<w:tbl><w:tr>{cell(_P('both'), '<w:hMerge w:val=' + chr(34) + 'restart' + chr(34) + '/>')}{cell(_P(''), '<w:hMerge/>')}</w:tr>{row('c', 'd')}</w:tbl>"), has=["both", "c", "d"], rows=[["c", "d"]]),
    Case("docling: rows that continue a merged cell without a word", "a.docx", docx(f"<w:tbl><w:tr>{cell(_P('North'), '<w:vMerge w:val=' + chr(34) + 'restart' + chr(34) + '/>')}{cell(_P('1'))}</w:tr><w:tr>{cell(_P(''), '<w:vMerge/>')}{cell(_P('2'))}</w:tr></w:tbl>"), order=["North", "1", "2"]),
    Case("docx: a table that was inserted row by row", "a.docx", docx(f"<w:tbl><w:tr><w:trPr><w:ins w:id='1'/></w:trPr>{cell('<w:p><w:ins>' + run('new') + '</w:ins></w:p>')}{cell(_P('b'))}</w:tr>{row('c', 'd')}</w:tbl>"), rows=[["new", "b"], ["c", "d"]]),
    Case("docx: a struck block that moved", "a.docx", docx("<w:p><w:moveFromRangeStart w:id='1' w:name='m'/><w:moveFrom w:id='2'>" + run("moved") + "</w:moveFrom><w:moveFromRangeEnd w:id='1'/></w:p><w:p><w:moveToRangeStart w:id='3' w:name='m'/><w:moveTo w:id='4'>" + run("moved") + "</w:moveTo></w:p>"), exact="moved"),
    Case("docx: check marks of Wingdings", "a.docx", docx(para('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>' + run(" paid ") + '<w:r><w:sym w:font="Wingdings 2" w:char="F052"/></w:r>' + run(" sent"))), has=["☑ paid", "☑ sent"]),
    Case("docx: ringed figures by an EQ field", "a.docx", docx(para(run("See ") + '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> eq \\o\\ac(○,</w:instrText></w:r><w:r><w:instrText>7</w:instrText></w:r><w:r><w:instrText>)</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>' + run(" below"))), has=["See", "7", "below"]),
    Case("docx: letters cut by a page that was laid out", "a.docx", docx("<w:p><w:r><w:t>water</w:t></w:r><w:r><w:lastRenderedPageBreak/><w:t>wheel</w:t></w:r></w:p>"), has=["waterwheel"]),
    Case("docx: words on both sides of a page break", "a.docx", docx("<w:p><w:r><w:t>one</w:t><w:br w:type='page'/><w:t>two</w:t></w:r></w:p>"), has=["one", "two"], lacks=["onetwo"]),
    Case("docx: words on both sides of a column break", "a.docx", docx("<w:p><w:r><w:t>one</w:t><w:br w:type='column'/><w:t>two</w:t></w:r></w:p>"), has=["one", "two"], lacks=["onetwo"]),
    Case("docx: comments within the text of XML", "a.docx", docx("<w:p><w:r><w:t>wa<!-- x -->ter<?pi y?> wheel</w:t></w:r></w:p>"), has=["water wheel"]),
    Case("docx: a letter in UTF-16", "a.docx", samples.package("word/document.xml", {"word/document.xml": f"<?xml version='1.0' encoding='UTF-16'?><w:document {W}><w:body>{_P('Größe 7')}</w:body></w:document>".encode("utf-16")}), has=["Größe 7"]),
    Case("docx: another prefix for its names", "a.docx", samples.package("word/document.xml", {"word/document.xml": f"<ns0:document {W.replace('xmlns:w', 'xmlns:ns0')}><ns0:body><ns0:p><ns0:r><ns0:t>Plain words</ns0:t></ns0:r></ns0:p></ns0:body></ns0:document>"}), has=["Plain words"]),
    Case("docx: names of parts in other letters", "a.docx", samples.package("Word/Document.xml", {"word/document.xml": f"<w:document {W}><w:body>{_P('Plain words')}</w:body></w:document>"}), has=["Plain words"]),
    Case("docx: a character that XML forbids", "a.docx", docx(_P("one &#x1F; two \x0b three")), has=["one", "two", "three"]),
    Case("docx: a template and one with macros", "a.dotm", docx(_P("Template words")), has=["Template words"]),
    Case("docx: a citation and a list of sources", "a.docx", docx("<w:sdt><w:sdtPr><w:citation/></w:sdtPr><w:sdtContent><w:p>" + run("As shown") + "<w:sdt><w:sdtPr><w:citation/></w:sdtPr><w:sdtContent>" + field("CITATION Mil24 \\l 1033", run(" (Miller, 2024)")) + "</w:sdtContent></w:sdt></w:p></w:sdtContent></w:sdt><w:sdt><w:sdtPr><w:bibliography/></w:sdtPr><w:sdtContent>" + _P("Miller, A. (2024). Weirs.") + "</w:sdtContent></w:sdt>"), has=["As shown (Miller, 2024)", "Miller, A. (2024). Weirs."]),
    Case("docx: fields of a form letter", "a.docx", docx(para(run("Dear ") + field("MERGEFIELD Name", run("«Name»")) + run(","))), has=["Dear «Name»,"]),
    Case("docx: lists of two kinds in a row", "a.docx", docx(listed("a") + listed("b") + _P("between") + listed("c", 2) + listed("d", 2)), order=["- a", "- b", "between", "3. c", "4. d"]),
    Case("docx: a paragraph within an item", "a.docx", docx(listed("one", 2) + _P("more about one", more='<w:ind w:left="720"/>') + listed("two", 2)), order=["3. one", "more about one", "4. two"]),
    Case("docx: a head of first pages alone", "a.docx", docx(_P("Letter") + "<w:sectPr><w:headerReference w:type='first' r:id='h'/><w:titlePg/></w:sectPr>", {"word/h.xml": f"<w:hdr {W}>{_P('Weir Office, file 12/A')}</w:hdr>"}, {"h": ("header", "h.xml")}), has=["Weir Office, file 12/A", "Letter"]),
    Case("docx: a formula in an item of a list", "a.docx", docx(para(run("Let ") + f"<m:oMath>{_r('x=1')}</m:oMath>" + run(" hold"), '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="2"/></w:numPr>') + listed("Then", 2)), order=["3. Let $x=1$ hold", "4. Then"]),
    Case("docx: a picture's words in its title alone", "a.docx", docx('<w:p><w:r><w:drawing><wp:inline><wp:docPr id="1" name="x" title="Plan of the lock"/></wp:inline></w:drawing></w:r></w:p>'), has=["Plan of the lock"]),
]  # fmt: skip


def _odt(body: str, styles: str = "") -> bytes:
    return samples.opendocument("text", body, styles)


_ODT = [
    Case("odt: a page break of the layout in a word", "a.odt", _odt("<text:p>water<text:soft-page-break/>wheel</text:p>"), has=["waterwheel"]),
    Case("odt: a comment on a range", "a.odt", _odt("<text:p>The <office:annotation office:name='1'><text:p>Old?</text:p></office:annotation>pump<office:annotation-end office:name='1'/> runs.</text:p>"), has=["The pump runs.", "Old?"]),
    Case("odt: text in meta fields and marks", "a.odt", _odt("<text:p>See <text:meta>this <text:span>part</text:span></text:meta>, <text:bookmark-ref text:ref-name='x'>Table 3</text:bookmark-ref> and <text:sequence-ref>4</text:sequence-ref>.</text:p>"), has=["See this part, Table 3 and 4."]),
    Case("odt: ruby", "a.odt", _odt("<text:p><text:ruby><text:ruby-base>東京</text:ruby-base><text:ruby-text>とうきょう</text:ruby-text></text:ruby>へ</text:p>"), has=["東京へ"]),
    Case("odt: sources and entries of an index", "a.odt", _odt("<text:p>As shown <text:bibliography-mark text:identifier='M24'>[M24]</text:bibliography-mark>.</text:p><text:bibliography><text:index-body><text:p>M24: Miller, Weirs</text:p></text:index-body></text:bibliography>"), has=["As shown [M24].", "M24: Miller, Weirs"]),
    Case("odt: a list that goes on after a paragraph", "a.odt", _odt("<text:list text:style-name='N'><text:list-item><text:p>one</text:p></text:list-item></text:list><text:p>between</text:p><text:list text:style-name='N' text:continue-numbering='true'><text:list-item><text:p>two</text:p></text:list-item></text:list>", "<text:list-style style:name='N'><text:list-level-style-number text:level='1' style:num-format='1' style:num-suffix='.'/></text:list-style>"), order=["1. one", "between", "2. two"]),
    Case("odt: groups of rows and columns", "a.odt", _odt("<table:table><table:table-columns><table:table-column/></table:table-columns><table:table-header-rows><table:table-row><table:table-cell><text:p>Year</text:p></table:table-cell><table:table-cell><text:p>Sum</text:p></table:table-cell></table:table-row></table:table-header-rows><table:table-row-group><table:table-rows><table:table-row><table:table-cell><text:p>2023</text:p></table:table-cell><table:table-cell><text:p>9</text:p></table:table-cell></table:table-row></table:table-rows></table:table-row-group></table:table>"), rows=[["Year", "Sum"], ["2023", "9"]]),
    Case("odt: an endnote and a note of two paragraphs", "a.odt", _odt("<text:p>A<text:note text:note-class='endnote'><text:note-citation>i</text:note-citation><text:note-body><text:p>First.</text:p><text:p>Second.</text:p></text:note-body></text:note> b</text:p>"), order=["A", "b", "First.", "Second."]),
    Case("odt: shapes with text in a group", "a.odt", _odt("<text:p><draw:g><draw:custom-shape><text:p>In a star</text:p></draw:custom-shape><draw:frame><draw:text-box><text:p>In a box</text:p></draw:text-box></draw:frame></draw:g></text:p>"), order=["In a star", "In a box"]),
    Case("odt: a chart of numbers", "a.odt", samples.zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": f"<office:document-content xmlns:office='{samples.ODF}office:1.0' xmlns:text='{samples.ODF}text:1.0' xmlns:draw='{samples.ODF}drawing:1.0' xmlns:xlink='http://www.w3.org/1999/xlink'><office:body><office:text><text:p>Levels</text:p><text:p><draw:frame><draw:object xlink:href='./Object 1'/></draw:frame></text:p></office:text></office:body></office:document-content>", "Object 1/content.xml": f"<office:document-content xmlns:office='{samples.ODF}office:1.0' xmlns:chart='{samples.ODF}chart:1.0' xmlns:table='{samples.ODF}table:1.0' xmlns:text='{samples.ODF}text:1.0'><office:body><office:chart><chart:chart><chart:title><text:p>Rain by month</text:p></chart:title><table:table table:name='local-table'><table:table-rows><table:table-row><table:table-cell><text:p>Jan</text:p></table:table-cell><table:table-cell office:value-type='float' office:value='41.5'><text:p>41.5</text:p></table:table-cell></table:table-row></table:table-rows></table:table></chart:chart></office:chart></office:body></office:document-content>"}), has=["Levels", "Rain by month", "Jan", "41.5"]),
    Case("odt: an inserted text and who deleted what", "a.odt", _odt("<text:tracked-changes><text:changed-region text:id='c'><text:insertion><office:change-info><dc:creator>Ann Weir</dc:creator></office:change-info></text:insertion></text:changed-region></text:tracked-changes><text:p>kept <text:change-start text:change-id='c'/>new<text:change-end text:change-id='c'/></text:p>"), exact="kept new"),
    Case("odt: a heading that is a list item", "a.odt", _odt("<text:list><text:list-item><text:list><text:list-item><text:h text:outline-level='2'>Gates</text:h></text:list-item></text:list></text:list-item></text:list><text:p>x</text:p>"), has=["## Gates"]),
]  # fmt: skip


def _rtf(body: bytes, head: bytes = b"") -> bytes:
    return rb"{\rtf1\ansi\ansicpg1252\deff0" + head + body + b"}"


_RTF = [
    Case("rtf: emoji by two codes", "a.rtf", _rtf(rb"ok \u-10179 ?\u-8704 ? end\par"), has=["ok 😀 end"]),
    Case("rtf: dashes, bullets and blanks", "a.rtf", _rtf(rb"a\emdash b\~c\_d\bullet e\line f\ldblquote g\rdblquote\par"), has=["a—b", "•e", "f“g”"]),
    Case("rtf: bytes that are not escaped", "a.rtf", _rtf("Größe\\par".encode("cp1252")), has=["Größe"]),
    Case("rtf: a document whose end is missing", "a.rtf", rb"{\rtf1\ansi {\b Head\par} the text goes on \par and on", has=["the text goes on", "and on"]),
    Case("rtf: headings by style and by outline", "a.rtf", _rtf(rb"\pard\s1 Scope\par\pard\outlinelevel1 Terms\par\pard text\par", rb"{\stylesheet{\s0 Normal;}{\s1 heading 1;}}"), has=["# Scope", "## Terms", "text"]),
    Case("rtf: marks of places and of an index", "a.rtf", _rtf(rb"The {\*\bkmkstart a}weir{\*\bkmkend a}{\xe\v old weir} stands.\par"), exact="The weir stands."),
    Case("rtf: a math zone", "a.rtf", _rtf(rb"So {\mmath{\*\moMath{\mr x=1}}} holds\par"), has=["So", "x=1", "holds"]),
    Case("rtf: control words against a digit", "a.rtf", _rtf(rb"\b0 1\b 2\b0 3\par"), has=["3"], lacks=["\\b"]),
    Case("rtf: bold that ends within a group", "a.rtf", _rtf(rb"{\b one} two\plain  three\par"), exact="**one** two three"),
    Case("rtf: a table behind which nothing closes the row", "a.rtf", _rtf(rb"\trowd\cellx100\cellx200\intbl a\cell b\cell\row\pard\intbl c\cell d\cell\row\pard x\par"), has=["a", "b", "c", "d", "x"], rows=[["a", "b"]]),
    Case("rtf: information about the document is no text", "a.rtf", _rtf(rb"{\info{\title Weirs}{\author Ann}{\*\company Mill}}{\*\generator X;}{\*\unknown secret}text\par"), exact="text"),
    Case("rtf: a numbered list of Word 6", "a.rtf", _rtf(rb"{\pntext\f0 1.\tab}{\*\pn\pnlvlbody\pndec}First\par{\pntext\f0 2.\tab}Second\par"), order=["1.", "First", "2.", "Second"]),
    Case("rtf: a link within the document, and one without quotes", "a.rtf", _rtf(rb'{\field{\*\fldinst HYPERLINK \\l "_Toc1"}{\fldrslt Gates}} {\field{\*\fldinst HYPERLINK https://e.org/a }{\fldrslt mill}}\par'), exact="Gates [mill](https://e.org/a)"),
    Case("rtf: words on both sides of a column break", "a.rtf", _rtf(rb"one\column two\par"), order=["one", "two"], lacks=["onetwo"]),
    Case("rtf: Japanese in bytes of its font", "a.rtf", rb"{\rtf1\ansi{\fonttbl{\f1\fcharset128 MS Gothic;}}\f1 \'93\'fa\'96\'7b\'8c\'ea\par}", has=["日本語"]),
]  # fmt: skip

CASES = [*_WORD, *_ODT, *_RTF]
