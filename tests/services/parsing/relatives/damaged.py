# ruff: noqa: E501 (markup reads best on one line)
"""Files that were cut, damaged, named wrongly, or are empty."""

from __future__ import annotations

import hashlib
import io
import struct
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


def _encrypted_package(password: str) -> bytes:
    from msoffcrypto.method.ecma376_agile import ECMA376Agile  # type: ignore[import-untyped]

    book = io.BytesIO(_BOOK + bytes(4096))  # the library cannot read what it encrypts of smaller ones
    return bytes(ECMA376Agile.encrypt(password, book, spin_count=1_000))


def _encrypted_records(password: str) -> bytes:
    """A workbook of Excel 97 in RC4 ([MS-XLS] §2.4.117): all records but a few, by their place in the stream."""
    import olefile  # type: ignore[import-untyped]
    import xlwt  # type: ignore[import-untyped]
    from msoffcrypto.method.rc4 import DocumentRC4  # type: ignore[import-untyped]

    book, held, salt = xlwt.Workbook(), io.BytesIO(), bytes(range(16))
    book.add_sheet("Levels").write(0, 0, "gate 7")
    book.save(held)
    plain = olefile.OleFileIO(held).openstream("Workbook").read()
    first = 4 + struct.unpack_from("<H", plain, 2)[0]

    def ciphered(data: bytes, size: int) -> bytes:
        return bytes(DocumentRC4.decrypt(password, salt, io.BytesIO(data), size).read())

    verifier = ciphered(bytes(16) + hashlib.md5(bytes(16)).digest(), 1024)
    lock = struct.pack("<HHHHH", 0x2F, 54, 1, 1, 1) + salt + verifier
    stream = bytearray(plain[:first] + lock + plain[first:])
    secret, at = ciphered(bytes(stream), 1024), 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        if kind == 0x85:  # BOUNDSHEET: its place has moved by the new record, and stays readable
            struct.pack_into("<I", stream, at + 4, struct.unpack_from("<I", stream, at + 4)[0] + len(lock))
        begin = at + 4 + 4 * (kind == 0x85)
        if kind not in (0x809, 0x2F, 0xE1):
            stream[begin : at + 4 + size] = secret[begin : at + 4 + size]
        at += 4 + size
    return samples.ole({"Workbook": bytes(stream)})


CASES = [
    Case("a workbook that Excel opens without asking", "a.xlsx", _encrypted_package("VelvetSweatshop"), has=["gate 199"]),
    Case("a workbook with a password", "a.xlsx", _encrypted_package("another"), refused="encrypted with a password"),
    Case("a document of Hancom in binary form", "a.hwp", samples.ole({"FileHeader": b"HWP Document File", "BodyText/Section0": bytes(100)}), refused="save it as HWPX or PDF"),
    Case("an old workbook that Excel opens without asking", "a.xls", _encrypted_records("VelvetSweatshop"), has=["gate 7"]),
    Case("an old workbook with a password", "a.xls", _encrypted_records("another"), refused="cannot be read"),
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
