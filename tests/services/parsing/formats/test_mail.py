# ruff: noqa: E501 (markup reads best on one line)
from __future__ import annotations

import base64
from email.message import EmailMessage

from services.parsing import nested, parse
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
    for _ in range(nested.MAX_DEPTH + 3):
        outer = message("level")
        outer.add_attachment(inner)
        inner = outer
    document = parse(inner.as_bytes(), "a.eml")

    assert document.markdown.count("level") == nested.MAX_DEPTH + 1
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


def mail_of(head: str, body: str) -> bytes:
    return f"From: a@e.org\nTo: b@e.org\nSubject: S\nMIME-Version: 1.0\n{head}\n\n{body}".encode("latin-1")


def test_html_without_a_charset_is_read_as_its_head_says() -> None:
    page = (
        "<html><head><meta http-equiv=Content-Type content='text/html; charset=iso-8859-2'></head>"
        "<body><p>Řeka je plná, hlídač otevřel stavidlo.</p></body></html>"
    )
    head = b"From: a@e.org\nTo: b@e.org\nSubject: S\nContent-Type: text/html\n\n"

    assert "Řeka je plná" in parse(head + page.encode("iso8859-2"), "a.eml").markdown


def test_a_forwarded_message_is_read_although_it_is_encoded() -> None:
    inner = base64.b64encode(mail_of("Content-Type: text/plain", "How deep?")).decode()
    parts = f"--B\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{inner}\n--B--\n"

    markdown = parse(mail_of("Content-Type: multipart/mixed; boundary=B", parts), "a.eml").markdown
    assert "How deep?" in markdown


def test_a_boundary_that_is_folded_or_missing_still_parts_the_mail() -> None:
    parts = "--=_Part 12\nContent-Type: text/html\n\n<p>Inside</p>\n--=_Part 12--\n"
    for head in (
        'Content-Type: multipart/mixed; boundary="=_Part\n 12"',
        "Content-Type: multipart/mixed",
        'Content-Type: multipart/alternative; boundary="other"',
    ):
        markdown = parse(mail_of(head, parts), "a.eml").markdown
        assert markdown.endswith("\n\nInside\n")


def test_every_inline_text_is_kept_in_order() -> None:
    parts = (
        "--B\nContent-Type: text/html\n\n<p>The body.</p>\n"
        "--B\nContent-Type: text/plain\n\nA footer of the list.\n--B--\n"
    )

    markdown = parse(mail_of("Content-Type: multipart/mixed; boundary=B", parts), "a.eml").markdown
    assert markdown.endswith("The body.\n\nA footer of the list.\n")


def test_a_delivery_report_says_why() -> None:
    parts = (
        "--B\nContent-Type: text/plain\n\nIt failed.\n--B\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.e.org\n\nFinal-Recipient: rfc822; x@e.org\nStatus: 5.1.1\n\n--B--\n"
    )

    assert "Status: 5.1.1" in parse(mail_of("Content-Type: multipart/report; boundary=B", parts)).markdown


def test_a_mailbox_is_all_of_its_messages() -> None:
    box = b"".join(
        b"From x Mon Feb  5 10:00:00 2024\n"
        + mail_of("Content-Type: text/plain", f"Text {n}\n>From here\n\n")
        for n in range(3)
    )

    document = parse(box, "archive")
    assert document.media_type == "application/mbox"
    assert [page.name for page in document.pages] == ["S", "S", "S"]
    assert all(f"Text {n}\nFrom here" in document.markdown for n in range(3))


def test_a_web_archive_is_read_with_its_frames_and_in_its_charset() -> None:
    page = "<meta charset=windows-1251><h1>Мельница</h1><iframe src='cid:f@x'></iframe>"
    data = (
        b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=B\n\n--B\nContent-Type: text/html\n\n"
        + page.encode("cp1251")
        + b"\n--B\nContent-Type: text/html\nContent-ID: <f@x>\n\n<body><p>Inside</p></body>\n--B--\n"
    )

    assert parse(data, "page.mhtml").markdown == "# Мельница\n\nInside\n"


def test_headers_that_are_not_encoded_are_read_in_their_encoding() -> None:
    head = "From: Jürgen <a@e.org>\nTo: b@e.org\nSubject: Größe\n\nx\n"

    assert parse(head.encode(), "a.eml").markdown == parse(head.encode("cp1252"), "a.eml").markdown
    assert parse(head.encode(), "a.eml").title == "Größe"
