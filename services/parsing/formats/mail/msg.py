"""Outlook messages (.msg): properties in the streams of an OLE container, [MS-OXMSG]."""

from __future__ import annotations

import datetime
import io
import struct

import olefile  # type: ignore[import-untyped]

from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.mail.attachments import Attachment
from services.parsing.formats.mail.message import mail_document
from services.parsing.formats.mail.outlook import body_of
from services.parsing.formats.text import decode

_SUBJECT, _BODY, _HTML, _RTF = 0x0037, 0x1000, 0x1013, 0x1009
_SENDER, _SENDER_SMTP, _SENDER_MAIL, _TO, _CC = 0x0C1A, 0x5D01, 0x0C1F, 0x0E04, 0x0E03
_FILE_LONG, _FILE_SHORT, _FILE_TITLE, _FILE_DATA, _FILE_TYPE = 0x3707, 0x3704, 0x3001, 0x3701, 0x370E
_SUBMITTED, _DELIVERED, _INTERNET_PAGE, _MESSAGE_PAGE = 0x0039, 0x0E06, 0x3FDE, 0x3FFD
#: Property types: text in UTF-16, text in a code page, bytes, a storage, a time, a number.
_UNICODE, _STRING8, _BINARY, _OBJECT, _TIME, _NUMBER = 0x001F, 0x001E, 0x0102, 0x000D, 0x0040, 0x0003
#: 100 ns steps from 1601, the epoch of FILETIME, to 1970.
_EPOCH = 116_444_736_000_000_000


def parse_msg(data: bytes) -> ParsedDocument:
    """Convert a message with its attachments."""
    with olefile.OleFileIO(io.BytesIO(data)) as container:
        return _message(container, [], 32)


def _message(container: olefile.OleFileIO, folder: list[str], head: int) -> ParsedDocument:
    """Read the message in a storage; its fixed-length properties begin after `head` bytes."""
    fixed = _fixed(container, folder, head)
    properties = _Properties(container, folder, _code_page(fixed))
    sender = properties.text(_SENDER)
    address = properties.text(_SENDER_SMTP) or properties.text(_SENDER_MAIL)
    facts = [
        ("From", f"{sender} <{address}>" if address and address != sender else sender),
        ("To", properties.text(_TO)),
        ("Cc", properties.text(_CC)),
        ("Date", _date(fixed)),
    ]
    html = properties.binary(_HTML) or properties.text(_HTML)
    body = body_of(properties.text(_BODY), html, properties.binary(_RTF), _code_page(fixed))
    attachments = [found for inner in _folders(container, folder) if (found := _attachment(container, inner))]
    return mail_document(properties.text(_SUBJECT), facts, [body], attachments)


class _Properties:
    """The variable-length properties of a storage (the message, an attachment)."""

    def __init__(self, container: olefile.OleFileIO, folder: list[str], page: str | None = None) -> None:
        self._container = container
        self._folder = folder
        self._page = page

    def _stream(self, tag: int, kind: int) -> bytes | None:
        path = [*self._folder, f"__substg1.0_{tag:04X}{kind:04X}"]
        if not self._container.exists(path) or self._container.get_type(path) != olefile.STGTY_STREAM:
            return None
        content: bytes = self._container.openstream(path).read()
        return content

    def text(self, tag: int) -> str:
        wide = self._stream(tag, _UNICODE)
        if wide is not None:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        narrow = self._stream(tag, _STRING8)
        return decode(narrow.rstrip(b"\0"), self._page)[0] if narrow else ""

    def binary(self, tag: int) -> bytes:
        return self._stream(tag, _BINARY) or b""


def _folders(container: olefile.OleFileIO, folder: list[str]) -> list[list[str]]:
    depth = len(folder)
    names = {
        path[depth]
        for path in container.listdir(streams=True, storages=True)
        if len(path) > depth and path[:depth] == folder
    }
    return [[*folder, name] for name in sorted(names) if name.startswith("__attach_version1.0_")]


def _attachment(container: olefile.OleFileIO, folder: list[str]) -> Attachment | None:
    properties = _Properties(container, folder)
    name = properties.text(_FILE_LONG) or properties.text(_FILE_SHORT) or properties.text(_FILE_TITLE)
    embedded = [*folder, f"__substg1.0_{_FILE_DATA:04X}{_OBJECT:04X}"]
    if container.exists(embedded) and container.get_type(embedded) == olefile.STGTY_STORAGE:
        return Attachment(name or "message", b"", read=lambda: _message(container, embedded, 24))
    content = properties.binary(_FILE_DATA)
    return Attachment(name, content, properties.text(_FILE_TYPE) or None) if content else None


def _fixed(container: olefile.OleFileIO, folder: list[str], head: int) -> dict[int, int]:
    """The fixed-length properties, 16 bytes each."""
    path = [*folder, "__properties_version1.0"]
    if not container.exists(path):
        return {}
    content = container.openstream(path).read()[head:]
    found = {}
    for at in range(0, len(content) - 15, 16):
        kind, tag, _, value = struct.unpack_from("<HHIQ", content, at)
        if kind in (_TIME, _NUMBER):
            found[tag] = value if kind == _TIME else value & 0xFFFFFFFF
    return found


def _code_page(fixed: dict[int, int]) -> str | None:
    number = fixed.get(_INTERNET_PAGE) or fixed.get(_MESSAGE_PAGE)
    return {65001: "utf-8", 20127: "ascii"}.get(number, _name_of_page(number)) if number else None


def _name_of_page(number: int) -> str:
    if 28591 <= number <= 28605:
        return f"iso8859-{number - 28590}"
    return {20866: "koi8-r", 21866: "koi8-u", 50220: "iso2022_jp"}.get(number, f"cp{number}")


def _date(fixed: dict[int, int]) -> str:
    """When the message was sent."""
    stamp = fixed.get(_SUBMITTED) or fixed.get(_DELIVERED)
    if not stamp or stamp < _EPOCH:
        return ""
    moment = datetime.datetime.fromtimestamp((stamp - _EPOCH) / 1e7, datetime.UTC)
    return moment.isoformat(sep=" ", timespec="seconds")


FORMAT = Format("application/vnd.ms-outlook", from_bytes(parse_msg), ole_streams=("__properties_version1.0",))
