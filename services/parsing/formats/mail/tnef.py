"""Outlook's winmail.dat: a body and attachments as MAPI properties ([MS-OXTNEF])."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.errors import CorruptDocument
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes, starts_with
from services.parsing.formats.mail.attachments import Attachment
from services.parsing.formats.mail.message import Body, mail_document
from services.parsing.formats.mail.outlook import body_of
from services.parsing.formats.text import decode

_SIGNATURE = b"\x78\x9f\x3e\x22"
_SUBJECT, _BODY, _PROPERTIES, _CODE_PAGE = 0x18004, 0x2800C, 0x69003, 0x69007
_NEW_ATTACHMENT, _TITLE, _DATA, _ATTACHMENT_PROPERTIES = 0x69002, 0x18010, 0x6800F, 0x69005
#: Sizes of fixed-size values in bytes, by property type.
_SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_STRING8, _UNICODE, _OBJECT, _BINARY = 0x1E, 0x1F, 0x0D, 0x102


@dataclass
class _Attached:
    title: bytes = b""
    data: bytes = b""
    properties: dict[tuple[int, int], bytes] = field(default_factory=dict)


def parse_tnef(data: bytes) -> ParsedDocument:
    """Convert a message with its attachments. Raises CorruptDocument if it has neither."""
    subject, plain, page = b"", b"", None
    properties: dict[tuple[int, int], bytes] = {}
    attachments: list[_Attached] = []
    for kind, value in _attributes(data):
        if kind == _SUBJECT:
            subject = value.rstrip(b"\0")
        elif kind == _BODY:
            plain = value.rstrip(b"\0")
        elif kind == _CODE_PAGE and len(value) >= 4:
            page = f"cp{struct.unpack_from('<I', value)[0]}"
        elif kind == _PROPERTIES:
            properties = dict(_mapi(value))
        elif kind == _NEW_ATTACHMENT:
            attachments.append(_Attached())
        elif attachments and kind == _TITLE:
            attachments[-1].title = value.rstrip(b"\0")
        elif attachments and kind == _DATA:
            attachments[-1].data = value
        elif attachments and kind == _ATTACHMENT_PROPERTIES:
            attachments[-1].properties = dict(_mapi(value))
    if not (properties or attachments or plain or subject):
        raise CorruptDocument("winmail.dat (TNEF) without a message or attachments")
    named = _text(properties, 0x0037, page) or decode(subject, page)[0]
    body = body_of(
        _text(properties, 0x1000, page) or decode(plain, page)[0],
        properties.get((0x1013, _BINARY), b"") or _text(properties, 0x1013, page),
        properties.get((0x1009, _BINARY), b""),
    )
    return mail_document(
        named, [], [body] if body != Body() else [], [_attachment(one, page) for one in attachments]
    )


def _attachment(found: _Attached, page: str | None) -> Attachment:
    name = _text(found.properties, 0x3707, page) or _text(found.properties, 0x3704, page)
    embedded = found.properties.get((0x3701, _OBJECT), b"")[16:]  # after the interface's id
    content = found.properties.get((0x3701, _BINARY), b"") or found.data
    if embedded.startswith(_SIGNATURE):
        content = embedded
    return Attachment(name or decode(found.title, page)[0], content)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 6
    while at + 9 <= len(data):
        kind, size = struct.unpack_from("<II", data, at + 1)
        yield kind, data[at + 9 : at + 9 + size]
        at += 9 + size + 2


def _mapi(data: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """The first value of each property, by id and type. Stops at the end or at the first invalid data."""
    try:
        (count,) = struct.unpack_from("<I", data)
        at = 4
        for _ in range(count):
            kind, tag = struct.unpack_from("<HH", data, at)
            at = _after_name(data, at + 4) if tag >= 0x8000 else at + 4
            many = kind & 0x1000 or kind in (_STRING8, _UNICODE, _OBJECT, _BINARY)
            values, at = (struct.unpack_from("<I", data, at)[0], at + 4) if many else (1, at)
            for number in range(values):
                size = _SIZES.get(kind & 0xFFF)
                if size is None:
                    (size,), at = struct.unpack_from("<I", data, at), at + 4
                if number == 0:
                    yield (tag, kind), data[at : at + size]
                at += (size + 3) // 4 * 4
                if at > len(data):
                    return
    except struct.error:
        return


def _after_name(data: bytes, at: int) -> int:
    (kind,) = struct.unpack_from("<I", data, at + 16)
    if kind == 0:
        return at + 24
    (size,) = struct.unpack_from("<I", data, at + 20)
    return int(at + 24 + (size + 3) // 4 * 4)


def _text(properties: dict[tuple[int, int], bytes], tag: int, page: str | None) -> str:
    if wide := properties.get((tag, _UNICODE)):
        return wide.decode("utf-16-le", "replace").rstrip("\0")
    return decode(properties.get((tag, _STRING8), b"").rstrip(b"\0"), page)[0]


FORMAT = Format("application/ms-tnef", from_bytes(parse_tnef), signature=starts_with(_SIGNATURE))
