"""Outlook's message bodies: plain text, HTML, or RTF that may wrap HTML ([MS-OXRTFEX])."""

from __future__ import annotations

import re

from schemas.errors import UnsupportedFormat
from services.parsing.formats.html.tree import declared_charset
from services.parsing.formats.mail.message import Body
from services.parsing.formats.text import decode

_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_MARKS = {b"par": b"\r\n", b"line": b"\r\n", b"tab": b"\t", b"lquote": b"'", b"rquote": b"'",
          b"ldblquote": b'"', b"rdblquote": b'"', b"bullet": b"*", b"endash": b"-",
          b"emdash": b"-"}  # fmt: skip
#: RTF groups without text.
_TABLES = (b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pntext")


def body_of(plain: str, html: bytes | str, compressed_rtf: bytes, page: str | None = None) -> Body:
    """The body of a message in its formats. RTF counts only without the others, because it repeats them.

    `page` is the code page of HTML in bytes.
    """
    if isinstance(html, bytes):
        html = _text(html.replace(b"\0", b""), page) if html else ""
    if html.strip() or not compressed_rtf:
        return Body(plain, html)
    rtf = _unpacked(compressed_rtf)
    wrapped = _wrapped_html(rtf)
    if wrapped is not None:
        return Body(plain, wrapped)
    return Body(plain, rtf=rtf if rtf.lstrip().startswith(rb"{\rtf") and not _from_text(rtf) else b"")


def _text(html: bytes, page: str | None) -> str:
    try:
        return decode(html, page or declared_charset(html))[0]
    except UnsupportedFormat:  # it has control bytes, but the sender declared it as text
        return html.decode("utf-8", "replace")


def _unpacked(data: bytes) -> bytes:
    from compressed_rtf import decompress  # type: ignore[import-untyped]

    try:
        return bytes(decompress(data))
    except Exception:  # the library raises various errors for damaged data; the other bodies remain
        return b""


def _from_text(rtf: bytes) -> bool:
    return rb"\fromtext" in rtf[:2000]


def _wrapped_html(rtf: bytes) -> str | None:
    r"""The HTML inside an RTF body (`\fromhtml1`); None if it was written as RTF."""
    if rb"\fromhtml" not in rtf[:2000]:
        return None
    page = re.search(rb"\\ansicpg(\d{3,5})", rtf[:2000])
    codec = f"cp{page[1].decode()}" if page else "cp1252"
    try:
        b"".decode(codec)
    except LookupError:
        codec = "utf-8" if codec == "cp65001" else "cp1252"
    return _Unwrapper(codec).read(rtf)


class _Unwrapper:
    r"""Extracts HTML: the content of `\*\htmltag` and the text outside of `\htmlrtf`."""

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._out: list[str] = []
        self._bytes = bytearray()
        #: Per open group: whether it has no text, and whether its text is left out of the HTML.
        self._groups: list[tuple[bool, bool]] = [(False, False)]
        self._skip = False

    def read(self, rtf: bytes) -> str:
        at, star = 0, False
        while match := _TOKEN.match(rtf, at):
            at = match.end()
            word, number, code, sign, brace, text = match.groups()
            if brace == b"{":
                self._groups.append(self._groups[-1])
            elif brace == b"}":
                if len(self._groups) > 1:
                    self._groups.pop()
            elif sign == b"*":
                star = True
                continue
            elif word is not None:
                self._word(word, number, star)
            elif not any(self._groups[-1]):
                self._text(code, sign, text)
            star = False
        self._flush()
        return "".join(self._out)

    def _word(self, word: bytes, number: bytes | None, star: bool) -> None:
        hidden, left_out = self._groups[-1]
        if word == b"htmlrtf":
            self._groups[-1] = (hidden, number != b"0")
        elif word == b"htmltag":
            self._groups[-1] = (False, left_out)
        elif star or word in _TABLES:
            self._groups[-1] = (True, left_out)
        elif hidden or left_out:
            return
        elif word == b"u" and number:
            self._flush()
            self._out.append(chr(int(number) % 65536))
            self._skip = True
        else:
            self._bytes += _MARKS.get(word, b"")

    def _text(self, code: bytes | None, sign: bytes | None, text: bytes | None) -> None:
        piece = bytes((int(code, 16),)) if code else (sign or text or b"")
        if sign:
            piece = {b"~": b"&nbsp;", b"_": b"-"}.get(sign, sign if sign in b"\\{}" else b"")
        if self._skip and piece:  # the fallback for readers without Unicode
            piece, self._skip = piece[1:], False
        self._bytes += piece

    def _flush(self) -> None:
        if self._bytes:
            self._out.append(bytes(self._bytes).decode(self._codec, "replace"))
            self._bytes.clear()
