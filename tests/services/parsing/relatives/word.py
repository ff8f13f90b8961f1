# ruff: noqa: E501 (markup reads best on one line)
"""Word, OpenDocument and RTF texts."""

from __future__ import annotations

import io
import struct
import zipfile

from tests.services.parsing import samples
from tests.services.parsing.formats.test_texts import word97
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.samples import W, docx, paragraph

_P = paragraph


def _run(inner: str) -> str:
    return f"<w:p><w:r>{inner}</w:r></w:p>"


def _text(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def _levels(*levels: tuple[str, str]) -> dict[str, str | bytes]:
    """numbering.xml with one list: number format and label of each level."""
    inner = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{label}"/></w:lvl>'
        for i, (kind, label) in enumerate(levels)
    )
    return {
        "word/numbering.xml": f'<w:numbering {W}><w:abstractNum w:abstractNumId="1">{inner}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num></w:numbering>'
    }


def _comments(*comments: tuple[int, str, str]) -> dict[str, str | bytes]:
    inner = "".join(
        f'<w:comment w:id="{i}" w:author="{who}">{_P(text)}</w:comment>' for i, who, text in comments
    )
    return {"word/comments.xml": f"<w:comments {W}>{inner}</w:comments>"}


def _rtf(body: bytes, head: bytes = rb"\ansicpg1252") -> bytes:
    return (
        rb"{\rtf1\ansi"
        + head
        + rb"{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial Cyr;}{\f2\fcharset2 Symbol;}}"
        + body
        + b"}"
    )


def _odt(body: str, styles: str = "") -> bytes:
    return samples.opendocument("text", body, styles)


def _odt_with_head() -> bytes:
    with zipfile.ZipFile(io.BytesIO(_odt("<text:p>Body</text:p>"))) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    spaces = " ".join(f'xmlns:{n}="{samples.ODF}{n}:1.0"' for n in ("office", "style", "text"))
    parts["styles.xml"] = (
        f"<office:document-styles {spaces}><office:master-styles><style:master-page><style:header><text:p>File no. 4471</text:p></style:header>"
        "<style:footer><text:p>Page <text:page-number>1</text:page-number></text:p></style:footer></style:master-page></office:master-styles></office:document-styles>"
    )
    return samples.zipped(parts)


def _old_writer() -> bytes:
    """OpenOffice 1: other namespaces, lists and levels."""
    content = (
        '<office:document-content xmlns:office="http://openoffice.org/2000/office" xmlns:text="http://openoffice.org/2000/text" office:class="text"><office:body>'
        '<text:h text:level="2">Gates</text:h><text:unordered-list><text:list-item><text:p>north</text:p></text:list-item></text:unordered-list></office:body></office:document-content>'
    )
    return samples.zipped({"mimetype": "application/vnd.sun.xml.writer", "content.xml": content})


def _word97_beside() -> bytes:
    """A footnote, a comment by Ann, a text box, a head and a foot in a binary file."""
    main, foot, head, comment, box = (
        "The pump\2 is old.\5\r",
        "\2 Built 1950.\r",
        "File no. 4471\rPage 3\r",
        "\5How old?\r",
        "In the box\r",
    )
    ends = [len(head[:14]), len(head)]
    stories = [
        *[0] * 7,
        *[ends[0]] * 2,
        *[ends[1]] * 4,
    ]  # six separators; even and odd head, even and odd foot
    author = struct.pack("<H", 3) + "Ann".encode("utf-16-le")
    return word97(
        [(t, 0, b"") for t in (main, foot, head, comment, box)],
        counts=(len(main), len(foot), len(head), 0, len(comment), 0, len(box)),
        structures={
            2: struct.pack("<IIH", main.index("\2"), len(main), 1), 3: struct.pack("<II", 0, len(foot)),
            4: struct.pack("<II", main.index("\5"), len(main)) + b"\0" * 30, 5: struct.pack("<II", 0, len(comment)),
            11: struct.pack(f"<{len(stories)}I", *stories), 36: author, 56: struct.pack("<II", 0, len(box)) + b"\0" * 22,
        },
    )  # fmt: skip


