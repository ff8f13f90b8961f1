from __future__ import annotations

from functools import partial

import pytest

from schemas.errors import CorruptDocument
from services.parsing.detect import detect
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, Input, from_bytes, starts_with
from services.parsing.registry import BY_MEDIA_TYPE, FORMATS
from tests.services.parsing import samples

detected = partial(detect, formats=FORMATS)

_OFFICE = "application/vnd.openxmlformats-officedocument."
_MAIL = b"From: a@b.c\nTo: d@e.f\nSubject: hello\nDate: today\n\nbody\n"


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"{\\rtf1 x}", "application/rtf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF0000WEBP", "image/webp"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b" <!DOCTYPE html><p>x", "text/html"),
        (_MAIL, "message/rfc822"),
        (samples.docx(samples.paragraph("x")), _OFFICE + "wordprocessingml.document"),
        (samples.xlsx({"a": ""}), _OFFICE + "spreadsheetml.sheet"),
        (samples.opendocument("text", ""), "application/vnd.oasis.opendocument.text"),
        (samples.ole({"WordDocument": b"x"}), "application/msword"),
        (samples.ole({"PowerPoint Document": b"x"}), "application/vnd.ms-powerpoint"),
        (samples.ole({"Workbook": b"x"}), "application/vnd.ms-excel"),
        (b'{"cells": [], "nbformat": 4}', "application/x-ipynb+json"),
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


def test_an_archive_that_is_no_document_is_an_archive() -> None:
    assert detected(samples.zipped({"readme.txt": "x"}), "letter.docx") == "application/zip"
    assert detected(samples.zipped({"word/notes.txt": "x"})) == "application/zip"


def test_a_broken_container_is_corrupt() -> None:
    with pytest.raises(CorruptDocument):
        detected(b"PK\x03\x04" + b"x" * 100)
    with pytest.raises(CorruptDocument):
        detected(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 2000)


def test_an_encrypted_office_document_says_so() -> None:
    with pytest.raises(CorruptDocument, match="encrypted"):
        detected(samples.ole({"EncryptedPackage": b"x"}))


def test_a_new_format_is_one_module_and_one_line() -> None:
    def parse_subtitles(data: bytes) -> ParsedDocument:
        return ParsedDocument(data.decode().partition("\n")[2])

    subtitles = Format("application/x-subrip", from_bytes(parse_subtitles), suffixes=(".srt",))
    slides = Format("application/x-deck", from_bytes(parse_subtitles), signature=starts_with(b"DECK"))
    formats = (*FORMATS, subtitles, slides)

    assert detect(b"1\nhello", "film.SRT", formats=formats) == "application/x-subrip"
    assert detect(b"DECK\0", "film.pdf", formats=formats) == "application/x-deck"
    assert detect(b"1\nhello", "film.txt", formats=formats) == "text/plain"
    assert subtitles.parse(Input(b"1\nhello")).markdown == "hello"


def test_no_two_formats_share_a_media_type() -> None:
    assert len(BY_MEDIA_TYPE) == len(FORMATS)


@pytest.mark.parametrize(
    ("data", "name", "media_type"),
    [
        (b"MIME-Version: 1.0\nContent-Type: multipart/related\n\ntext/html", "a.html", "multipart/related"),
        (b"no markup at all", "a.mht", "text/html"),
        (_MAIL, "a.html", "text/html"),
        (b"{}", "a.ipynb", "application/x-ipynb+json"),
        (b"a\tb", "a.tab", "text/tab-separated-values"),
    ],
)
def test_formats_that_share_a_suffix_are_told_apart_by_content(
    data: bytes, name: str, media_type: str
) -> None:
    assert detected(data, name) == media_type
