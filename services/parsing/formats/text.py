"""Decodes bytes to unchanged text: by byte order mark, declared charset, as UTF-8, or by detection."""

from __future__ import annotations

import codecs
import contextlib
import re

from schemas.errors import UnsupportedFormat
from services.parsing.formats.encodings import SAMPLE, faults, guess, is_coherent

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ESCAPES = ((b"\x1b$B", "iso2022_jp_2"), (b"\x1b$@", "iso2022_jp_2"), (b"\x1b$)C", "iso2022_kr"))
#: Where a text names its own encoding: the first two lines of a program, a style sheet, XML, a catalogue of
#: messages, LaTeX, a mode line of an editor.
_NAMED = re.compile(
    rb"\A(?:[^\n]*\n)?[^\n]*coding[:=][ \t]*([\w.-]+)|\A@charset [\"']([\w.-]+)"
    rb"|\A\s*<\?xml[^>]{0,100}encoding=[\"']([\w.-]+)|Content-Type:[^\n]{0,80}charset=([\w.-]+)"
    rb"|\\usepackage\[([\w-]+)\]\{inputenc\}|\bvim?:[^\n]{0,80}(?:fileencoding|fenc)=([\w-]+)"
)
#: Encodings of texts; others of Python's codecs decode escapes and names of hosts.
_OF_TEXTS = re.compile(r"(?:cp|iso|koi8|mac|gb|big5|euc|shift|hz|johab|tis|kz|ptcp|utf-(?:8|16|32))[\w-]*")
#: Encodings with bytes that stand for nothing; programs of other systems leave such in their texts.
_WINDOWS = tuple(f"cp125{n}" for n in range(10))
#: Bytes in valid sequences that may be so by chance.
_FEW = 40
_NO_TEXT = "not a known document format, and not text: it holds control bytes"
#: Name of the error handler for stray bytes in `codecs`.
_STRAYS = "headrace-stray-bytes"
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
#: A truncated sequence, or a byte outside of any sequence.
_PLACE = re.compile(rb"[\xe0-\xef][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{1,2}|[\x80-\xff]")
_LETTER = re.compile(rb"[A-Za-z]")
_BROKEN = re.compile(rb"[\x80-\xff]+")
_ZEROS = re.compile(rb"\0+")
#: Control characters that do not occur in text; form feed, escape (terminal logs) and tab do.
_BINARY = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")


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
                return _escaped(data) or (text, ())
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
    charset = charset.lower().replace("windows-125", "cp125")
    try:
        return data.decode(charset)
    except UnicodeDecodeError:
        if charset.lower().startswith("iso-2022") and (escaped := _escaped(data)):
            return escaped[0]
        text = data.decode(charset, "ignore")
        proven = charset in _WINDOWS and not faults(text) and _nearly_utf8(data) is None
        return text if proven else None
    except LookupError:
        return None


def _escaped(data: bytes) -> tuple[str, tuple[str, ...]] | None:
    """Decode a 7-bit text with Japanese or Korean between escape sequences."""
    for sign, encoding in _ESCAPES:
        if sign in data[:SAMPLE]:
            with contextlib.suppress(UnicodeDecodeError):
                return data.decode(encoding), (f"encoding: {encoding} (detected)",)
    if b"\x1b$B" in data[:SAMPLE]:
        # Signs that Windows adds, such as ①, are in the later standard.
        with contextlib.suppress(UnicodeDecodeError):
            later = data.replace(b"\x1b$B", b"\x1b$(Q").decode("iso2022_jp_2004")
            return later, ("encoding: iso2022_jp_2004 (detected)",)
    return None


def _detected(data: bytes) -> tuple[str, tuple[str, ...]]:
    wide = _without_mark(data)
    if wide:
        return data.decode(wide), (f"encoding: {wide} (detected)",)
    if _BINARY.search(data[:SAMPLE]):
        return _without_stray_controls(data)
    if (said := _named(data)) is not None:
        return said
    if (text := _nearly_utf8(data)) is not None:
        return text
    found = guess(data)
    if found is None:
        raise UnsupportedFormat(
            "not a known document format, and not text in any encoding that could be detected"
        )
    by = f", by its language {found.language}" if found.language else ""
    warning = f"encoding: {found.encoding} (detected{by}, {found.confidence:.0%} sure)"
    return data.decode(found.encoding, "replace"), (warning,)