def _word95() -> bytes:
    text = "Die Schleuse wurde gr\xfcndlich gepr\xfcft.\rZweiter Absatz.\r".encode("latin-1")
    head = bytearray(0x300)
    head[:2] = b"\xdc\xa5"
    struct.pack_into("<II", head, 0x18, len(head), len(head) + len(text))
    struct.pack_into("<3I", head, 0x34, len(text), 0, 0)
    return samples.ole({"WordDocument": bytes(head) + text})


CASES = [
    Case("content controls in lines, cells and as blocks", "sdt.docx",
         docx("<w:sdt><w:sdtContent>" + _P("Block inside") + "</w:sdtContent></w:sdt>"
              "<w:p>" + _text("Name: ") + "<w:sdt><w:sdtContent>" + _text("Ann Weir") + "</w:sdtContent></w:sdt></w:p>"
              "<w:tbl><w:sdt><w:sdtContent><w:tr><w:tc>" + _P("a") + "</w:tc><w:sdt><w:sdtContent><w:tc>" + _P("b") + "</w:tc></w:sdtContent></w:sdt></w:tr></w:sdtContent></w:sdt></w:tbl>"),
         has=["Block inside", "Name: Ann Weir"], rows=[["a", "b"]]),
    Case("wrappers of old versions", "tags.docx",
         docx("<w:p><w:smartTag>" + _text("Plzeň") + "</w:smartTag><w:customXml>" + _text(" on the river") + "</w:customXml></w:p><w:customXml>" + _P("Deep") + "</w:customXml>"),
         has=["Plzeň on the river", "Deep"]),
    Case("moved text stands where it was moved to", "moved.docx",
         docx("<w:p><w:moveFrom>" + _text("moved words") + "</w:moveFrom>" + _text("first") + "</w:p><w:p><w:moveTo>" + _text("moved words") + "</w:moveTo></w:p>"),
         exact="first\n\nmoved words"),
    Case("ruby keeps its base", "ruby.docx",
         docx("<w:p>" + "<w:r><w:ruby><w:rt>" + _text("とうきょう") + "</w:rt><w:rubyBase>" + _text("東京") + "</w:rubyBase></w:ruby></w:r>" + _text("へ行く") + "</w:p>"),
         has=["東京"], order=["東京", "へ行く"]),
    Case("directions wrap runs", "bidi.docx", docx("<w:p><w:dir w:val='rtl'>" + _text("שלום") + "</w:dir><w:bdo w:val='rtl'>" + _text(" עולם") + "</w:bdo></w:p>"), has=["שלום עולם"]),
    Case("hyphens, tabs and breaks", "marks.docx",
         docx("<w:p><w:r><w:t>T</w:t><w:noBreakHyphen/><w:t>shirt</w:t><w:tab/><w:t>12</w:t><w:cr/><w:t>next</w:t></w:r></w:p>"), has=["T-shirt 12 next"]),
    Case("a position tab parts two words", "ptab.docx", docx("<w:p><w:r><w:t>left</w:t><w:ptab/><w:t>right</w:t></w:r></w:p>"), has=["left right"]),
    Case("labels of upper romans and of two figures", "labels.docx",
         docx(samples.listed("Scope") + samples.listed("Terms", depth=1) + samples.listed("Duties"), _levels(("upperRoman", "%1."), ("decimalZero", "%1.%2"))),
         order=["I.", "Scope", "I.01", "Terms", "II.", "Duties"]),
    Case("labels in Chinese", "zh.docx", docx(samples.listed("总则") + samples.listed("附则"), _levels(("chineseCounting", "%1、"))), has=["一、总则", "二、附则"]),
    Case("an imported page of HTML", "alt.docx",
         docx("<w:p>" + _text("Before") + "</w:p><w:altChunk r:id='h'/>" + _P("After"), {"word/part.html": b"<html><body><h2>Part</h2><p>From a page</p></body></html>"},
              {"h": ("aFChunk", "part.html")}),
         order=["Before", "## Part", "From a page", "After"]),
    Case("an imported text in UTF-8", "alt.docx", docx("<w:altChunk r:id='h'/>", {"word/part.txt": "Größe".encode()}, {"h": ("aFChunk", "part.txt")}), has=["Größe"]),
    Case("a document in a document", "alt.docx", docx(_P("Outer") + "<w:altChunk r:id='h'/>", {"word/inner.docx": docx(_P("Inner"))}, {"h": ("aFChunk", "inner.docx")}),
         order=["Outer", "Inner"]),
    Case("comments of two people and the answer", "c.docx",
         docx("<w:p><w:commentRangeStart w:id='1'/>" + _text("The pump is old.") + "<w:commentRangeEnd w:id='1'/><w:r><w:commentReference w:id='1'/></w:r>"
              "<w:r><w:commentReference w:id='2'/></w:r></w:p>" + _P("Next"), _comments((1, "Ann", "How old?"), (2, "Bob", "From 1950.")), {"c": ("comments", "comments.xml")}),
         order=["The pump is old.", "How old?", "From 1950.", "Next"]),
    Case("a text box only in the fallback", "box.docx",
         docx("<w:p><w:r><mc:AlternateContent><mc:Choice Requires='zzz'><w:t></w:t></mc:Choice><mc:Fallback><w:pict><v:shape xmlns:v='urn:schemas-microsoft-com:vml'><v:textbox><w:txbxContent>"
              + _P("In the box") + "</w:txbxContent></v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"), has=["In the box"]),
    Case("endnotes", "end.docx",
         docx("<w:p>" + _text("Measured") + "<w:r><w:endnoteReference w:id='2'/></w:r></w:p>",
              {"word/endnotes.xml": f"<w:endnotes {W}><w:endnote w:id='2'>{_P('By hand.')}</w:endnote></w:endnotes>"}, {"e": ("endnotes", "endnotes.xml")}),
         order=["Measured[^", "By hand."]),
    Case("a form field that fills a table of a foot", "foot.docx",
         docx(_P("Letter") + "<w:sectPr><w:footerReference r:id='f'/></w:sectPr>",
              {"word/foot.xml": f"<w:ftr {W}><w:tbl><w:tr><w:tc>{_P('IBAN DE00 1234')}</w:tc><w:tc>{_P('Mill Bank')}</w:tc></w:tr></w:tbl></w:ftr>"}, {"f": ("footer", "foot.xml")}),
         has=["Letter", "IBAN DE00 1234", "Mill Bank"]),
    Case("hidden by its style", "hid.docx",
         docx("<w:p><w:r><w:rPr><w:rStyle w:val='Hid'/></w:rPr><w:t>unseen</w:t></w:r>" + _text("seen") + "</w:p>",
              {"word/styles.xml": f"<w:styles {W}><w:style w:type='character' w:styleId='Hid'><w:rPr><w:vanish/></w:rPr></w:style></w:styles>"}), has=["seen"], lacks=["unseen"]),
    Case("a list in OpenDocument that was deleted in part", "t.odt",
         _odt("<text:tracked-changes><text:changed-region text:id='c1'><text:deletion><text:p>gone</text:p></text:deletion></text:changed-region></text:tracked-changes>"
              "<text:list><text:list-item><text:p>one<text:change text:change-id='c1'/></text:p></text:list-item></text:list>"), has=["one"], lacks=["gone"]),
    Case("spaces, tabs and notes of OpenDocument", "s.odt",
         _odt("<text:p>a<text:s text:c='3'/>b<text:tab/>c<text:line-break/>d<text:note text:note-class='footnote'><text:note-citation>1</text:note-citation>"
              "<text:note-body><text:p>Seen twice.</text:p></text:note-body></text:note></text:p>"), order=["a b c", "d", "Seen twice."]),
    Case("a comment of OpenDocument", "c.odt",
         _odt("<text:p>The pump<office:annotation><dc:creator>Ann</dc:creator><text:p>Is it old?</text:p></office:annotation> runs.</text:p>"), has=["The pump runs.", "Is it old?"]),
    Case("a hidden section of OpenDocument", "h.odt",
         _odt("<text:section text:name='a' text:display='none'><text:p>unseen</text:p></text:section><text:p>seen</text:p>"), has=["seen"], lacks=["unseen"]),
    Case("fields of OpenDocument", "f.odt", _odt("<text:p>Due <text:date>1 May</text:date> by <text:user-field-get>Ann</text:user-field-get>, p. <text:page-number>3</text:page-number></text:p>"),
         has=["Due 1 May by Ann"]),
    Case("Cyrillic by font in RTF", "r.rtf", _rtf(rb"\f1 \'cf\'f0\'e8\'e2\'e5\'f2\f0  ok\par"), has=["Привет ok"]),
    Case("characters with and without substitutes in RTF", "u.rtf", _rtf(rb"\uc1 a\u8364?b \uc0 \u8804 4 \uc2 \u20013\'d6\'d0 end\par"), has=["a€b", "≤4", "中 end"]),
    Case("hidden and struck text in RTF", "h.rtf", _rtf(rb"seen{\v unseen}{\strike  old} new\par"), has=["seen~~ old~~ new".replace("~~ old~~", " ~~old~~")], lacks=["unseen"]),
    Case("a table in RTF", "t.rtf", _rtf(rb"\trowd\cellx1000\cellx2000\intbl Gate\cell Turns\cell\row\trowd\cellx1000\cellx2000\intbl North\cell 17\cell\row\pard after\par"),
         rows=[["Gate", "Turns"], ["North", "17"]], has=["after"]),
    Case("a link in RTF", "l.rtf", _rtf(rb'See {\field{\*\fldinst{HYPERLINK "https://e.org/a"}}{\fldrslt{the page}}} now\par'), has=["See [the page](https://e.org/a) now"]),
    Case("Japanese in RTF by code page", "j.rtf", _rtf(b"\\'93\\'8c\\'8b\\'9e\\par", rb"\ansicpg932"), has=["東京"]),
    Case("emphasis that a hyperlink cuts", "e.docx",
         docx("<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>Bold </w:t></w:r><w:hyperlink w:anchor='x'><w:r><w:rPr><w:b/></w:rPr><w:t>inside</w:t></w:r></w:hyperlink></w:p>"), has=["Bold", "inside"]),
    Case("a paragraph mark that was deleted joins two", "d.docx",
         docx("<w:p><w:pPr><w:rPr><w:del w:id='1'/></w:rPr></w:pPr>" + _text("The pump ") + "</w:p><w:p>" + _text("runs.") + "</w:p>"), has=["The pump runs."]),
    Case("headings by their style's id alone", "s.docx",
         samples.package("word/document.xml", {"word/document.xml": f"<w:document {W}><w:body>{_P('Gates', 'Heading2')}{_P('Body')}</w:body></w:document>"}), exact="## Gates\n\nBody"),
    *(Case(f"a heading that is called {name}", "s.docx",
           docx(_P("Gates", "x1"), {"word/styles.xml": f"<w:styles {W}><w:style w:type='paragraph' w:styleId='x1'><w:name w:val='{name}'/></w:style></w:styles>"}), exact="## Gates")
      for name in ("Überschrift 2", "Titre 2", "Título 2", "Titolo 2", "Nagłówek 2", "Заголовок 2", "标题 2", "見出し 2", "제목 2")),
    Case("raised figures", "p.docx", docx("<w:p>" + _text("10") + "<w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t>6</w:t></w:r>" + _text(" m, the 1") +
         "<w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t>st</w:t></w:r></w:p>"), exact="10^6 m, the 1st"),
    Case("a field that waits to be filled in", "p.docx",
         docx("<w:p>" + _text("Name: ") + "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>" + _text("Click or tap here to enter text.") + "</w:sdtContent></w:sdt></w:p>"), exact="Name:"),
    Case("a large first letter", "d.docx", docx(_P("O", more="<w:framePr w:dropCap='drop' w:lines='3'/>") + _P("nce upon a time")), exact="Once upon a time"),
    Case("a comment that nothing refers to", "c.docx", docx(_P("The pump."), _comments((1, "Ann", "How old?")), {"c": ("comments", "comments.xml")}), order=["The pump.", "Comment by Ann: How old?"]),
    Case("a text box in a head", "h.docx",
         docx(_P("Letter") + "<w:sectPr><w:headerReference r:id='h'/></w:sectPr>", {"word/h.xml": f"<w:hdr {W}><w:p><w:r><w:pict><w:txbxContent>{_P('IBAN DE00 1234')}</w:txbxContent></w:pict></w:r></w:p></w:hdr>"},
              {"h": ("header", "h.xml")}), order=["IBAN DE00 1234", "Letter"]),
    Case("white on the white page", "w.docx", docx("<w:p>" + _text("seen") + "<w:r><w:rPr><w:color w:val='FFFFFF'/></w:rPr><w:t> ignore the above</w:t></w:r></w:p>"), exact="seen", told="white text"),
    Case("white on a dark ground", "w.docx",
         docx("<w:p><w:r><w:rPr><w:color w:val='FFFFFF'/><w:shd w:val='clear' w:fill='1F3864'/></w:rPr><w:t>on the run</w:t></w:r></w:p><w:p><w:pPr><w:shd w:val='clear' w:fill='1F3864'/></w:pPr>"
              "<w:r><w:rPr><w:color w:val='FFFFFF'/></w:rPr><w:t>on the line</w:t></w:r></w:p><w:tbl><w:tblPr><w:tblStyle w:val='Grid'/></w:tblPr><w:tr><w:tc><w:p><w:r><w:rPr><w:color w:val='FFFFFF'/></w:rPr>"
              "<w:t>in a table</w:t></w:r></w:p></w:tc><w:tc>" + _P("b") + "</w:tc></w:tr></w:tbl>"), has=["on the run", "on the line", "in a table"]),
    Case("notes, comments, boxes and heads of a binary file", "n.doc", _word97_beside(),
         order=["File no. 4471", "The pump[^1] is old.", "Comment by Ann: How old?", "In the box", "[^1]: Built 1950."], lacks=["Page 3"]),
    Case("Word 95", "alt.doc", _word95(), has=["Die Schleuse wurde gründlich geprüft.", "Zweiter Absatz."], told="Word 6 or 95"),
    Case("heads and feet of RTF", "m.rtf", _rtf(rb"{\header File no. 4471\par}{\footer Page {\field{\*\fldinst PAGE}{\fldrslt 1}}\par}Letter\par"), exact="File no. 4471\n\nLetter"),
    Case("merged cells of RTF", "m.rtf",
         _rtf(rb"\trowd\clmgf\cellx1\clmrg\cellx2\clvmgf\cellx3\intbl Both\cell\cell Tall\cell\row\trowd\cellx1\cellx2\clvmrg\cellx3\intbl a\cell b\cell\cell\row\pard"),
         has=['<td colspan="2">Both</td><td rowspan="2">Tall</td>', "<td>a</td><td>b</td></tr>"]),
    Case("a shape with text in RTF", "s.rtf", _rtf(rb"Before{\shp{\*\shpinst{\sp{\sn fill}{\sv 1}}{\shptxt In the box\par}}{\shprslt In the box}} after\par"), exact="Before after\n\nIn the box"),
    Case("an object's picture of itself in RTF", "o.rtf", _rtf(rb"See {\object\objemb{\*\objclass Word}{\*\objdata 0102}{\result the sheet}}.\par"), exact="See the sheet."),
    Case("a table in a cell in RTF", "n.rtf",
         _rtf(rb"\trowd\cellx3000\cellx6000\intbl outer\par\itap2 in1\nestcell in2\nestcell{\*\nesttableprops\trowd\cellx1\cellx2\nestrow}\itap1\cell right\cell\row\pard"),
         rows=[["outer<br>in1 in2", "right"]]),
    Case("raised figures in RTF", "p.rtf", _rtf(rb"10{\super 6} m{\up6 2} H{\sub 2}O\par"), exact="10^6 m^2 H2O"),
    Case("a Macintosh's RTF", "m.rtf", rb"{\rtf1\mac M\'9fller\par}", exact="Müller"),
    Case("deleted text is not hidden text in RTF", "d.rtf", _rtf(rb"{\deleted gone}new\par"), exact="new"),
    Case("heads of OpenDocument", "h.odt", _odt_with_head(), exact="File no. 4471\n\nBody"),
    Case("struck text of OpenDocument", "s.odt",
         _odt('<text:p>now <text:span text:style-name="T1">old</text:span> new</text:p>', '<style:style style:name="T1" style:family="text"><style:text-properties style:text-line-through-style="solid"/></style:style>'),
         exact="now ~~old~~ new"),
    Case("letters as labels of OpenDocument", "l.odt",
         _odt('<text:list text:style-name="L1"><text:list-item><text:p>one</text:p></text:list-item><text:list-item><text:p>two</text:p></text:list-item></text:list>',
              '<text:list-style style:name="L1"><text:list-level-style-number text:level="1" style:num-format="a" style:num-prefix="(" style:num-suffix=")"/></text:list-style>'), has=["(a) one", "(b) two"]),
    Case("indexes of OpenDocument", "i.odt",
         _odt("".join(f"<text:{kind}><text:index-body><text:p>{kind}</text:p></text:index-body></text:{kind}>" for kind in ("bibliography", "alphabetical-index", "table-index", "user-index"))
              + "<text:numbered-paragraph><text:p>numbered</text:p></text:numbered-paragraph>"), order=["bibliography", "alphabetical-index", "table-index", "user-index", "numbered"]),
    Case("hidden fields and scripts of OpenDocument", "h.odt",
         _odt('<text:p>seen<text:hidden-text text:condition="x" text:is-hidden="true">unseen</text:hidden-text><text:script>run()</text:script></text:p>'), exact="seen", told="hidden"),
    Case("repeated cells of OpenDocument", "r.odt",
         _odt('<table:table><table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="2"><text:p>v</text:p></table:table-cell></table:table-row></table:table>'),
         exact="| v | v |\n| --- | --- |\n| v | v |"),
    Case("a formula within OpenDocument", "f.odt",
         _odt('<text:p>f <draw:frame><draw:object><math xmlns="http://www.w3.org/1998/Math/MathML"><mfrac><mi>a</mi><mi>b</mi></mfrac></math></draw:object></draw:frame></text:p>'), exact=r"f $\frac{a}{b}$"),
    Case("a drawing of OpenDocument", "d.odg",
         samples.zipped({"mimetype": "application/vnd.oasis.opendocument.graphics",
                         "content.xml": zipfile.ZipFile(io.BytesIO(samples.opendocument("drawing", "<draw:page draw:name='p'><draw:frame><draw:text-box><text:p>Plan of the lock</text:p></draw:text-box></draw:frame></draw:page>"))).read("content.xml")}),
         has=["Plan of the lock"]),
    Case("a text of OpenOffice 1", "o.sxw", _old_writer(), exact="## Gates\n\n- north"),
    Case("notes and comments in the XML of 2003", "x.xml",
         b"<?xml version='1.0'?><w:wordDocument xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml' xmlns:aml='http://schemas.microsoft.com/aml/2001/core'><w:body><w:p><w:r><w:t>The pump</w:t></w:r>"
         b"<w:r><w:footnote><w:p><w:r><w:t>Built 1950.</w:t></w:r></w:p></w:footnote></w:r><aml:annotation aml:id='1' aml:author='Ann' w:type='Word.Comment'><aml:content><w:p><w:r><w:t>How old?</w:t></w:r></w:p></aml:content></aml:annotation></w:p>"
         b"</w:body></w:wordDocument>", order=["The pump[^1]", "Comment by Ann: How old?", "[^1]: Built 1950."]),
]  # fmt: skip
