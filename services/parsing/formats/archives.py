"""Archives (.zip, .tar): every document in them, under its name."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from schemas.errors import DocumentError, DocumentTooLarge, UnsupportedFormat
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.text import decode
from services.parsing.nested import is_too_deep, parse_nested
from services.parsing.office.archive import MAX_RATIO, RATIO_FREE
from services.parsing.reading import warn

#: Most files of an archive that are read, and their bytes together.
MAX_FILES, MAX_BYTES = 1_000, 400 * 1024 * 1024
#: The flag of an entry whose name is in UTF-8.
_UTF8 = 0x800
#: What systems leave in archives.
_JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


def parse_zip(data: bytes) -> ParsedDocument:
    """Raises UnsupportedFormat if it holds no document that can be read."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return _parsed("zip", len(archive.namelist()), _of_zip(archive))


def parse_tar(data: bytes) -> ParsedDocument:
    """Raises UnsupportedFormat if it holds no document that can be read."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        return _parsed("tar", len(archive.getnames()), _of_tar(archive))


def _of_zip(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes | None]]:
    """Names and contents, None for one that cannot be unpacked."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    for entry, name in zip(entries, _names(entries), strict=True):
        bomb = entry.file_size > RATIO_FREE and entry.file_size > MAX_RATIO * max(entry.compress_size, 1)
        if entry.flag_bits & 1 or bomb or entry.file_size > MAX_BYTES:
            yield name, None
            continue
        try:
            yield name, archive.read(entry)
        except Exception:  # zipfile, zlib, bz2 and lzma each have their own
            yield name, None


def _names(entries: Sequence[zipfile.ZipInfo]) -> list[str]:
    """The names of entries. Those that are not marked as UTF-8 are in a code page that nothing names; Python
    takes them for that of DOS."""
    names = [entry.filename for entry in entries]
    unmarked = [
        n for n, entry in enumerate(entries) if not entry.flag_bits & _UTF8 and not names[n].isascii()
    ]
    try:
        decoded = decode("\n".join(names[n] for n in unmarked).encode("cp437"))[0].split("\n")
    except (UnsupportedFormat, UnicodeError):
        return names
    if len(decoded) == len(unmarked):  # no name holds a line feed
        for n, name in zip(unmarked, decoded, strict=True):
            names[n] = name
    return names


def _of_tar(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes | None]]:
    try:
        for entry in archive:
            if entry.isfile():
                stream = archive.extractfile(entry)
                yield entry.name, stream.read(MAX_BYTES + 1) if stream is not None else None
    except (tarfile.TarError, OSError, EOFError):
        warn("the end of the archive is missing; what is there was read")


def _parsed(kind: str, entries: int, files: Iterator[tuple[str, bytes | None]]) -> ParsedDocument:
    writer = md.Writer()
    size = read = 0
    for number, (name, content) in enumerate(files, 1):
        if any(part in _JUNK for part in PurePosixPath(name).parts) or PurePosixPath(name).name.startswith(
            "._"
        ):
            continue
        size += len(content or b"")
        if number > MAX_FILES or size > MAX_BYTES:
            warn(f"archive: only its first {number - 1} files are read; unpack it")
            break
        if content is None:
            warn(f"{name}: encrypted, damaged or packed too tightly; not read")
        elif content:
            read += _file(writer, number, name, content)
    if not read:
        raise UnsupportedFormat(f"{kind} archive of {entries} files, none of which is a document")
    markdown, pages = writer.finish()
    return ParsedDocument(markdown, pages)


def _file(writer: md.Writer, number: int, name: str, content: bytes) -> bool:
    """Add a file under a heading with its name. False if it is no document."""
    if is_too_deep():
        warn(f"{name}: not read, it lies in too many archives")
        return False
    try:
        document = parse_nested(content, name)
    except DocumentTooLarge:
        raise
    except DocumentError as error:
        warn(str(error))
        return False
    for warning in document.warnings:
        warn(f"{name}: {warning}")
    writer.page(number, name)
    writer.heading(1, md.escape(name))
    text = document.markdown.strip("\n")
    code = document.language if document.text_type not in ("text/markdown", "text/plain", "") else None
    writer.extend([md.code(text, code)] if code and text else [md.MarkdownBlock(text)])
    return True


FORMATS = (
    Format("application/zip", from_bytes(parse_zip)),  # every zip file that is nothing else
    Format("application/x-tar", from_bytes(parse_tar), signature=lambda data: data[257:262] == b"ustar"),
)
