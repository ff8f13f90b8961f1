"""Which files of a folder are binary: nothing that a parser reads."""

import gzip
import sqlite3
from collections.abc import Callable

import pytest

from schemas.errors import UnsupportedFormat
from services.connectors.folder.contents import is_binary
from services.parsing.formats.image import FORMATS
from services.parsing.parser import parse
from tests.services.parsing import samples
from tests.services.parsing.test_every_format import DOCUMENTS

_TEXT = "Zwei Zeilen,\nund die zweite ist länger.\n" * 50


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_is_binary_under_any_name(name: str) -> None:
    body = DOCUMENTS[name]()

    assert not is_binary(name, body)
    assert not is_binary("a", body)
    assert not is_binary("a.bin", body)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_text_is_not_binary_in_any_encoding(encoding: str) -> None:
    body = _TEXT.encode(encoding)

    assert parse(body, "a.txt").markdown == _TEXT
    assert not is_binary("a.txt", body)


@pytest.mark.parametrize(
    "head",
    [
        *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"II*\0", b"MM\0*", b"RIFF\x10\0\0\0WEBP"),
        *(b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypavif", b"BM" + b"\0" * 12 + b"\x28\0\0\0"),
    ],
)
def test_no_picture_is_binary(head: bytes) -> None:
    body = head + b"\0" * 100

    assert any(one.signature and one.signature(body) for one in FORMATS), "the parser takes it for a picture"
    assert not is_binary("a", body)


def _database() -> bytes:
    with sqlite3.connect(":memory:") as made:
        made.execute("CREATE TABLE words (word TEXT)")
        return made.serialize()


BINARIES: dict[str, Callable[[], bytes]] = {
    "program": lambda: b"\x7fELF\2\1\1\0" + bytes(range(256)) * 40,
    "database": _database,
    "film": lambda: b"\0\0\0\x18ftypmp42\0\0\0\0" + bytes(range(256)) * 40,
    "icon.ico": lambda: b"\0\0\1\0\1\0\x10\x10" + b"\0" * 900,
    "archive.gz": lambda: gzip.compress(bytes(range(256)) * 99, mtime=0),
    "installer.msi": lambda: samples.ole({"Something": b"\0" * 5000}),
}


def test_archives_of_a_folder_are_skipped_although_they_can_be_read() -> None:
    assert is_binary("archive.zip", samples.zipped({"a.txt": "Hello", "b.bin": b"\0" * 9}))


@pytest.mark.parametrize("name", BINARIES)
def test_what_is_binary_is_what_no_parser_reads(name: str) -> None:
    body = BINARIES[name]()

    with pytest.raises(UnsupportedFormat):
        parse(body, name)
    assert is_binary(name, body)
