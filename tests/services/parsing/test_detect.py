from __future__ import annotations

import pytest

from schemas.errors import CorruptDocument, UnsupportedFormat
from services.parsing import detect
from services.parsing.detect import detect as detected
from tests.services.parsing import samples

_MAIL = b"From: a@b.c\nTo: d@e.f\nSubject: hello\nDate: today\n\nbody\n"


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"%PDF-1.7\n", detect.PDF),
        (b"{\\rtf1 x}", detect.RTF),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF0000WEBP", "image/webp"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b" <!DOCTYPE html><p>x", detect.HTML),
        (_MAIL, detect.EML),
        (samples.docx(samples.paragraph("x")), detect.DOCX),
        (samples.xlsx({"a": ""}), detect.XLSX),
        (samples.opendocument("text", ""), detect.ODT),
        (samples.ole({"WordDocument": b"x"}), detect.DOC),
        (samples.ole({"PowerPoint Document": b"x"}), detect.PPT),
        (samples.ole({"Workbook": b"x"}), detect.XLS),
        (b'{"cells": [], "nbformat": 4}', detect.IPYNB),
    ],
)
@pytest.mark.parametrize("name", [None, "file.pdf", "file.jpg", "file", "file.docx"])
def test_content_decides_whatever_the_name_says(data: bytes, media_type: str, name: str | None) -> None:
    assert detected(data, name, "application/octet-stream") == media_type


@pytest.mark.parametrize(
    ("name", "declared", "media_type"),
    [
        ("a.csv", None, "text/csv"),
        ("a", "text/csv; charset=utf-8", "text/csv"),
        ("a.md", "text/plain", "text/markdown"),
        ("a.rs", None, "text/plain"),
        (None, None, "text/plain"),
    ],
)
def test_names_then_declared_types_tell_texts_apart(
    name: str | None, declared: str | None, media_type: str
) -> None:
    assert detected(b"a,b\n1,2\n", name, declared) == media_type


@pytest.mark.parametrize("name", ["page.jinja", "view.php", "App.vue", "index.tsx"])
def test_templates_that_begin_like_a_page_stay_code(name: str) -> None:
    assert detected(b"<!DOCTYPE html>\n<html>", name) == "text/plain"


def test_an_archive_that_is_no_document_is_unsupported() -> None:
    with pytest.raises(UnsupportedFormat, match="zip archive of 1 files"):
        detected(samples.zipped({"readme.txt": "x"}))


def test_a_broken_container_is_corrupt() -> None:
    with pytest.raises(CorruptDocument):
        detected(b"PK\x03\x04" + b"x" * 100)
    with pytest.raises(CorruptDocument):
        detected(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 2000)


def test_an_encrypted_office_document_says_so() -> None:
    with pytest.raises(CorruptDocument, match="encrypted"):
        detected(samples.ole({"EncryptedPackage": b"x"}))
