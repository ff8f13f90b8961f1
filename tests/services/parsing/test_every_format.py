"""One document of each format through the sandbox: what a worker answers is what parsing gives here."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlwt  # type: ignore[import-untyped]

from services.parsing import parse
from services.parsing.sandbox.pool import Sandbox
from tests.services.parsing import samples
from tests.services.parsing.formats.test_books import book, picture
from tests.services.parsing.formats.test_mail import message
from tests.services.parsing.formats.test_outlook import winmail
from tests.services.parsing.formats.test_slides import deck, old_deck, shape
from tests.services.parsing.formats.test_texts import word97
from tests.services.parsing.pdf.conftest import Sheet

pytestmark = pytest.mark.pythons

_EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "documents"


def pdf() -> bytes:
    sheet = Sheet()
    sheet.text(72, 100, "Hello")
    return sheet.data()


def xls() -> bytes:
    workbook, held = xlwt.Workbook(), io.BytesIO()
    workbook.add_sheet("One").write(0, 0, "Hello")
    workbook.save(held)
    return held.getvalue()


def msg() -> bytes:
    texts = {"0037001F": "Subject", "1000001F": "Hello", "0C1A001F": "Ann"}
    streams = {
        f"__substg1.0_{tag}": text.encode("utf-16-le").ljust(4096, b"\0") for tag, text in texts.items()
    }
    return samples.ole({"__properties_version1.0": b"\0" * 32, **streams})


_BOX = "<draw:text-box><text:p>Hello</text:p></draw:text-box>"
_FRAME = f'<draw:frame presentation:class="title">{_BOX}</draw:frame>'
_CELL = "<table:table-row><table:table-cell><text:p>Hello</text:p></table:table-cell></table:table-row>"
DOCUMENTS = {
    "a.pdf": pdf,
    "a.docx": lambda: samples.docx(samples.paragraph("Hello", "H1")),
    "a.doc": lambda: word97([("Hello\r", 1, b"")]),
    "a.odt": lambda: samples.opendocument("text", "<text:p>Hello</text:p>"),
    "a.ods": lambda: samples.opendocument(
        "spreadsheet", f'<table:table table:name="One">{_CELL}</table:table>'
    ),
    "a.odp": lambda: samples.opendocument("presentation", f"<draw:page>{_FRAME}</draw:page>"),
    "a.ics": lambda: b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Hello\nEND:VEVENT\nEND:VCALENDAR\n",
    "a.vcf": lambda: b"BEGIN:VCARD\nFN:Hello\nEND:VCARD\n",
    "a.mbox": lambda: b"From a\n" + message().as_bytes() + b"\nFrom b\n" + message().as_bytes(),
    "winmail.dat": winmail,
    "a.rtf": lambda: rb"{\rtf1\ansi Hello\par}",
    "a.xlsx": lambda: samples.xlsx({"One": samples.rows(("Hello", 1))}),
    "a.xls": xls,
    "a.pptx": lambda: deck(shape("title", (0, "Hello"))),
    "a.ppt": old_deck,
    "a.epub": lambda: book({"a": "<h1>Hello</h1>"}, ["a"]),
    "a.eml": lambda: message().as_bytes(),
    "a.mht": lambda: (
        b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=B\n\n"
        b"--B\nContent-Type: text/html\n\n<h1>Hello</h1>\n--B--\n"
    ),
    "a.msg": msg,
    "a.ipynb": lambda: json.dumps({"cells": [{"cell_type": "markdown", "source": "Hello"}]}).encode(),
    "a.csv": lambda: b"Hello,b\n1,2\n",
    "a.tsv": lambda: b"Hello\tb\n1\t2\n",
    "a.html": lambda: b"<html><body><h1>Hello</h1></body></html>",
    "a.png": picture,
    "a.md": lambda: b"# Hello\n",
    "a.txt": lambda: b"Hello\n" * 500_000,
    "a.py": lambda: b"def hello() -> None: ...  # Hello\n",
    "inspection-report.pdf": (_EXAMPLES / "inspection-report.pdf").read_bytes,
    "sluice-gates.docx": (_EXAMPLES / "sluice-gates.docx").read_bytes,
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox()
    yield box
    box.close()


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_document_of_each_format_passes_the_sandbox(sandbox: Sandbox, name: str) -> None:
    data = DOCUMENTS[name]()
    document = await sandbox.parse(data, name, None)

    assert document == parse(data, name)
    assert document.markdown
    assert "Hello" in document.markdown or not name.startswith("a.") or name in ("a.ppt", "a.png")
