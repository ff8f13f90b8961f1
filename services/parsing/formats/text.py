"""Bytes to text, unchanged: UTF-8 first, then a byte order mark, a declared charset, then detection."""

from __future__ import annotations

import codecs
import re

from schemas.errors import UnsupportedFormat

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Control characters that no text holds; a form feed, an escape (terminal logs) and a tab may be in one.
_BINARY = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")
#: Bytes that the detector looks at; its time grows with them (100 kB: about 50 ms).
_SAMPLE = 64 * 1024


def decode(data: bytes, charset: str | None = None) -> tuple[str, tuple[str, ...]]:
    """The text and, when its encoding was not plain UTF-8, a warning that names it.

    Line ends stay as they are. Raises UnsupportedFormat when the bytes are no text in any encoding.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _strict(data, name)
    if charset is None or _same(charset, "utf-8") or _same(charset, "ascii"):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            if "\0" not in text:
                return text, ()
    elif (declared := _declared(data, charset)) is not None:
        return declared, ()
    return _detected(data)


def _strict(data: bytes, encoding: str) -> tuple[str, tuple[str, ...]]:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode(encoding, "replace"), (f"encoding: {encoding}, with bytes that do not follow it",)
    return text, () if encoding == "utf-8-sig" else (f"encoding: {encoding}",)


def _same(a: str, b: str) -> bool:
    try:
        return codecs.lookup(a).name == codecs.lookup(b).name
    except LookupError:
        return False


def _declared(data: bytes, charset: str) -> str | None:
    # Browsers read latin-1 as cp1252: most old pages declare the former and hold the latter.
    charset = "cp1252" if _same(charset, "latin-1") else charset
    try:
        return data.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return None


def _detected(data: bytes) -> tuple[str, tuple[str, ...]]:
    wide = _without_mark(data)
    if wide:
        return data.decode(wide), (f"encoding: {wide} (detected)",)
    if _BINARY.search(data[:_SAMPLE]):
        raise UnsupportedFormat("not a known document format, and not text: it holds control bytes")
    encoding = _nearly_utf8(data) or _guess(data)
    if encoding is None:
        raise UnsupportedFormat(
            "not a known document format, and not text in any encoding that could be detected"
        )
    return data.decode(encoding, "replace"), (f"encoding: {encoding} (detected)",)


def _nearly_utf8(data: bytes) -> str | None:
    """UTF-8 with a few broken bytes: at most one sequence in a hundred of those beyond ASCII."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return "utf-8" if broken * 100 <= sum(c > "\x7f" for c in text) else None


def _without_mark(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, seen by where its zero bytes stand."""
    sample = data[:4096]
    if b"\0" not in sample or len(data) % 2:
        return None
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        odd = sum(not (c.isprintable() or c in "\r\n\t\f\x1b\ufeff") for c in text[:2048])
        if not odd and sum(c.isascii() for c in text[:2048]) * 2 > len(text[:2048]):
            return encoding
    return None


def _guess(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE]).best()
    if best is None:
        return None
    # On short samples a central European page wins where western text says the same more simply.
    western = data[:_SAMPLE].decode("cp1252", "replace")
    return (
        "cp1252"
        if "\ufffd" not in western and best.encoding in ("cp1250", "cp1258", "latin_1")
        else best.encoding
    )
