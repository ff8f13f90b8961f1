# ruff: noqa: E501 (markup reads best on one line)
from __future__ import annotations

from email.message import EmailMessage

from services.parsing import parse
from services.parsing.formats.mail import attachments
from tests.services.parsing import samples


def message(text: str = "Hello", html: str | None = None) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ann <a@e.org>", "b@e.org", "Grüße"
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


def test_a_mail_is_its_subject_headers_and_body() -> None:
    document = parse(message().as_bytes(), "a.eml")

    assert document.markdown == "# Grüße\n\n**From:** Ann <a@e.org>\n**To:** b@e.org\n\nHello\n"
    assert (document.title, document.media_type) == ("Grüße", "message/rfc822")


def test_a_header_that_cannot_be_decoded_is_shown_as_it_is() -> None:
    data = b"From: a@e.org\nTo: b@e.org\nSubject: =?utf-8?b?aGVsbG8x=a?=\n\nbody"

    assert "body" in parse(data, "a.eml").markdown


def test_an_html_body_is_taken_when_it_has_structure() -> None:
    assert "- one\n- two" in parse(message("one two", "<ul><li>one<li>two</ul>").as_bytes(), "a.eml").markdown
    assert "one two" in parse(message("one two", "<p>one<p>two").as_bytes(), "a.eml").markdown


def test_attachments_are_parsed_in_their_turn() -> None:
    mail = message()
    mail.add_attachment(
        samples.docx(samples.paragraph("inside")),
        maintype="application",
        subtype="octet-stream",
        filename="x.docx",
    )
    mail.add_attachment(b"a,b\n1,2\n", maintype="text", subtype="csv", filename="t.csv")
    mail.add_attachment(b"\0\1\2", maintype="application", subtype="octet-stream", filename="bad.bin")
    document = parse(mail.as_bytes(), "a.eml")

    assert "## Attachment: x.docx\n\ninside" in document.markdown
    assert "## Attachment: t.csv\n\n| a | b |" in document.markdown
    assert [w for w in document.warnings if "bad.bin" in w]


def test_mails_in_mails_end_somewhere() -> None:
    inner = message("bottom")
    for _ in range(attachments.MAX_DEPTH + 3):
        outer = message("level")
        outer.add_attachment(inner)
        inner = outer
    document = parse(inner.as_bytes(), "a.eml")

    assert document.markdown.count("level") == attachments.MAX_DEPTH + 1
    assert "bottom" not in document.markdown
    assert any("too deep" in warning for warning in document.warnings)


def test_a_web_archive_is_its_page() -> None:
    data = (
        b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=B\nSubject: s\n\n--B\nContent-Type: text/html; charset=utf-8\n\n"
        b"<title>T</title><h1>Head</h1>\n--B--\n"
    )
    document = parse(data, "page.mht")

    assert (document.markdown, document.title) == ("# Head\n", "T")


def test_an_outlook_message_is_read_like_a_mail() -> None:
    def wide(text: str) -> bytes:
        return text.encode("utf-16-le").ljust(4096, b"\0")

    data = samples.ole({
        "__properties_version1.0": b"\0" * 32, "__substg1.0_0037001F": wide("Subject"),
        "__substg1.0_1000001F": wide("Body text"), "__substg1.0_0C1A001F": wide("Ann"),
    })  # fmt: skip

    assert parse(data, "a.msg").markdown == "# Subject\n\n**From:** Ann\n\nBody text\n"
