# ruff: noqa: E501 (mails read best on one line)
"""Mails, calendars, cards and archives that other tools read wrong."""

from __future__ import annotations

import base64
import io
import zipfile

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.reported import mail
from tests.services.parsing.samples import docx, paragraph, zipped

_HEAD = "From: a@e.org\r\nTo: b@e.org\r\nMIME-Version: 1.0\r\n"
_LETTER = base64.encodebytes(docx(paragraph("Words of the attached letter."))).decode()


def _part(kind: str, body: str, *more: str) -> str:
    return "\r\n".join((f"Content-Type: {kind}", *more, "", body, ""))


def _of(kind: str, boundary: str, *parts: str, quoted: bool = True) -> str:
    inner = "".join(f"--{boundary}\r\n{part}" for part in parts)
    mark = f'"{boundary}"' if quoted else boundary
    return f"Content-Type: multipart/{kind}; boundary={mark}\r\n\r\n{inner}--{boundary}--\r\n"


def _mail(kind: str, *parts: str, boundary: str = "b0", quoted: bool = True) -> bytes:
    head, _, body = _of(kind, boundary, *parts, quoted=quoted).partition("\r\n\r\n")
    return mail(head, body)


def _letter(kind: str = "application/octet-stream", name: str = "a.docx") -> str:
    return _part(
        kind,
        _LETTER,
        "Content-Transfer-Encoding: base64",
        f'Content-Disposition: attachment; filename="{name}"',
    )


_PLAIN, _PAGE = "text/plain; charset=utf-8", "text/html; charset=utf-8"
_INNER = f"From: c@e.org\r\nTo: d@e.org\r\nSubject: Inner question\r\nMIME-Version: 1.0\r\n{_of('mixed', 'in1', _part(_PLAIN, 'How deep is the sump?'))}".removesuffix(
    "--in1--\r\n"
)


def _event(*lines: str, more: str = "") -> bytes:
    inner = "\r\n".join(("BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT"))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{inner}\r\n{more}END:VCALENDAR\r\n".encode()


