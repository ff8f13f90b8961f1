"""Outlook messages (.msg): properties in the streams of an OLE container, [MS-OXMSG]."""

from __future__ import annotations

import datetime
import io
import struct

import olefile  # type: ignore[import-untyped]

from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.mail.attachments import Attachment
from services.parsing.formats.mail.eml import mail_document
from services.parsing.formats.text import decode

_SUBJECT, _BODY, _HTML, _SENDER, _SENDER_MAIL, _TO, _CC = (
    0x0037,
    0x1000,
    0x1013,
    0x0C1A,
    0x5D01,
    0x0E04,
    0x0E03,
)
_FILE_LONG, _FILE_SHORT, _FILE_DATA, _FILE_TYPE = 0x3707, 0x3704, 0x3701, 0x370E
_SUBMITTED, _DELIVERED = 0x0039, 0x0E06
#: Property types: text in UTF-16, text in a code page, bytes.
_UNICODE, _STRING8, _BINARY = 0x001F, 0x001E, 0x0102
#: 100 ns steps from 1601, the epoch of FILETIME, to 1970.
_EPOCH = 116_444_736_000_000_000


def parse_msg(data: bytes) -> ParsedDocument:
    """A message with its attachments, as `mail` shows one."""
    with olefile.OleFileIO(io.BytesIO(data)) as container:
        properties = _Properties(container, [])
        sender = properties.text(_SENDER)
        address = properties.text(_SENDER_MAIL)
        facts = [
            ("From", f"{sender} <{address}>" if address and address != sender else sender),
            ("To", properties.text(_TO)),
            ("Cc", properties.text(_CC)),
            ("Date", _date(container)),
        ]
        html = properties.binary(_HTML) or properties.text(_HTML).encode() or None
        attachments = [found for folder in _folders(container) if (found := _attachment(container, folder))]
        return mail_document(
            properties.text(_SUBJECT),
            facts,
            properties.text(_BODY).encode("utf-8", "replace"),
            html,
            attachments,
        )


class _Properties:
    """The variable-length properties of a storage (the message, an attachment)."""

    def __init__(self, container: olefile.OleFileIO, folder: list[str]) -> None:
        self._container = container
        self._folder = folder

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
        return decode(narrow.rstrip(b"\0"))[0] if narrow else ""

    def binary(self, tag: int) -> bytes:
        return self._stream(tag, _BINARY) or b""


def _folders(container: olefile.OleFileIO) -> list[str]:
    names = {path[0] for path in container.listdir(streams=True, storages=True)}
    return sorted(name for name in names if name.startswith("__attach_version1.0_"))


def _attachment(container: olefile.OleFileIO, folder: str) -> Attachment | None:
    properties = _Properties(container, [folder])
    content = properties.binary(_FILE_DATA)
    name = properties.text(_FILE_LONG) or properties.text(_FILE_SHORT)
    return Attachment(name, content, properties.text(_FILE_TYPE) or None) if content else None


def _date(container: olefile.OleFileIO) -> str:
    """When the message was sent, from the fixed-length properties: 32 bytes of head, then 16 a property."""
    if not container.exists("__properties_version1.0"):
        return ""
    content = container.openstream("__properties_version1.0").read()[32:]
    times = {}
    for at in range(0, len(content) - 15, 16):
        kind, tag, _, value = struct.unpack_from("<HHIQ", content, at)
        if kind == 0x0040:
            times[tag] = value
    stamp = times.get(_SUBMITTED) or times.get(_DELIVERED)
    if not stamp or stamp < _EPOCH:
        return ""
    moment = datetime.datetime.fromtimestamp((stamp - _EPOCH) / 1e7, datetime.UTC)
    return moment.isoformat(sep=" ", timespec="seconds")


FORMAT = Format("application/vnd.ms-outlook", from_bytes(parse_msg), ole_streams=("__properties_version1.0",))
