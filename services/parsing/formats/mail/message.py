"""A mail of any format as a document: its subject, headers, bodies and attachments."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.formats.html.inline import image_text
from services.parsing.formats.html.page import render
from services.parsing.formats.html.render import ImageText, Renderer
from services.parsing.formats.html.tree import parse_tree
from services.parsing.formats.mail.attachments import Attachment, attached
from services.parsing.formats.rtf import parse_rtf
from services.parsing.images.pictures import Pictures
from services.parsing.markdown_writer import Writer

_STRUCTURED = re.compile(r"<(?:table|ul|ol|h[1-6]|pre|blockquote)\b", re.I)


@dataclass(frozen=True)
class Body:
    """One text of a mail, in all its formats."""

    plain: str = ""
    html: str = ""
    rtf: bytes = b""


def mail_document(
    subject: str, facts: Sequence[tuple[str, str]], bodies: Sequence[Body], attachments: list[Attachment]
) -> ParsedDocument:
    """Convert a mail with all its texts. A text's HTML is used if it has structure or is the only format."""
    writer = Writer()
    writer.heading(1, md.escape(subject))
    writer.add("\n".join(f"**{name}:** {' '.join(value.split())}" for name, value in facts if value.strip()))
    show = with_pictures(
        {a.name: a.data for a in attachments if (a.content_type or "").startswith("image/")}.get
    )
    warnings: list[str] = []
    for body in bodies:
        if body.html.strip() and (not body.plain.strip() or _STRUCTURED.search(body.html)):
            root, guessed = parse_tree(body.html.encode("utf-8", "replace"), "text/html; charset=utf-8")
            warnings.extend(guessed)
            writer.add(render(root, Renderer(show), paper=True).strip("\n"))
        elif body.rtf and not body.plain.strip():
            writer.add(parse_rtf(body.rtf).markdown.strip("\n"))
        else:
            writer.add(body.plain.replace("\r\n", "\n").replace("\r", "\n").strip("\n"))
    found = attached(attachments)
    writer.extend(found.blocks)
    markdown, _ = writer.finish()
    return ParsedDocument(markdown, title=subject or None, warnings=(*warnings, *found.warnings))


def with_pictures(picture: Callable[[str], bytes | None]) -> ImageText:
    """Describe pictures contained in a message or an archive, found by their source or content id."""
    known = Pictures()

    def text(el: HtmlElement) -> str:
        source = (el.get("src") or "").removeprefix("cid:")
        content = picture(source)
        if content:
            inline, _ = known.describe(content, (el.get("alt") or "").strip(), "")
            return inline
        return image_text(el)

    return text
