# ruff: noqa: E501 (markup reads best on one line)
"""Files that were cut, damaged, named wrongly, or are empty."""

from __future__ import annotations

import io
import zipfile

from tests.services.parsing import samples
from tests.services.parsing.formats.test_books import book
from tests.services.parsing.formats.test_slides import deck, shape
from tests.services.parsing.relatives.case import Case

_LETTER = samples.docx("".join(samples.paragraph(f"Paragraph {n} of the letter.") for n in range(300)))
_BOOK = samples.xlsx({"Levels": samples.rows(*[(f"gate {n}", n) for n in range(200)])})
_MARK = b"\xef\xbb\xbf"
_TABLE = b"<table><tr><td>Gate</td><td>Turns</td></tr><tr><td>North</td><td>17</td></tr></table>"


def _flipped(data: bytes, part: bytes, after: int) -> bytes:
    """One byte of a part's compressed content changed."""
    at = data.find(part) + len(part) + after
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def _only(data: bytes, *names: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return samples.zipped({name: archive.read(name) for name in names})


def _without(data: bytes, *names: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return samples.zipped({name: archive.read(name) for name in archive.namelist() if name not in names})


def _deck() -> bytes:
    with zipfile.ZipFile(
        io.BytesIO(deck(shape("title", (0, "First")), shape("title", (0, "Second"))))
    ) as archive:
        parts = {name.replace("ppt/s", "ppt/slides/slide"): archive.read(name) for name in archive.namelist()}
    return samples.zipped({name: content for name, content in parts.items() if "presentation" not in name})


CASES = [
    Case("a letter whose end is missing", "a.docx", _LETTER[:-300], has=["Paragraph 0 of the letter.", "Paragraph 299 of the letter."], told="its end is missing"),
    Case("half a letter", "a.docx", _LETTER[: len(_LETTER) // 2], has=["Paragraph 0 of the letter.", "Paragraph 20 of the letter."], told="its end is missing"),
    Case("a workbook whose end is missing", "a.xlsx", _BOOK[:-200], rows=[["gate 0", "0"], ["gate 199", "199"]], told="its end is missing"),
    Case("a damaged byte in a letter", "a.docx", _flipped(_LETTER, b"word/document.xml", 1500), has=["Paragraph 0 of the letter."], told="is damaged"),
    Case("a wrong checksum", "a.docx", _LETTER.replace(zipfile.ZipFile(io.BytesIO(_LETTER)).getinfo("word/document.xml").CRC.to_bytes(4, "little"), b"abcd"),
         has=["Paragraph 299 of the letter."], told="is damaged"),
    Case("blank lines before a letter", "a.docx", b"\r\n\r\n" + _LETTER, has=["Paragraph 299"]),
    Case("a byte order mark before a letter", "a.docx", _MARK + _LETTER, has=["Paragraph 299"]),
    Case("an answer's head before a letter", "a.docx", b"HTTP/1.1 200 OK\r\nContent-Type: application/msword\r\n\r\n" + _LETTER, has=["Paragraph 299"]),
    Case("much behind a letter", "a.docx", _LETTER + b"\0" * 100_000, has=["Paragraph 299"]),
    Case("a letter without its package parts", "a.docx", _only(_LETTER, "word/document.xml"), has=["Paragraph 299"]),
    Case("a deck whose list of slides is lost", "a.pptx", _deck(), order=["# First", "# Second"], told="order of their numbers"),
    Case("a book without its type", "a.epub", _without(book({"a": "<h1>Weir</h1>"}, ["a"]), "mimetype"), has=["# Weir"]),
    Case("a text without its type", "a.odt", _without(samples.opendocument("text", "<text:p>Open the gate.</text:p>"), "mimetype"), has=["Open the gate."]),
    Case("a mark before RTF", "a.rtf", _MARK + rb"{\rtf1\ansi Hello\par}", exact="Hello"),
    Case("a page that is named as a workbook", "export.xls", _TABLE, rows=[["Gate", "Turns"], ["North", "17"]]),
    Case("a page with styles that is named as a workbook", "export.xls", b"<meta charset=utf-8><style>td{mso-number-format:'@'}</style>" + _TABLE, rows=[["North", "17"]]),
    Case("columns that are named as a workbook", "export.xls", "Gate\tTurns\r\nÜberlauf\t17\r\n".encode("utf-16"), rows=[["Gate", "Turns"], ["Überlauf", "17"]]),
    Case("commas that are named as a workbook", "export.xlsx", b"Gate,Turns\r\nNorth,17\r\n", rows=[["North", "17"]]),
    Case("an empty letter", "a.docx", b"", refused="is empty"),
    Case("an empty picture", "a.png", b"", refused="is empty"),
    Case("an empty text is a text", "a.txt", b"", exact=""),
    Case("zeros that a crash left", "a.txt", b"\0" * 4096, refused="zero bytes"),
    Case("a log with zeros in it", "a.log", b"first line\n" + b"\0" * 300 + b"last line\n", exact="first line\nlast line", told="control bytes"),
    Case("the end mark of DOS", "a.txt", "Der Wärter schließt das Tor früh am Abend.\r\n".encode("cp850") + b"\x1a", has=["Der Wärter schließt das Tor früh am Abend."]),
    Case("a stray control byte in Latin-1", "a.txt", "Der W\x02ärter schließt das Tor früh.".encode("latin-1"), has=["Der Wärter schließt das Tor früh."]),
    Case("a zero in a table", "a.csv", b"a,b\n1\x00,2\n", rows=[["1", "2"]]),
    Case("bytes without meaning", "a.bin", bytes(range(256)) * 8, refused="control bytes"),
]  # fmt: skip
