"""Office documents in one XML file: flat OpenDocument (.fodt), flat OPC, Word 2003 and Excel 2003."""

from __future__ import annotations

import base64
import binascii
import io
import re
import zipfile
from collections.abc import Callable

from lxml import etree  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument, UnsupportedFormat
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.docx import parse_docx
from services.parsing.formats.odf import parse_odf
from services.parsing.formats.pptx import parse_pptx
from services.parsing.formats.xlsx import parse_xlsx
from services.parsing.markdown_writer import Writer
from services.parsing.office.archive import parse_xml
from services.parsing.office.number_formats import code_of, shown_number
from services.parsing.office.sheets import Grid, cell_name, sheet_blocks
from services.parsing.reading import with_comments, with_hidden

_PKG = "{http://schemas.microsoft.com/office/2006/xmlPackage}"
_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"
_WORD_2003 = b"http://schemas.microsoft.com/office/word/2003/wordml"
_WORD = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HINTS = re.compile(rb"</?wx:(?:sect|sub-section|pBdrGroup)\b[^>]*>")
_NAMED_FORMATS = {"Percent": "0.00%", "Fixed": "0.00", "Standard": "#,##0.00", "Currency": "$#,##0.00",
                  "Scientific": "0.00E+00", "Short Date": "yyyy-mm-dd"}  # fmt: skip
_PARSERS = (("word/", parse_docx), ("xl/", parse_xlsx), ("ppt/", parse_pptx))


def parse_flat_odf(data: bytes) -> ParsedDocument:
    return parse_odf(_zipped({"content.xml": data, "meta.xml": data}))


def parse_flat_opc(data: bytes) -> ParsedDocument:
    """Raises UnsupportedFormat for a package of another program."""
    parts: dict[str, bytes] = {}
    for part in parse_xml(data).iterchildren(_PKG + "part"):
        name = part.get(_PKG + "name", "").lstrip("/")
        content, binary = part.find(_PKG + "xmlData"), part.find(_PKG + "binaryData")
        if content is not None and len(content):
            parts[name] = etree.tostring(content[0])
        elif binary is not None:
            try:
                parts[name] = base64.b64decode(binary.text or "")
            except binascii.Error:
                continue
    for prefix, parse in _PARSERS:
        if any(name.startswith(prefix) for name in parts):
            return parse(_zipped(parts))
    raise UnsupportedFormat("flat package without a Word, Excel or PowerPoint part")


def parse_word_2003(data: bytes) -> ParsedDocument:
    """Parse Word 2003 XML, which has the paragraphs and tables of .docx in another namespace."""
    root = parse_xml(_HINTS.sub(b"", data.replace(_WORD_2003, _WORD)))
    w = "{" + _WORD.decode() + "}"
    asides = _asides(root, w)
    body, styles = root.find(w + "body"), root.find(w + "styles")
    if body is None:
        raise CorruptDocument("Word XML without a body")
    document = etree.Element(w + "document")
    document.append(body)
    parts = {"word/document.xml": etree.tostring(document)}
    asides["styles"] = styles if styles is not None else etree.Element(w + "styles")
    parts.update({f"word/{name}.xml": etree.tostring(part) for name, part in asides.items()})
    relations = "".join(f'<Relationship Id="{n}" Type="{_KIND}/{n}" Target="{n}.xml"/>' for n in asides)
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts["word/_rels/document.xml.rels"] = (
        f'<Relationships xmlns="{space}">{relations}</Relationships>'.encode()
    )
    return parse_docx(_zipped(parts))


def _asides(root: etree._Element, w: str) -> dict[str, etree._Element]:
    """Notes and comments, which stand within the text here, as the parts that they are in .docx."""
    parts = {name: etree.Element(w + name) for name in ("footnotes", "endnotes", "comments")}
    for kind in ("footnote", "endnote"):
        for number, note in enumerate(list(root.iter(w + kind)), 1):
            reference = etree.Element(w + kind + "Reference", {w + "id": str(number)})
            reference.tail, note.tail = note.tail, None
            note.getparent().replace(note, reference)
            note.set(w + "id", str(number))
            parts[kind + "s"].append(note)
    for number, comment in enumerate(list(root.iter("{*}annotation")), 1):
        if comment.get(w + "type") == "Word.Comment":
            author = next((value for name, value in comment.items() if name.endswith("}author")), "")
            moved = etree.SubElement(
                parts["comments"], w + "comment", {w + "id": str(number), w + "author": author}
            )
            moved.extend(list(comment.iter(w + "p")))
            run = etree.Element(w + "r")
            etree.SubElement(run, w + "commentReference", {w + "id": str(number)})
            comment.getparent().replace(comment, run)
    return parts


