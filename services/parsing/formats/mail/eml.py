"""Mail (.eml): headers, texts in the order of the parts, attachments."""

from __future__ import annotations

import binascii
import contextlib
import re
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message

from schemas.errors import CorruptDocument, UnsupportedFormat
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.html.tree import declared_charset
from services.parsing.formats.mail.attachments import Attachment
from services.parsing.formats.mail.enriched import plain_of
from services.parsing.formats.mail.message import Body, mail_document
from services.parsing.formats.mail.signed import is_signed, signed_content
from services.parsing.formats.text import decode
from services.parsing.reading import warn

_SHOWN = ("From", "To", "Cc", "Date")
#: Parts that only programs read, such as signatures, and another form of the text.
_UNREAD = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature",
           "application/pgp-encrypted", "text/x-amp-html")  # fmt: skip
_SIGNED = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_UUENCODED = re.compile(r"^begin [0-7]{3,4} ([^\r\n]{1,200})\r?\n((?:[!-`][ -`]*\r?\n)*)end[ \t]*\r?$", re.M)
#: Folded boundaries of a message that are joined; each is looked for in the whole of it.
_MOST_FOLDED = 100
_FOLDED = re.compile(rb'(boundary\s*=\s*")([^"\r\n]*)\r?\n[ \t]+([^"\r\n]*)(")', re.I)
#: Encoded lines, and the text that a mailing list has put behind them.
_BEHIND_BASE64 = re.compile(
    r"((?:[A-Za-z0-9+/]+\r?\n)*[A-Za-z0-9+/]+={0,2}[ \t]*\r?\n)\s*((?:_{10,}|-- ?\r?\n)[\s\S]*)"
)
#: Between two words; lines of base64 hold no blanks.
_BLANK = re.compile(r"(?<=\w[^\S\r\n])(?=\w)")
#: Bytes before the head of a message in which it is looked for.
_LONGEST_BEFORE = 4000
_SPLIT_HEAD = re.compile(rb"\A((?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+)[\r\n]+(?=Content-Type:)", re.I)
_LAST = re.compile(rb"^--(\S[^\r\n]{0,69}?)--[ \t]*\r?$", re.M)


def parse_eml(data: bytes) -> ParsedDocument:
    """Convert a message, with its subject as title; attachments are parsed, too.

    Raises CorruptDocument for an encrypted message that stands alone.
    """
    if is_signed(data):  # a signed message without its head, as some programs export it
        data = signed_content(data)
    message = read_message(data)
    bodies, attachments = _contents(message)
    facts = [(name, header(message, name)) for name in _SHOWN]
    return mail_document(header(message, "Subject"), facts, bodies, attachments)


def read_message(data: bytes) -> Message:
    if b"\0" in data[:400]:  # saved as UTF-16
        data = decode(data)[0].encode("utf-8", "replace")
    if data.startswith(b"From "):
        data = data.partition(b"\n")[2]
    data = _SPLIT_HEAD.sub(_one_head, _from_head(data.lstrip(b"\xef\xbb\xbf\r\n")), count=1)
    return _with_parts(_FOLDED.sub(_unfolded, data, _MOST_FOLDED))


def _from_head(data: bytes) -> bytes:
    """A message without what a program that saved it wrote before its head: answers of a server."""
    if _HEADER.match(data):
        return data
    heads = (data[found.start() :] for found in _HEADER.finditer(data, 0, _LONGEST_BEFORE))
    message = next((rest for rest in heads if is_mail(rest, rest)), data)
    if message is not data:
        warn("The lines before the head of the message are left out.")
    return message


def _one_head(match: re.Match[bytes]) -> bytes:
    """A head without the blank lines before its type, unless it has named one."""
    return match[0] if b"\ncontent-type:" in match[0].lower() else match[1]


def _unfolded(match: re.Match[bytes]) -> bytes:
    """Join a boundary that was folded over two lines, with or without a blank, as it occurs in the parts."""
    tight = match[2] + match[3]
    joined = tight if b"--" + tight in match.string else match[2] + b" " + match[3]
    return match[1] + joined + match[4]


