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
#: Control characters that no text contains; form feed, escape (terminal logs) and tab are allowed.
_BINARY = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")
#: Bytes that the detector reads.
_SAMPLE = 64 * 1024
#: Python's names of the encodings that browsers use for these labels: with the vendors' additions.
_CODECS = {
    "Big5": "big5hkscs",
    "EUC-KR": "cp949",
    "GBK": "gb18030",
    "ISO-8859-8-I": "iso8859-8",
    "Shift_JIS": "cp932",
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac_cyrillic",
}


def decode(data: bytes, charset: str | None = None) -> tuple[str, tuple[str, ...]]:
    """The text and, if its encoding is not UTF-8, a warning with the encoding.

    Line ends are kept. Raises UnsupportedFormat if the bytes are not text in any encoding.
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
    """UTF-8 with a few broken bytes: at most one in ten of the non-ASCII sequences. In other encodings,
    hardly any bytes form valid UTF-8 sequences."""
    return "utf-8" if _fits(data.decode("utf-8", "replace"), one_in=10) else None


def _without_mark(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, detected from the positions of zero bytes."""
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
    """The encoding by the frequencies of pairs of letters in each; None where it does not fit the data."""
    from chardetng_py import EncodingDetector  # type: ignore[import-untyped]

    detector = EncodingDetector()
    detector.feed(data[:_SAMPLE], last=len(data) <= _SAMPLE)
    label = detector.guess(tld=None, allow_utf8=False)
    encoding = codecs.lookup(_CODECS.get(label, label)).name
    return encoding if _fits(data.decode(encoding, "replace")) else None


def _fits(text: str, one_in: int = 100) -> bool:
    """Of the characters beyond ASCII at most one in so many stands for bytes that cannot be decoded."""
    return text.count("\ufffd") * one_in <= sum(character > "\x7f" for character in text)