def _zip(name: bytes, content: bytes, kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file of one entry whose name has these bytes and no mark of UTF-8."""
    held = io.BytesIO()
    stand_in = "x" * len(name)
    with zipfile.ZipFile(held, "w", kind) as archive:
        archive.writestr(stand_in, content)
    return held.getvalue().replace(stand_in.encode(), name)


def _locked_entry() -> bytes:
    """Two entries, the second of which says that it has a password."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("open.txt", "Words that are open.")
        archive.writestr("shut.txt", "Words that are shut.")
    data = bytearray(held.getvalue())
    for sign, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = data.rindex(sign)
        data[place + at] |= 1
    return bytes(data)


def _double(sender: str) -> bytes:
    """AppleDouble: the fork of resources beside the file."""
    fork = base64.encodebytes(b"\0\5\x16\7\0\2\0\0" + b"Mac OS X        " + b"\0" * 60).decode()
    return _mail(
        "mixed",
        _part(_PLAIN, "See the letter."),
        _of(
            "appledouble",
            "b1",
            _part(
                "application/applefile",
                fork,
                "Content-Transfer-Encoding: base64",
                'Content-Disposition: attachment; filename="a.docx"',
            ),
            _letter(sender),
        ),
    )


CASES = [
    Case("mail-mime-parser 40: a mail without a type", "a.eml", b'Date: Fri, 10 Jul 2016 15:29:52 GMT\r\nFrom: "Test Sender" <sender@email.test>\r\nTo: r@email.test\r\nSubject: [36]-text-plain-ipad\r\nMIME-Version: 1.0\r\nX-Mailer: iPad Mail\r\n\r\nThe gate is open.\r\n', has=["The gate is open.", "[36]-text-plain-ipad"]),
    Case("MailSystem.NET 15: a type without its second half", "a.eml", mail("Content-Type: text; charset=utf-8", "Die Größe der Mühle."), has=["Die Größe der Mühle."]),
    Case("mail-mime-parser 115: a type with a star", "a.eml", _mail("*", _part(_PLAIN, "The words."), _letter()).replace(b"multipart/*;", b'multipart/*; charset="ISO-8859-15";'), has=["The words.", "Words of the attached letter."]),
    Case("mailparser 20: a text that is sent as an attachment", "a.eml", _mail("mixed", _part(_PLAIN, "Words of the mail itself.", "Content-Disposition: attachment"), _letter()), has=["Words of the mail itself.", "Words of the attached letter."]),
    Case("stalwart 125: a letter that is called a text", "a.eml", _mail("mixed", _part(_PLAIN, "See it."), _letter("text/plain; charset=utf-8")), has=["See it.", "Words of the attached letter."], lacks=["PK"]),
    Case("stalwart 144: two texts within a page's parts", "a.eml", _mail("related", _of("alternative", "b1", _part(_PLAIN, "The words of May."), _part(_PAGE, "<p>The words of <b>May</b>.</p>")), _part("image/png", "iVBORw0KGgo=", "Content-Transfer-Encoding: base64", "Content-ID: <p>")), has=["The words of"], lacks=["--b1", "Content-Type"]),
    Case("stalwart 144: a page within its parts, and a text before", "a.eml", _mail("alternative", _part(_PLAIN, "Plain words."), _of("related", "b1", _part(_PAGE, "<h1>Plan</h1><p>Words of the page.</p>"), _part("image/png", "iVBORw0KGgo=", "Content-Transfer-Encoding: base64", "Content-ID: <p>"))), has=["Words of the page."], lacks=["--b1"]),
    Case("mailparser 263: a message whose last boundary is missing", "a.eml", _mail("mixed", _part(_PLAIN, "See below."), _part("message/rfc822", _INNER), _letter()), has=["See below.", "Inner question", "How deep is the sump?", "Words of the attached letter."]),
    Case("email-to-pdf 32: boundaries of figures without quotes", "a.eml", _mail("mixed", _of("alternative", "19046660-21017-1613741647-0", _part("text/plain; charset=iso-8859-1", "blablablub=20\r\n=20", "Content-Transfer-Encoding: quoted-printable"), _part(_PAGE, "<p>blablablub</p>"), quoted=False), _letter(), boundary="19046660-30413-1613741647-0", quoted=False), has=["blablablub", "Words of the attached letter."]),
    Case("stalwart 115: Japanese in base64 beside a file", "a.eml", _mail("mixed", _part("text/plain; charset=ISO-2022-JP", base64.encodebytes("水門は七時に開く。".encode("iso-2022-jp")).decode(), "Content-Transfer-Encoding: base64"), _letter()), has=["水門は七時に開く。", "Words of the attached letter."]),
    Case("mailbagit 107: a picture's type on a letter", "a.eml", _mail("mixed", _part(_PLAIN, "See it."), _letter("image/jpeg")), has=["Words of the attached letter."]),
    Case("mimekit: an encoded word with its language", "a.eml", (_HEAD + "Subject: =?utf-8*de?Q?Gr=C3=B6=C3=9Fe?= der Schleuse\r\nContent-Type: text/plain\r\n\r\nx\r\n").encode(), has=["Größe der Schleuse"]),
    Case("mimekit: base64 without its end in a subject", "a.eml", (_HEAD + "Subject: =?UTF-8?B?R3LDtsOfZQ?=\r\nContent-Type: text/plain\r\n\r\nx\r\n").encode(), has=["Größe"]),
    Case("mimekit: AppleDouble", "a.eml", _double("application/vnd.openxmlformats-officedocument.wordprocessingml.document"), has=["See the letter.", "Words of the attached letter."], lacks=["Mac OS X"]),
    Case("mailparser: a body of markdown", "a.eml", mail("Content-Type: text/markdown; charset=utf-8", "## Gates\r\n\r\n- north\r\n- south\r\n"), matches=["^- north", "^- south"]),
    Case("roundcube: a group of addresses", "a.eml", (_HEAD.replace("To: b@e.org", "To: Keepers: Ann <ann@e.org>, bob@e.org;") + "Subject: x\r\nContent-Type: text/plain\r\n\r\nwords\r\n").encode(), has=["Ann", "ann@e.org", "bob@e.org", "words"]),
    Case("ical.js 76: a zone with colons and commas in quotes", "a.ics", _event('DTSTART;TZID="(UTC+01:00) Amsterdam, Berlin, Bern, Rom":20160821T180000', "SUMMARY:Inspection", "LOCATION:Pump house"), has=["Inspection", "Pump house"], matches=["2016-08-21 18:00"]),
    Case("icalendar_parser 43: days on which an event is not", "a.ics", _event("DTSTART;TZID=Europe/Helsinki:20211115T080000", "DTEND;TZID=Europe/Helsinki:20211115T160000", "RRULE:FREQ=WEEKLY;BYDAY=FR,MO,TH,TU,WE", "EXDATE;TZID=Europe/Helsinki:20211126T080000", "EXDATE;TZID=Europe/Helsinki:20211119T080000", "SUMMARY:Watch"), has=["Watch", "2021-11-26", "2021-11-19"]),
    Case("ical.js 76: days on which an event is not, in one line", "a.ics", _event("DTSTART;VALUE=DATE:20221101", "RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20221108,20221109", "SUMMARY:Watch"), has=["2022-11-08", "2022-11-09"]),
    Case("node-ical: an event that moved", "a.ics", _event("DTSTART:20240101T080000Z", "RRULE:FREQ=DAILY", "SUMMARY:Watch", more="BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:20240105T080000Z\r\nDTSTART:20240105T100000Z\r\nSUMMARY:Watch at ten\r\nEND:VEVENT\r\n"), has=["Watch at ten"], matches=["2024-01-05 10:00"]),
    Case("nextcloud 5199: a place with a parameter in quotes", "a.ics", _event("DTSTART:20210608T183000Z", 'LOCATION;ALTREP="https://e.org/x:y;z":Pump house\\, upper floor', "EXDATE:20230328", "SUMMARY:Title"), has=["Pump house, upper floor", "Title"], lacks=["e.org/x:y;z\":"]),
    Case("ez-vcard: a card with a picture and labels of Apple", "a.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Weir\r\nitem1.EMAIL;type=INTERNET:ann@e.org\r\nitem1.X-ABLabel:_$!<Other>!$_\r\nitem2.TEL:0123 4567\r\nitem2.X-ABLabel:Boat\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAUDBAQEAwUEBAQFBQUGBwwIBwcH\r\n BwcLCwkMEQ8SEhEPERETFhwXExQaFRERGCEYGh0dHx8fExciJCIeJBweHx7/\r\nNOTE:Keeps the\\nnorth gate.\r\nEND:VCARD\r\n", has=["Ann Weir", "ann@e.org", "0123 4567", "north gate."], lacks=["4AAQSkZJ"]),
    Case("unzip: a name in the letters of a Japanese Windows", "a.zip", _zip("会議.txt".encode("cp932"), b"Words of the text."), has=["会議", "Words of the text."]),
    Case("unzip: a name in the letters of a Russian DOS", "a.zip", _zip("шлюз.txt".encode("cp866"), b"Words of the text."), has=["шлюз", "Words of the text."]),
    Case("zip: an entry that is packed by LZMA", "a.zip", _zip(b"notes.txt", b"Words of the text. " * 9, zipfile.ZIP_LZMA), has=["Words of the text."]),
    Case("zip: an entry with a password among others", "a.zip", _locked_entry(), has=["Words that are open."], lacks=["Words that are shut."], told="shut.txt"),
    Case("tika: a packet in a mail in a packet", "a.zip", zipped({"mails/a.eml": _mail("mixed", _part(_PLAIN, "See it."), _part("application/zip", base64.encodebytes(zipped({"in/a.csv": "gate,turns\nnorth,17\n"})).decode(), "Content-Transfer-Encoding: base64", 'Content-Disposition: attachment; filename="a.zip"'))}), has=["See it."], rows=[["north", "17"]]),
]  # fmt: skip
