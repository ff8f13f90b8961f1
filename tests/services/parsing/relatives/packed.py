# ruff: noqa: E501 (markup reads best on one line)
"""Compressed files and archives."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile

from tests.services.parsing import samples
from tests.services.parsing.relatives.case import Case

_PAGE = b"<html><body><h1>Weir</h1><p>Open at noon.</p></body></html>"
_LETTER = samples.docx(samples.paragraph("Open the gate."))
_LONG = "".join(f"line {n} of the log\n" for n in range(5000)).encode()


def _tar() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, content in (("notes/a.txt", b"The first note."), ("notes/b.docx", _LETTER)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return held.getvalue()


_FILES: dict[str, str | bytes] = {
    "a/report.docx": _LETTER,
    "a/page.html": _PAGE,
    "data.csv": b"Gate,Turns\nNorth,17\n",
    "tool.bin": bytes(range(256)) * 8,
    "__MACOSX/a/._report.docx": b"\0\5\x16\7 resource fork",
}

CASES = [
    Case("a packed page", "page.html.gz", gzip.compress(_PAGE), exact="# Weir\n\nOpen at noon."),
    Case("a packed log of two parts", "a.log.gz", gzip.compress(b"one\n") + gzip.compress(b"two\n"), exact="one\ntwo"),
    Case("a packed log that was cut", "a.log.gz", gzip.compress(_LONG)[:-2000], has=["line 0 of the log", "line 100 of the log"], told="end of the compressed file"),
    Case("bzip2", "a.txt.bz2", bz2.compress(b"Open the gate."), exact="Open the gate."),
    Case("xz around a letter", "a.docx.xz", lzma.compress(_LETTER), exact="Open the gate."),
    Case("a name that does not tell the packing", "page.html", gzip.compress(_PAGE), has=["# Weir"]),
    Case("a packed archive", "notes.tgz", gzip.compress(_tar()), order=["# notes/a.txt", "The first note.", "# notes/b.docx", "Open the gate."]),
    Case("documents in an archive", "all.zip", samples.zipped(_FILES), order=["# a/report.docx", "Open the gate.", "# a/page.html", "Open at noon.", "# data.csv"],
         rows=[["North", "17"]], lacks=["resource fork"], told="tool.bin"),
    Case("an archive in an archive", "all.zip", samples.zipped({"inner.zip": samples.zipped({"a.txt": "Deep words."})}), has=["Deep words."]),
    Case("an archive without documents", "all.zip", samples.zipped({"tool.bin": bytes(range(256)) * 8}), refused="none of which is a document"),
    Case("a bomb", "bomb.gz", gzip.compress(gzip.compress(b"\0" * 210_000_000)), refused="unpacks to more than"),
]  # fmt: skip
