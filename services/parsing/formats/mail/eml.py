"""Mail (.eml) and web archives (.mhtml): headers, the richest body, attachments."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.html.inline import image_text
from services.parsing.formats.html.page import render, title_of
from services.parsing.formats.html.render import ImageText, Renderer
from services.parsing.formats.html.tree import parse_tree
from services.parsing.formats.mail.attachments import Attachment, attached
from services.parsing.formats.text import decode
from services.parsing.images.pictures import Pictures
from services.parsing.markdown_writer import Writer

_SHOWN = ("From", "To", "Cc", "Date")
_STRUCTURED = re.compile(rb"<(?:table|ul|ol|h[1-6]|pre|blockquote)\b", re.I)


def parse_eml(data: bytes) -> ParsedDocument:
    """A message as a document: its subject is the title; attachments are parsed, too."""
    message = _message(data)
    subject = header(message, "Subject")
    bodies, attachments = _parts(message)
    facts = [(name, header(message, name)) for name in _SHOWN]
    return mail_document(subject, facts, bodies.get("text/plain"), bodies.get("text/html"), attachments)


def mail_document(
    subject: str,
    facts: list[tuple[str, str]],
    plain: bytes | None,
    html: bytes | None,
    attachments: list[Attachment],
) -> ParsedDocument:
    """A mail of any format as a document. Uses the HTML body if it has structure or is the only one."""
    writer = Writer()
    writer.heading(1, md.escape(subject))
    writer.add("\n".join(f"**{name}:** {' '.join(value.split())}" for name, value in facts if value.strip()))
    pictures = {a.name: a.data for a in attachments if (a.content_type or "").startswith("image/")}
    warnings: list[str] = []
    if html and (not (plain or b"").strip() or _STRUCTURED.search(html)):
        root, guessed = parse_tree(html)
        warnings.extend(guessed)
        writer.add(render(root, Renderer(_with_pictures(pictures))).strip("\n"))
    elif plain:
        text, guessed = decode(plain)
        warnings.extend(guessed)
        writer.add(text.replace("\r\n", "\n").replace("\r", "\n").strip("\n"))
    found = attached(attachments)
    writer.extend(found.blocks)
    markdown, _ = writer.finish()
    return ParsedDocument(markdown, title=subject or None, warnings=(*warnings, *found.warnings))


def parse_mhtml(data: bytes) -> ParsedDocument:
    """The page of a web archive; its pictures are taken from the archive."""
    message = _message(data)
    parts = list(message.walk())
    page = next(
        (part for part in parts if part.get_content_type() in ("text/html", "application/xhtml+xml")), None
    )
    if page is None:
        raise CorruptDocument("web archive without an HTML part")
    pictures = {}
    for part in parts:
        if part.get_content_maintype() == "image":
            for name in (
                str(part.get("Content-Location") or ""),
                str(part.get("Content-ID") or "").strip("<>"),
            ):
                pictures[name] = _payload(part)
    root, warnings = parse_tree(_as_utf8(page), "text/html; charset=utf-8")
    markdown = render(root, Renderer(_with_pictures(pictures)))
    return ParsedDocument(
        markdown, title=title_of(root) or header(message, "Subject") or None, warnings=warnings
    )


def _with_pictures(pictures: dict[str, bytes]) -> ImageText:
    known = Pictures()

    def text(el: HtmlElement) -> str:
        source = (el.get("src") or "").removeprefix("cid:")
        if source in pictures:
            inline, _ = known.describe(pictures[source], (el.get("alt") or "").strip(), "")
            return inline
        return image_text(el)

    return text


def _message(data: bytes) -> Message:
    if b"\0" in data[:400]:  # saved as UTF-16
        data = decode(data)[0].encode("utf-8", "replace")
    if data.startswith(b"From "):
        data = data.partition(b"\n")[2]
    message: Message = message_from_bytes(data.lstrip(b"\xef\xbb\xbf\r\n"), policy=policy.compat32)
    return message


def header(message: Message, name: str) -> str:
    """A header field with its encoded words decoded."""
    value = message.get(name)
    if value is None:
        return ""
    try:
        return " ".join(str(make_header(decode_header(str(value)))).split())
    except (LookupError, ValueError, UnicodeError, HeaderParseError):
        return " ".join(str(value).split())


def _parts(message: Message) -> tuple[dict[str, bytes], list[Attachment]]:
    """The first body of each kind as UTF-8, and everything else as attachments."""
    bodies: dict[str, bytes] = {}
    attachments: list[Attachment] = []
    for part in _leaves(message):
        kind = part.get_content_type()
        name = _filename(part)
        inline = "attachment" not in str(part.get("Content-Disposition") or "").lower()
        if kind in ("text/plain", "text/html") and inline and not name and kind not in bodies:
            bodies[kind] = _as_utf8(part)
        elif kind == "text/plain" and inline and not name:
            bodies[kind] += b"\n\n" + _as_utf8(part)
        elif kind in (
            "application/pgp-signature",
            "application/pkcs7-signature",
            "application/pgp-encrypted",
        ):
            continue
        else:
            payload = _nested_message(part) if kind == "message/rfc822" else _payload(part)
            if payload.strip():
                name = name or str(part.get("Content-ID") or "").strip("<>") or kind
                attachments.append(Attachment(name, payload, kind))
    return bodies, attachments


def _nested_message(part: Message) -> bytes:
    inner = part.get_payload()
    return (
        inner[0].as_bytes() if isinstance(inner, list) and isinstance(inner[0], Message) else _payload(part)
    )


def _leaves(message: Message) -> list[Message]:
    if message.get_content_type() == "message/rfc822" or not message.is_multipart():
        return [message]
    found: list[Message] = []
    for part in message.get_payload():
        if isinstance(part, Message):
            found.extend(_leaves(part))
    return found


def _filename(part: Message) -> str:
    try:
        name = part.get_filename() or ""
        return str(make_header(decode_header(name))) if "=?" in name else name
    except (LookupError, ValueError, UnicodeError, TypeError, HeaderParseError):
        return ""


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _as_utf8(part: Message) -> bytes:
    payload = _payload(part)
    charset = part.get_content_charset()
    try:
        return decode(payload, charset)[0].encode("utf-8", "replace")
    except Exception:
        return payload.decode("utf-8", "replace").encode("utf-8")


_HEADER = re.compile(rb"^([A-Za-z][A-Za-z0-9-]*):[ \t]?[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n", re.M)
_MAIL_NAMES = """
    from to cc subject date received return-path message-id mime-version delivered-to content-type
    reply-to sender