def _with_parts(data: bytes) -> Message:
    """Parse the message. If its declared boundary is missing or wrong, use the last boundary found in it."""
    message: Message = message_from_bytes(data, policy=policy.compat32)
    if message.get_content_maintype() != "multipart" or message.is_multipart():
        return message
    for found in _LAST.finditer(data):
        if re.search(rb"^--" + re.escape(found[1]) + rb"[ \t]*\r?$", data, re.M):
            head = b'Content-Type: multipart/mixed; boundary="%s"\n' % found[1]
            again: Message = message_from_bytes(head + _without_type(data), policy=policy.compat32)
            return again if again.is_multipart() else message
    return message


def _without_type(data: bytes) -> bytes:
    return re.sub(rb"^Content-Type:[^\n]*\n(?:[ \t][^\n]*\n)*", b"", data, count=1, flags=re.M | re.I)


#: The language of an encoded word (RFC 2231 §5), which Python's decoder does not know.
_LANGUAGE = re.compile(r"(?<==\?)([\w-]+)\*[\w-]+(?=\?[BQbq]\?)")


def header(message: Message, name: str) -> str:
    """A header field, with encoded words and raw bytes (which some programs write) decoded."""
    value = next((str(v) for n, v in message.raw_items() if n.lower() == name.lower()), "")
    if not value.isascii():
        raw = value.encode("utf-8", "surrogateescape")
        try:
            value = decode(raw)[0]
        except UnsupportedFormat:
            value = raw.decode("utf-8", "replace")
    try:
        return " ".join(_decoded(_LANGUAGE.sub(r"\1", value)).split())
    except (LookupError, ValueError, UnicodeError, HeaderParseError):
        return " ".join(value.split())


def _decoded(value: str) -> str:
    """A value of one or more lines with its encoded words decoded. A text right behind one stays there."""
    parts: list[tuple[bytes | str, str | None]] = decode_header(re.sub(r"\s*[\r\n]\s*", " ", value))
    return "".join(
        part if isinstance(part, str) else part.decode(charset or "latin-1") for part, charset in parts
    )


def _contents(part: Message) -> tuple[list[Body], list[Attachment]]:
    """The texts of a part in order, and everything else as attachments."""
    kind = part.get_content_type()
    if kind.startswith("message/") and kind != "message/delivery-status":
        return [], _attachment(part, kind, nested_message(part))
    if kind == "message/delivery-status" and part.is_multipart():
        report = "\n\n".join(block.as_string().strip() for block in part.get_payload())  # type: ignore[union-attr]
        return [Body(plain=report)], []
    if part.is_multipart():
        return _of_parts([p for p in part.get_payload() if isinstance(p, Message)], kind)
    if kind in _SIGNED and is_signed(content := payload(part)):
        return _of_signed(content)
    inline = "attachment" not in str(part.get("Content-Disposition") or "").lower() and not _filename(part)
    if inline and kind == "text/html":
        return [Body(html=text_of(part))], []
    if inline and kind == "text/enriched":
        return [Body(plain=plain_of(text_of(part)))], []
    if inline and kind in ("text/plain", "text/rfc822-headers"):
        shown, files = without_encoded_files(text_of(part))
        return [Body(plain=shown)], [Attachment(name, content) for name, content in files]
    if part.get_content_maintype() == "multipart":  # without parts: only its text remains
        text = part.get_payload()
        return [Body(plain=text if isinstance(text, str) else "")], []
    return [], [] if kind in _UNREAD else _attachment(part, kind, payload(part))


def _of_signed(content: bytes) -> tuple[list[Body], list[Attachment]]:
    try:
        return _contents(read_message(signed_content(content)))
    except CorruptDocument as error:
        warn(str(error))
        return [], []


