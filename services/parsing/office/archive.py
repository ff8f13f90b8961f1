"""Opens zip containers (office documents, e-books) within limits, and parses their XML without entities."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument, DocumentTooLarge
from services.parsing.office.mending import inflated
from services.parsing.reading import warn

#: Maximum entries of an archive; 1,000 slides with a picture each have about 4,000.
MAX_ENTRIES = 20_000
#: Maximum unpacked bytes of a part. A 200 MB spreadsheet has sheets of about 1.5 GB of XML (streamed).
MAX_PART = 2 * 1024**3
#: Maximum bytes of a part that is read into memory as a whole.
MAX_WHOLE_PART = 200 * 1024 * 1024
#: Maximum ratio of unpacked to packed size. Sheets of equal numbers reach 100, deflate's limit is 1,032.
MAX_RATIO = 400
#: Parts below this size may have any ratio.
RATIO_FREE = 16 * 1024 * 1024

#: Namespaces of strict files (ISO/IEC 29500-1), which differ from the usual ones only in this prefix.
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")

XML_ERRORS = (etree.XMLSyntaxError, etree.ParserError)


class Archive:
    """A zip file's parts by name. Exceeding a limit raises DocumentTooLarge."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            raise CorruptDocument(f"zip container cannot be opened: {error}") from error
        entries = self._zip.infolist()
        if len(entries) > MAX_ENTRIES:
            raise DocumentTooLarge(f"zip container of {len(entries)} entries, the limit is {MAX_ENTRIES}")
        self._entries = {part_name(entry.filename): entry for entry in entries}
        #: Part names are case-insensitive (ECMA-376 part 2 §6.2.2.3), though most files use one spelling.
        self._spelled = {name.lower(): name for name in self._entries}

    def names(self) -> list[str]:
        return list(self._entries)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._spelled

    def size(self, name: str) -> int:
        """The declared unpacked size of a part in bytes."""
        return self._entries[self._spelled[name.lower()]].file_size

    def open(self, name: str) -> zipfile.ZipExtFile:
        """A part as a stream. Raises CorruptDocument if it is missing or encrypted."""
        entry = self._entries.get(self._spelled.get(name.lower(), ""))
        if entry is None:
            raise CorruptDocument(f"part {name} is missing")
        ratio = entry.file_size / max(entry.compress_size, 1)
        if entry.file_size > MAX_PART or (entry.file_size > RATIO_FREE and ratio > MAX_RATIO):
            raise DocumentTooLarge(
                f"part {name} unpacks to {entry.file_size} bytes ({ratio:.0f} times its size), "
                f"the limits are {MAX_PART} bytes and {MAX_RATIO} times"
            )
        try:
            return self._zip.open(entry)  # type: ignore[return-value]
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
            raise CorruptDocument(f"part {name} cannot be opened: {error}") from error

    def read(self, name: str) -> bytes:
        """A whole part, at most its declared size and the limit."""
        with self.open(name) as stream:
            try:
                content = stream.read(MAX_WHOLE_PART + 1)
            except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
                content = self._damaged(name)
                if not content:
                    raise CorruptDocument(f"part {name} cannot be unpacked: {error}") from error
        if len(content) > MAX_WHOLE_PART:
            raise DocumentTooLarge(f"part {name} unpacks to more than {MAX_WHOLE_PART} bytes")
        return content

    def _damaged(self, name: str) -> bytes:
        """What can be unpacked of a damaged part."""
        entry = self._entries[self._spelled[name.lower()]]
        head = self._data[entry.header_offset : entry.header_offset + 30]
        start = entry.header_offset + 30 + sum(int.from_bytes(head[at : at + 2], "little") for at in (26, 28))
        packed = self._data[start : start + entry.compress_size]
        warn(f"part {name} is damaged; what could be unpacked was read")
        return inflated(packed)[0] if entry.compress_type == zipfile.ZIP_DEFLATED else packed

    def xml(self, name: str) -> etree._Element:
        return parse_xml(self.read(name), name)

    def xml_or_none(self, name: str) -> etree._Element | None:
        """An optional part; None if it is missing or broken."""
        if name not in self:
            return None
        try:
            return self.xml(name)
        except CorruptDocument:
            return None


def part_name(name: str) -> str:
    """The part name of a zip entry; some programs write backslashes."""
    return name.replace("\\", "/").lstrip("/")


def parse_xml(content: bytes, name: str = "XML") -> etree._Element:
    """The root of an XML part. No entities or external references; damage is repaired if possible."""
    if b"purl.oclc.org/ooxml/" in content[:8192]:
        content = _STRICT.sub(rb"http://schemas.openxmlformats.org/\1/2006/", content)
    for recover in (False, True):
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            recover=recover,
            remove_comments=True,
            remove_pis=True,
            collect_ids=False,
        )
        try:
            root = etree.fromstring(content, parser)
        except XML_ERRORS as error:
            failure: Exception = error
            continue
        if root is not None:
            return root
    raise CorruptDocument(f"part {name} is not XML: {failure}")


def relations(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """Relations of an OPC part: id -> (kind, target); targets inside the package are full part names."""
    folder, name = posixpath.split(part)
    root = archive.xml_or_none(posixpath.join(folder, "_rels", name + ".rels"))
    return dict(_relations(root, folder)) if root is not None else {}


def _relations(root: etree._Element, folder: str) -> Iterator[tuple[str, tuple[str, str]]]:
    for relation in root.iterchildren("{*}Relationship"):
        target = relation.get("Target", "")
        if relation.get("TargetMode") != "External":
            inside = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            target = posixpath.normpath(inside)
        yield relation.get("Id", ""), (relation.get("Type", "").rsplit("/", 1)[-1], target)
