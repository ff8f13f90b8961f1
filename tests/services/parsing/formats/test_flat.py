# ruff: noqa: E501 (markup reads best on one line)
from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from services.parsing import parse
from tests.services.parsing import samples


def flat_opc(data: bytes) -> bytes:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        parts = "".join(
            f'<pkg:part pkg:name="/{name}"><pkg:xmlData>{archive.read(name).decode()}</pkg:xmlData></pkg:part>'
            for name in archive.namelist()
        )
    return f'<?xml version="1.0"?><pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">{parts}</pkg:package>'.encode()


def flat_odf(data: bytes) -> bytes:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return archive.read("content.xml").replace(b"document-content", b"document")


ODS = '<table:table table:name="A"><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row></table:table>'
PACKED = [
    ("a.xml", samples.docx(samples.paragraph("One", "H1") + samples.listed("item")), flat_opc),
    ("a.xml", samples.xlsx({"S": samples.rows(["a", "b"])}), flat_opc),
    ("a.fodt", samples.opendocument("text", "<text:h>One</text:h>"), flat_odf),
    ("a.fods", samples.opendocument("spreadsheet", ODS), flat_odf),
    ("a.xml", samples.opendocument("text", "<text:p>One</text:p>"), flat_odf),
]


@pytest.mark.parametrize(("name", "packed", "flat"), PACKED)
def test_a_document_in_one_file_is_read_like_the_packed_one(name: str, packed: bytes, flat: object) -> None:
    found = parse(flat(packed), name)  # type: ignore[operator]

    assert found.markdown == parse(packed, "a").markdown
    assert found.text_type == "text/markdown"


def test_the_xml_of_word_2003() -> None:
    body = '<wx:sect><w:p><w:pPr><w:pStyle w:val="H"/></w:pPr><w:r><w:t>One</w:t></w:r></w:p><w:p><w:r><w:t>text</w:t></w:r></w:p></wx:sect>'
    styles = (
        '<w:styles><w:style w:type="paragraph" w:styleId="H"><w:name w:val="heading 1"/></w:style></w:styles>'
    )
    data = f'<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml" xmlns:wx="http://schemas.microsoft.com/office/word/2003/auxHint">{styles}<w:body>{body}</w:body></w:wordDocument>'

    assert parse(data.encode(), "a.doc").markdown == "# One\n\ntext\n"


def test_the_xml_of_excel_2003() -> None:
    cells = '<Row><Cell ss:StyleID="p"><Data ss:Type="Number">0.5</Data></Cell><Cell ss:MergeAcross="1"><Data ss:Type="String">wide</Data></Cell></Row><Row><Cell ss:Index="2"><Data ss:Type="DateTime">2024-05-01T00:00:00.000</Data></Cell></Row>'
    styles = '<Styles><Style ss:ID="p"><NumberFormat ss:Format="0%"/></Style></Styles>'
    space = 'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
    data = f'<?xml version="1.0"?><Workbook {space}>{styles}<Worksheet ss:Name="S"><Table>{cells}</Table></Worksheet></Workbook>'

    text = parse(data.encode(), "a.xls").markdown
    assert text.startswith("## S\n")
    assert all(part in text for part in ("50%", 'colspan="2">wide', "2024-05-01<"))


def test_other_xml_stays_as_it_is() -> None:
    assert parse(b"<document><p>x</p></document>", "a.xml").media_type == "application/xml"
