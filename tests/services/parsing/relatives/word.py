# ruff: noqa: E501 (markup reads best on one line)
"""Word, OpenDocument and RTF texts."""

from __future__ import annotations

from tests.services.parsing import samples
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
]  # fmt: skip