def _named(data: bytes) -> tuple[str, tuple[str, ...]] | None:
    """Decode a text by the encoding that it names itself, if all of its bytes follow it."""
    found = _NAMED.search(data[:4096] + b"\n" + data[-1024:])
    name = next(filter(None, found.groups())).decode() if found else ""
    try:
        known = _OF_TEXTS.fullmatch(codecs.lookup(name).name) is not None
    except LookupError:
        return None
    text = _declared(data, name) if known else None
    return None if text is None else (text, (f"encoding: {name} (named in the text)",))


def _without_stray_controls(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode a text with some control bytes: zeros of a log that a crash left, the end mark of DOS.

    Raises UnsupportedFormat if there are so many that it is no text. With zeros, only UTF-8 counts as text.
    """
    kept = _BINARY.sub(b"", data)
    odd = len(data) - data.count(0) - len(kept) + len(_ZEROS.findall(data))
    try:
        if len(kept) < 8 or odd > max(len(kept) // 200, 1) or (b"\0" in data and b"\n" not in kept):
            raise UnsupportedFormat(_NO_TEXT)
        text, warnings = decode(kept) if b"\0" not in data else (kept.decode(), ())
    except UnicodeDecodeError as error:
        raise UnsupportedFormat(_NO_TEXT) from error
    if b"\0" not in data and not any("language" in warning for warning in warnings) and not text.isascii():
        raise UnsupportedFormat(_NO_TEXT)
    return text, (*warnings, f"text: {len(data) - len(kept)} control bytes left out")


def _nearly_utf8(data: bytes) -> tuple[str, tuple[str, ...]] | None:
    """Decode UTF-8 with some invalid bytes. Other encodings hardly ever form valid sequences, so it is enough
    if half of the bytes do."""
    proof = sum(len(found) - 1 for found in _SEQUENCE.findall(data))
    broken = len(_PLACE.findall(_SEQUENCE.sub(b" ", data)))
    if not proof or proof < broken:
        return None
    text = data.decode("utf-8", _STRAYS)
    letters = text.replace("\ufffd", " ")
    unread = text.count("\ufffd") * 2 >= proof and _LETTER.search(data) is None
    if faults(letters) * 2 >= proof or (proof < _FEW and (unread or not is_coherent(letters))):
        return None  # valid sequences by chance
    return text, (f"encoding: utf-8, not followed at {broken} places",)


def _stray(error: UnicodeError) -> tuple[str, int]:
    """Replace bytes that are not UTF-8. Next to a letter, or alone, they are letters in cp1252: whoever added
    the line used it. Otherwise (a truncated sequence) they become U+FFFD."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    data, start = error.object, error.start
    run = _BROKEN.match(data, start)
    end = run.end() if run else error.end
    touches = any(byte.isalpha() for byte in (data[start - 1 : start], data[end : end + 1]))
    text = data[start:end].decode("cp1252", "replace")
    begins_sequence = error.end - start > 1 or data[start - 1 : start] > b"\x7f"
    if text.isalpha() and (touches or end - start == 1) and not begins_sequence:
        return text, end
    return "\ufffd", error.end


codecs.register_error(_STRAYS, _stray)


def _without_mark(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, detected from the positions of zero bytes."""
    if b"\0" not in data[:4096] or len(data) % 2:
        return None
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        odd = sum(not (c.isprintable() or c in "\r\n\t\f\x1b\ufeff") for c in text[:2048])
        ascii_half = sum(c.isascii() for c in text[:2048]) * 2 > len(text[:2048])
        # Small numbers are letters of few scripts, too, but have no blanks and lines.
        if not odd and (ascii_half or (len(text.split()) > 1 and is_coherent(text[:2048]))):
            return encoding
    return None
