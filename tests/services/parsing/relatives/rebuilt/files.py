# ruff: noqa: E501 (markup reads best on one line)
"""Texts, archives and pictures that other tools read wrong or do not know."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

from PIL import Image

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.grids import changed
from tests.services.parsing.samples import docx, ole, paragraph, zipped

_LETTER = docx(paragraph("Open the gate."))


def _stored() -> bytes:
    """Entries without sizes in their heads, as programs that stream write them."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.held = b""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.held += bytes(data)  # type: ignore[call-overload]
            return len(bytes(data))  # type: ignore[call-overload]

    pipe = Pipe()
    with (
        zipfile.ZipFile(io.BytesIO(_LETTER)) as archive,
        zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for name in archive.namelist():
            out.writestr(name, archive.read(name))
    return pipe.held


def _foreign_names() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("Gr\u00f6\u00dfe.txt".encode("cp437").decode("cp437"), "Words of the text.")
        archive.writestr("leer/", "")
    return held.getvalue()


def _tar(kind: str) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=kind) as archive:  # type: ignore[call-overload]
        entry = tarfile.TarInfo("a" * 120 + "/notes.txt")
        entry.size = 14
        archive.addfile(entry, io.BytesIO(b"The last note."))
        link = tarfile.TarInfo("link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return held.getvalue()


def _picture(mode: str, kind: str, **more: object) -> bytes:
    held = io.BytesIO()
    Image.new(mode, (64, 48)).save(held, kind, **more)
    return held.getvalue()


_PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=ISO-8859-2\\n"\n\nmsgid "gate"\nmsgstr "śluza na rzece, której próg jest wysoki"\n'

CASES = [
    Case("zip: entries without sizes in their heads", "a.docx", _stored(), has=["Open the gate."]),
    Case("zip: names in an old code page and empty folders", "a.zip", _foreign_names(), has=["Words of the text."]),
    Case("zip: an office document within folders of a packet", "a.zip", zipped({"in/deep/a.docx": _LETTER, "in/deep/b.tar.gz": gzip.compress(_tar("w"))}), has=["Open the gate.", "The last note."], lacks=["root:"]),
    Case("tar: long names and links out of the packet", "a.tar", _tar("w"), has=["The last note."], lacks=["root:"]),
    Case("tar: bzip2", "a.tar.bz2", _tar("w:bz2"), has=["The last note."]),
    Case("tar: xz", "a.txz", _tar("w:xz"), has=["The last note."]),
    Case("zip: an unpacked document", "a.docx", changed(_LETTER, {}), has=["Open the gate."]),
    Case("gettext: a catalogue in Latin-2", "pl.po", _PO.encode("iso-8859-2"), has=["śluza na rzece, której próg jest wysoki"]),
    Case("ios: strings in UTF-16", "Localizable.strings", '"gate" = "Größe";\n'.encode("utf-16"), has=['"gate" = "Größe";']),
    Case("windows: exported settings in UTF-16", "a.reg", "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_CURRENT_USER\\Größe]\r\n".encode("utf-16"), has=["Größe"]),
    Case("java: properties in Latin-1", "de.properties", "gate=Schütz und Größe der Mühle über dem Fluß\n".encode("latin-1"), has=["Größe"]),
    Case("subtitles in cp1251", "a.srt", "1\r\n00:00:01,000 --> 00:00:02,000\r\nГде ключ от шлюза?\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nПод ковриком у двери.\r\n".encode("cp1251"), has=["Где ключ от шлюза?", "Под ковриком"]),
    Case("a log with colours of a terminal", "a.log", b"\x1b[32mINFO\x1b[0m gate open\n\x1b[31mERROR\x1b[0m lamp out\n", has=["gate open", "lamp out"]),
    Case("a dump with bytes of pictures in it", "a.sql", b"INSERT INTO t VALUES (1,'weir',X'89504e47');\nINSERT INTO t VALUES (2,'Gr\xc3\xb6\xc3\x9fe',NULL);\n", has=["Größe"]),
    Case("a drawing in text", "a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><title>Plan</title><text>North gate</text></svg>", has=["North gate"]),
    Case("lines of JSON, one of them broken", "a.jsonl", '{"a": "Größe"}\n{"a": \n{"a": 3}\n'.encode(), has=["Größe", '{"a": 3}']),
    Case("a text with line ends of all kinds", "a.txt", b"one\r\ntwo\rthree\nfour", has=["one", "two", "three", "four"]),
    Case("a text with one very long line", "a.txt", b"x" * 3_000_000 + b" end", has=["end"]),
    Case("a text with marks of order and joiners", "a.txt", "\u200eabc\u200f \u2066שלום\u2069 a\u200bb \u00adx\n".encode(), has=["שלום"]),
    Case("a text in UTF-8 with its mark in the midst", "a.txt", "one\n\ufefftwo\n".encode(), has=["one", "two"]),
    Case("a page saved as .txt by its type", "page", b"<!DOCTYPE html><html><body><h1>Weir</h1></body></html>", has=["# Weir"], content_type="text/html"),
    Case("a letter without a name and with a wrong type", "upload", _LETTER, has=["Open the gate."], content_type="application/octet-stream"),
    Case("a mail that is named .txt", "a.txt", b"Return-Path: <a@e.org>\r\nReceived: from x\r\nFrom: a@e.org\r\nTo: b@e.org\r\nSubject: =?utf-8?Q?Gr=C3=B6=C3=9Fe?=\r\nDate: Mon, 6 May 2024 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nwords\r\n", has=["words"]),
    Case("onenote: refused with its kind", "a.one", bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + b"\0" * 500, refused="OneNote"),
    Case("publisher: refused with its kind", "a.pub", ole({"Quill/QuillSub/CONTENTS": b"x" * 100, "Contents": b"y"}), refused="Word, Excel, PowerPoint or Outlook"),
    Case("mobi: refused with its kind", "a.mobi", b"Weirs\0".ljust(60, b"\0") + b"BOOKMOBI" + b"\0" * 500, refused="Mobipocket"),
    Case("djvu: refused with its kind", "a.djvu", b"AT&TFORM\0\0\0\x10DJVU" + b"\0" * 300, refused="DjVu"),
    Case("wordperfect: refused with its kind", "a.wpd", b"\xffWPC" + b"\x10\0\0\0\x01\x0a" + bytes(range(256)) * 3, refused="WordPerfect"),
    Case("chm: refused with its kind", "a.chm", b"ITSF\x03\0\0\0" + bytes(range(256)) * 3, refused="control bytes"),
    Case("parquet: refused with its kind", "a.parquet", b"PAR1" + bytes(range(256)) * 3 + b"PAR1", refused="Parquet"),
    Case("lotus: refused or read, not as noise", "a.wk1", b"\0\0\x02\0\x06\x04\x06\0\x08\0\0\0\0\0\x02\0\x02\0", refused="not"),
    *(Case(f"a picture: {mode} {kind}", f"a.{kind.lower()}", _picture(mode, kind), has=["64 × 48"]) for mode, kind in (("CMYK", "TIFF"), ("I;16", "PNG"), ("P", "GIF"), ("LA", "PNG"), ("1", "TIFF"), ("CMYK", "JPEG"))),
]  # fmt: skip