def parse_excel_2003(data: bytes) -> ParsedDocument:
    """Each sheet under its name."""
    root = parse_xml(data)
    codes = {
        style.get(_SS + "ID", ""): _NAMED_FORMATS.get(code, code)
        for style in root.iter(_SS + "Style")
        for number in style.iterchildren(_SS + "NumberFormat")
        if (code := number.get(_SS + "Format", ""))
    }
    writer = Writer()
    for number, sheet in enumerate(root.iterchildren(_SS + "Worksheet"), 1):
        name = sheet.get(_SS + "Name", "")
        if "Hidden" in (sheet.findtext(".//{*}Visible") or "") and not with_hidden(f"sheet {name}"):
            continue
        writer.page(number, name)
        writer.heading(2, md.escape(name))
        grid = _grid(sheet, codes)
        grid.leave_out_hidden(name)
        writer.extend(sheet_blocks(grid.cells, grid.merges))
        for text in grid.comments if with_comments() else ():
            writer.add(md.escape_lines(md.escape(text)))
    markdown, pages = writer.finish()
    return ParsedDocument(markdown, pages)


def _grid(sheet: etree._Element, codes: dict[str, str]) -> Grid:
    grid, row = Grid(), -1
    for line in sheet.iterfind(f"{_SS}Table/{_SS}Row"):
        row = _index(line, "Index", row + 2) - 1
        if line.get(_SS + "Hidden") == "1":
            grid.hidden_rows.add(row)
        column = -1
        for cell in line.iterchildren(_SS + "Cell"):
            column = _index(cell, "Index", column + 2) - 1
            data = cell.find(_SS + "Data")
            text = _shown(data, codes.get(cell.get(_SS + "StyleID", ""), "")) if data is not None else ""
            right, below = _index(cell, "MergeAcross", 0), _index(cell, "MergeDown", 0)
            text = md.link(text, cell.get(_SS + "HRef", ""))
            comment = cell.find(_SS + "Comment")
            if comment is not None and (said := " ".join("".join(comment.itertext()).split())):
                by = f" by {comment.get(_SS + 'Author')}" if comment.get(_SS + "Author") else ""
                grid.comments.append(f"Comment on {cell_name((row, column))}{by}: {said}")
            if text:
                grid.cells[row, column] = text
                if right or below:
                    grid.merges.append(((row, column), (row + below, column + right)))
            column += right
    return grid


def _index(element: etree._Element, name: str, default: int) -> int:
    value = element.get(_SS + name, "")
    return min(int(value), 1_048_576) if value.isdigit() else default


def _shown(data: etree._Element, code: str) -> str:
    text = "".join(data.itertext()).strip()
    if data.get(_SS + "Type") == "Number":
        try:
            return md.escape(shown_number(float(text), code_of(0, code or "General"), raw=text).strip())
        except ValueError:
            pass
    return md.escape(text.removesuffix("T00:00:00.000") if data.get(_SS + "Type") == "DateTime" else text)


def _zipped(parts: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return held.getvalue()


def _root(name: bytes, space: bytes) -> Callable[[bytes, bytes], bool]:
    """A `sniff` for XML with this root element that mentions this namespace."""
    begins = re.compile(
        rb"(?:\xef\xbb\xbf)?\s*(?:(?><\?[^>]*>|<!--.*?-->)\s*+)*+<(?:[\w-]+:)?" + name + rb"\s[^>]*", re.S
    )

    def sniff(head: bytes, data: bytes) -> bool:
        found = begins.match(head[:16384])
        return found is not None and space in found[0]

    return sniff


_ODF = b"urn:oasis:names:tc:opendocument"
FORMATS = (
    Format("application/vnd.oasis.opendocument.text-flat-xml", from_bytes(parse_flat_odf),
           suffixes=(".fodt", ".fods", ".fodp"), sniff=_root(b"document", _ODF), xml=True),
    Format("application/vnd.openxmlformats-package.flat", from_bytes(parse_flat_opc),
           sniff=_root(b"package", b"office/2006/xmlPackage"), xml=True),
    Format("application/vnd.ms-word.xml", from_bytes(parse_word_2003),
           sniff=_root(b"wordDocument", _WORD_2003), xml=True),
    Format("application/vnd.ms-excel.xml", from_bytes(parse_excel_2003),
           sniff=_root(b"Workbook", b"urn:schemas-microsoft-com:office:spreadsheet"), xml=True),
)  # fmt: skip