def without_encoded_files(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """A text without the files that old programs put into it (uuencode), and these files."""
    files: list[tuple[str, bytes]] = []

    def taken(match: re.Match[str]) -> str:
        try:
            content = b"".join(binascii.a2b_uu(line) for line in match[2].splitlines() if line.strip())
        except (binascii.Error, ValueError):
            return match[0]
        files.append((match[1].strip(), content))
        return ""

    return (_UUENCODED.sub(taken, text) if "\nbegin " in f"\n{text}" else text), files


def _of_parts(parts: list[Message], kind: str) -> tuple[list[Body], list[Attachment]]:
    bodies: list[Body] = []
    attachments: list[Attachment] = []
    for part in parts:
        found, others = _contents(part)
        bodies.extend(found)
        attachments.extend(others)
    if kind == "multipart/alternative":
        plain = "\n\n".join(body.plain for body in bodies if body.plain)
        html = "\n".join(body.html for body in bodies if body.html)
        bodies = [Body(plain, html)] if plain or html else []
    return bodies, attachments


def _attachment(part: Message, kind: str, content: bytes) -> list[Attachment]:
    name = _filename(part) or str(part.get("Content-ID") or "").strip("<>") or kind
    return [Attachment(name, content, kind)] if content.strip() else []


def nested_message(part: Message) -> bytes:
    """The message in a `message/rfc822` part; some programs encode it, which the standard forbids."""
    inner = part.get_payload()
    if not isinstance(inner, list) or not inner or not isinstance(inner[0], Message):
        return payload(part)
    content = inner[0].as_bytes()
    encoding = _transfer_encoding(part)
    if encoding in ("base64", "quoted-printable"):
        wrapped: Message = message_from_bytes(
            f"Content-Transfer-Encoding: {encoding}\n\n".encode() + content.lstrip(b"\r\n"),
            policy=policy.compat32,
        )
        return payload(wrapped) or content
    return content


def _filename(part: Message) -> str:
    try:
        name = part.get_filename() or ""
        return _decoded(name) if "=?" in name else name
    except (LookupError, ValueError, UnicodeError, TypeError, HeaderParseError):
        return ""


def payload(part: Message) -> bytes:
    encoding = _transfer_encoding(part)
    if encoding in ("base64", "quoted-printable"):  # the library expects nothing behind it
        part.replace_header("Content-Transfer-Encoding", encoding)
    content = part.get_payload(decode=True)
    text = part.get_payload()
    if not isinstance(text, str) or encoding != "base64":
        return content if isinstance(content, bytes) else b""
    if part.get_content_maintype() == "text" and len(_BLANK.findall(text)) > 2:  # it was never encoded
        return text.encode("utf-8", "surrogateescape")
    if found := _BEHIND_BASE64.match(text):
        with contextlib.suppress(binascii.Error, UnicodeEncodeError):
            return binascii.a2b_base64(found[1]) + b"\n" + found[2].encode()
    return content if isinstance(content, bytes) else b""


def _transfer_encoding(part: Message) -> str:
    """The transfer encoding in lower case, without comments."""
    return (str(part.get("Content-Transfer-Encoding") or "").lower().split() or [""])[0].strip(";")


def text_of(part: Message) -> str:
    """Decode a part by its charset, or the one in the head of HTML, or by detection."""
    content = payload(part)
    charset = part.get_content_charset()
    try:
        if part.get_content_type() != "text/plain" and (charset is None or not _fits(content, charset)):
            charset = declared_charset(content) or charset
        return _flowing(decode(content, charset)[0], part)
    except Exception:  # it has control bytes, but the sender declared it as text
        return content.decode("utf-8", "replace")


def _flowing(text: str, part: Message) -> str:
    """A text whose lines end with a blank where they go on, which `delsp` says is none (RFC 3676)."""
    if str(part.get_param("delsp") or "").lower() != "yes":
        return text
    return re.sub(r"(?<=[^\s]) \r?\n(?!\r?\n|>|-- )", "", text)


def _fits(content: bytes, charset: str) -> bool:
    try:
        content.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return False
    return True


_HEADER = re.compile(rb"^([A-Za-z][A-Za-z0-9-]*):[ \t]?[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n", re.M)
_MAIL_NAMES = """
    from to cc subject date received return-path message-id mime-version delivered-to content-type
    reply-to sender
"""
_MAIL_HEADERS = frozenset(name.encode() for name in _MAIL_NAMES.split())


def is_mail(head: bytes, data: bytes) -> bool:
    """Whether a text begins with a mail header: three typical fields, or MIME-Version and Content-Type."""
    if head.startswith(b"From "):  # separator line of the mbox format
        head = head.partition(b"\n")[2]
    names: list[bytes] = []
    at = 0
    while (match := _HEADER.match(head, at)) and len(names) < 60:
        names.append(match[1].lower())
        at = match.end()
    return len(_MAIL_HEADERS.intersection(names)) >= 3 or {b"mime-version", b"content-type"} <= set(names)


FORMAT = Format(
    "message/rfc822", from_bytes(parse_eml), suffixes=(".eml",), sniff=is_mail, signature=is_signed
)