"""
_MAIL_HEADERS = frozenset(name.encode() for name in _MAIL_NAMES.split())


def _is_mail(head: bytes, data: bytes) -> bool:
    """Whether a text begins with a message header: at least three fields that only mail has."""
    if head.startswith(b"From "):  # a line of the mbox format
        head = head.partition(b"\n")[2]
    names: list[bytes] = []
    at = 0
    while (match := _HEADER.match(head, at)) and len(names) < 60:
        names.append(match[1].lower())
        at = match.end()
    return len(_MAIL_HEADERS.intersection(names)) >= 3 or {b"mime-version", b"content-type"} <= set(names)


def _is_web_archive(head: bytes, data: bytes) -> bool:
    head = data[:4096].lower()
    return (
        b"multipart/related" in head
        and b"mime-version:" in head
        and b"text/html" in data[:65536].lower()
        and not re.search(rb"^(to|received):", head, re.M)
    )


#: Web archives first, because they are messages, too.
FORMATS = (
    Format(
        "multipart/related",
        from_bytes(parse_mhtml),
        suffixes=(".html", ".htm", ".xhtml", ".shtml", ".mhtml", ".mht"),
        sniff=_is_web_archive,
    ),
    Format("message/rfc822", from_bytes(parse_eml), suffixes=(".eml",), sniff=_is_mail),
)
