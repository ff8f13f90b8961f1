"""Opaque signatures (`smime.p7m`, RFC 8551): the message inside signed data, and what is encrypted."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.errors import CorruptDocument

#: Object identifiers of the contents (RFC 5652): data, signed, enveloped (encrypted), compressed.
_PKCS7 = bytes.fromhex("2a864886f70d0107")
_DATA, _ENVELOPED = _PKCS7 + b"\1", _PKCS7 + b"\3"
_MOST_DEPTH = 12


def signed_content(data: bytes) -> bytes:
    """The signed message. Raises CorruptDocument if the data is encrypted, or holds none."""
    if _ENVELOPED in data[:64]:
        raise CorruptDocument("the message is encrypted (S/MIME); store it decrypted")
    found = b""
    after_name = False
    for kind, content in _values(data, 0, len(data), 0):
        if kind == 0x06:
            after_name = content == _DATA
        elif kind == 0x04 and after_name:
            found += content
        elif found:
            break
    if not found:
        raise CorruptDocument("signature without a message in it")
    return found


def _values(data: bytes, at: int, end: int, depth: int) -> Iterator[tuple[int, bytes]]:
    """The primitive values of a BER encoding in order, with their tags; lengths may be indefinite."""
    while at + 2 <= end and depth < _MOST_DEPTH:
        tag, size = data[at], data[at + 1]
        at += 2
        if tag == 0 and size == 0:
            continue
        if size > 0x80:
            width = size & 0x7F
            size = int.from_bytes(data[at : at + width], "big")
            at += width
        stop = end if size == 0x80 else min(at + size, end)
        if tag & 0x20:
            yield from _values(data, at, stop, depth + 1)
        else:
            yield tag, data[at:stop]
        at = stop


def is_signed(data: bytes) -> bool:
    """Whether the bytes are signed or encrypted data of PKCS #7."""
    return data[:1] == b"\x30" and _PKCS7 in data[:32]
