from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import CorruptDocument, DocumentError, DocumentTooLarge
from services.parsing import parse
from services.parsing import parser as formats
from tests.services.parsing import samples

_SEEDS = {
    "docx": samples.docx(samples.paragraph("Hello", "H1") + samples.listed("item")),
    "xlsx": samples.xlsx({"One": samples.rows(["a", 1.5])}),
    "odt": samples.opendocument("text", "<text:p>x</text:p>"),
    "rtf": b"{\\rtf1\\ansi{\\b bold} text \\u8364?\\par\\trowd\\intbl a\\cell b\\cell\\row}",
    "eml": b"From: a@b.c\nTo: d@e.f\nSubject: =?utf-8?b?aGVsbG8=?=\nContent-Type: text/html\n\n<p>x</p>",
    "html": b"<!DOCTYPE html><ul><li>a<table><tr><td>b</table></ul>",
    "doc": samples.ole({"WordDocument": b"\xec\xa5" + b"\1" * 3000, "0Table": b"\2" * 600, "1Table": b""}),
    "ppt": samples.ole(
        {"PowerPoint Document": b"\x0f\0\xe8\x03\x10\0\0\0" + b"\1" * 64, "Current User": b"\0" * 40}
    ),
    "msg": samples.ole(
        {"__properties_version1.0": b"\0" * 64, "__substg1.0_0037001F": "s".encode("utf-16-le")}
    ),
    "ipynb": b'{"cells": [{"cell_type": "code", "source": ["x"]}], "nbformat": 4}',
    "csv": b"a;b\n1;2\n",
}


@given(
    st.sampled_from(sorted(_SEEDS)),
    st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=0, max_size=8)),
        min_size=1,
        max_size=4,
    ),
)
@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_damaged_documents_convert_or_fail_with_an_error_of_the_contract(
    kind: str, edits: list[tuple[float, bytes]]
) -> None:
    data = bytearray(_SEEDS[kind])
    for place, patch in edits:
        at = int(place * len(data))
        data[at : at + max(len(patch), 1)] = patch
    with contextlib.suppress(DocumentError):
        parse(bytes(data), f"file.{kind}").markdown.encode()


@pytest.mark.parametrize("kind", sorted(_SEEDS))
def test_documents_cut_short_never_leak_an_error(kind: str) -> None:
    data = _SEEDS[kind]
    for at in range(0, len(data), max(len(data) // 12, 1)):
        try:
            parse(data[:at], f"file.{kind}")
        except DocumentError:
            continue


def test_more_bytes_than_allowed_are_refused_before_they_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(formats, "MAX_FILE_BYTES", 10)

    with pytest.raises(DocumentTooLarge, match=r"a\.txt: 11 bytes, the limit is 10"):
        parse(b"x" * 11, "a.txt")


def test_the_error_names_the_file() -> None:
    with pytest.raises(CorruptDocument, match=r"^report\.docx: "):
        parse(b"PK\x03\x04broken", "report.docx")


def test_importing_the_package_loads_no_heavy_library() -> None:
    heavy = ["PIL", "numpy", "onnxruntime", "pypdfium2"]
    code = f"import sys, services.parsing; print([m for m in {heavy} if m in sys.modules])"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


def test_a_broken_picture_is_refused_without_words_of_python() -> None:
    with pytest.raises(CorruptDocument, match=r"picture cannot be decoded: no decoder knows its content$"):
        parse(b"\x89PNG\r\n\x1a\n" + bytes(40), "broken.png")
