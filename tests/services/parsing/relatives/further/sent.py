# ruff: noqa: E501 (mails read best on one line)
"""Mails, calendars, contacts and archives that other tools read wrong or in part."""

from __future__ import annotations

import base64
import bz2
import io
import zipfile

from compressed_rtf import compress  # type: ignore[import-untyped]

from tests.services.parsing.formats.test_outlook import msg
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.neighbours.drawing import tarball
from tests.services.parsing.relatives.reported import mail
from tests.services.parsing.samples import docx, ole, paragraph, zipped

_LETTER = base64.encodebytes(docx(paragraph("Words of the attached letter."))).decode()
_PLAIN = "Content-Type: text/plain; charset=utf-8\r\n\r\n"
_HEAD = "From: a@e.org\r\nTo: b@e.org\r\nDate: Mon, 6 May 2024 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"


def mixed(*parts: str, kind: str = "mixed") -> bytes:
    return mail(
        f'Content-Type: multipart/{kind}; boundary="b0"',
        "".join(f"--b0\r\n{part}\r\n" for part in parts) + "--b0--\r\n",
    )


def event(*lines: str, zone: str = "") -> bytes:
    inner = "\r\n".join(("BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT"))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{zone}{inner}\r\nEND:VCALENDAR\r\n".encode()


def bytes_property(**texts: bytes) -> dict[str, bytes]:
    tags = {"html": "10130102", "rtf": "10090102", "subject8": "0037001E", "body8": "1000001E"}
    return {
        f"__substg1.0_{tags[name]}": text.ljust(4096, b"\0") if name.endswith("8") else text
        for name, text in texts.items()
    }


def attached(name: str, data: bytes, number: int = 0) -> dict[str, bytes]:
    at = f"__attach_version1.0_#{number:08X}/"
    return {
        f"{at}__properties_version1.0": b"\0" * 8,
        f"{at}__substg1.0_3707001F": name.encode("utf-16-le").ljust(4096, b"\0"),
        f"{at}__substg1.0_37010102": data,
    }


_ZONE = "BEGIN:VTIMEZONE\r\nTZID:Pacific Standard Time\r\nBEGIN:STANDARD\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:-0700\r\nTZOFFSETTO:-0800\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
_EMOJI = "DESCRIPTION:A strong team 💪🏼 builds the gate".encode()
_CUT = _EMOJI[:27] + b"\r\n " + _EMOJI[27:]
_INNER = mail("Content-Type: text/plain; charset=utf-8", "Inner words of the mail.\r\n")
_BROKEN_PAGE = (
    b"<html><head><title>x</title></head><body><p>First words.</p></body></html><p>Words behind the end.</p>"
)
_RTF_BACK = rb"{\rtf1\ansi\fromhtml1{\*\background{\shp{\*\shpinst{\sp{\sn fillColor}{\sv 16777215}}{\sp{\sn fFilled}{\sv 1}}}}}{\*\htmltag64 <p>}Test body{\*\htmltag72 </p>}}"


def deep_zip() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(".DS_Store", b"\0" * 20)
        archive.writestr("a/empty.txt", "")
        archive.writestr("a/../b/notes.txt", "Words that point upwards.")
        archive.writestr("a/mail.eml", _INNER)
    return held.getvalue()


CASES = [
    Case("postal-mime 63: a subject of raw Latin-1 in an encoded word", "a.eml", (_HEAD + "Subject: =?iso-8859-1?Q?Die_Hasen_und_die_Fr\xf6sche?=\r\n" + _PLAIN).encode("latin-1") + "Grüße\r\n".encode(), has=["Die Hasen und die Frösche", "Grüße"]),
    Case("mailparser 159: a type that is empty before its name", "a.eml", mixed(f"{_PLAIN}See it.", f'Content-Type: ; name="letter.docx"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n{_LETTER}'), has=["See it.", "Words of the attached letter."]),
    Case("mail-mime-parser 95: a charset that is called binary", "a.eml", mixed('Content-Type: text/plain; charset=binary; name="a.txt"\r\nContent-Transfer-Encoding: base64\r\n\r\n' + base64.encodebytes("Größe der Mühle".encode()).decode()), has=["Größe der Mühle"]),
    Case("mail-parser 45: attached texts in their own charsets", "a.eml", mixed(f"{_PLAIN}See them.", "Content-Type: text/plain; charset=koi8-r; name=a.txt\r\nContent-Disposition: attachment; filename=a.txt\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes("Шлюз открыт утром".encode("koi8-r")).decode(), "Content-Type: text/csv; charset=iso-8859-1; name=b.csv\r\nContent-Disposition: attachment; filename=b.csv\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes("Ort,Höhe\nMühle,17\n".encode("latin-1")).decode()), has=["Шлюз открыт утром"], rows=[["Mühle", "17"]]),
    Case("opensearchserver 1413: From without an address of its own line", "a.eml", b'Return-Path: <me@e.org>\r\nFrom: "myself"\r\n <me@e.org>\r\nMIME-Version: 1.0\r\nTo: r@e.org\r\nContent-Type: multipart/alternative;\r\n boundary="--b1"\r\n\r\nThis is a multi-part message in MIME format.\r\n----b1\r\nContent-Type: text/plain; charset=ISO-8859-1; format=flowed\r\n\r\nmail body here\r\n\r\n----b1\r\nContent-Type: text/html; charset=ISO-8859-1\r\n\r\n<html><body><p>mail body <b>here</b></p></body></html>\r\n----b1--\r\n', matches=[r"mail body \**here"], lacks=["multi-part message"]),
    Case("james-project 5231: an invitation that is an attachment", "a.eml", mixed(f"{_PLAIN}Please come.", "Content-Type: text/calendar; method=REQUEST;\r\n\tcharset=\"utf-8\"\r\nContent-Disposition: attachment\r\n\r\n" + event('ATTENDEE;CN="Victor B";RSVP=TRUE:mailto:v@e.org', "DESCRIPTION: \\n\\n", 'DTSTART;TZID="Romance Standard Time":20240722T080000', 'DTEND;TZID="Romance Standard Time":20240722T083000', "SUMMARY;LANGUAGE=fr:Visite du barrage").decode()), has=["Please come.", "Visite du barrage", "Victor B"], matches=[r"2024-07-22.{0,20}08:00"], lacks=["BEGIN:VEVENT"]),
    Case("sync-engine 247: a zone that begins in 1601", "a.ics", event("ORGANIZER;CN=Marc B:MAILTO:m@e.org", "DTSTART;TZID=Pacific Standard Time:20160107T140000", "DTEND;TZID=Pacific Standard Time:20160107T150000", "SUMMARY:Watch of the gate", zone=_ZONE), has=["Watch of the gate", "Marc B"], matches=[r"2016-01-07.{0,20}14:00"], lacks=["1601"]),
    Case("libical 427: a letter that a fold cuts, of four bytes", "a.ics", event("DTSTART:20240501T080000Z", "SUMMARY:x@@").replace(b"SUMMARY:x@@", b"SUMMARY:Team\r\n" + _CUT), has=["A strong team 💪🏼 builds the gate"]),
    Case("outlookcaldavsynchronizer 22: a line of a description that is not folded", "a.ics", event("SUMMARY:Demo", "DTSTART;TZID=Europe/Vienna:20121017T180000", "LOCATION:Wien", "DESCRIPTION:Am 17. Oktober um 18:00 von der Schleuse", " hana zum Rathaus.", "TREFFPUNKT 17:50 ", "TRANSP:OPAQUE"), has=["Demo", "Wien", "Am 17. Oktober um 18:00", "TREFFPUNKT 17:50"]),
    Case("khal 328: a zone whose quotes hold another parameter", "a.ics", event('DTSTART;TZID="local;VALUE=DATE-TIME":20150320T120000', 'DTEND;TZID="local;VALUE=DATE-TIME":20150320T130000', "SUMMARY:Credicoop"), has=["Credicoop"], matches=[r"2015-03-20.{0,20}12:00"]),
    Case("node-ical 147: a day that has a time, too", "a.ics", event("DTSTART;VALUE=DATE:20200822T000000", "DTEND;VALUE=DATE:20200823T000000", "RRULE:FREQ=YEARLY", "SUMMARY:MyBirthday"), has=["MyBirthday", "2020-08-22"]),
    Case("datatracker 8498: a word before the event", "a.ics", event("DTSTART:20250204T080000Z", "SUMMARY:Interim meeting").replace(b"BEGIN:VEVENT", b"NoneBEGIN:VEVENT"), has=["Interim meeting"]),
    Case("SwiftCal 3: a description with its language", "a.ics", event("DTSTART:20180403T080000Z", "SUMMARY;LANGUAGE=en-us:Review", "DESCRIPTION;LANGUAGE=en-us:Bring the papers of the gate."), has=["Review", "Bring the papers of the gate."]),
    Case("msg-extractor 18: a mail as a file in a message", "a.msg", ole({**msg(subject="Outer", body="See the mail."), **attached("other.eml", _INNER)}), has=["Outer", "See the mail.", "Inner words of the mail."]),
    Case("msg-extractor 57: a message that has only a file", "a.msg", ole({**msg(subject="Only"), **attached("letter.docx", docx(paragraph("Words of the letter.")))}), has=["Only", "Words of the letter."]),
    Case("MSGReader 311: words behind the end of the page", "a.msg", ole({**msg(subject="S"), **bytes_property(html=_BROKEN_PAGE.ljust(4096))}), has=["First words.", "Words behind the end."]),
    Case("MSGReader 213: a ground that is no text", "a.msg", ole({**msg(subject="S"), **bytes_property(rtf=compress(_RTF_BACK))}), has=["Test body"], lacks=["16777215", "fFilled"]),
    Case("xberg 560: a message in bytes of a code page with an RTF body", "a.msg", ole({"__properties_version1.0": b"\0" * 32, **bytes_property(subject8="Größe".encode("cp1252"), rtf=compress(rb"{\rtf1\ansi\ansicpg1252 The pump is out.\par Call B\'f6ck.\par}"))}), has=["The pump is out.", "Call Böck.", "Größe"]),
    Case("pst-extractor 25: a body in bytes alone", "a.msg", ole({"__properties_version1.0": b"\0" * 32, **bytes_property(subject8=b"Pump", body8=b"The words of the body.")}), has=["The words of the body."]),
    Case("parse-emails 106: a mail whose page is an attachment of HTML", "a.eml", mixed(f"{_PLAIN}See the page.", 'Content-Type: text/html; charset=utf-8; name="report.html"\r\nContent-Disposition: attachment; filename="report.html"\r\n\r\n<h1>Report</h1><table><tr><th>Gate</th></tr><tr><td>North</td></tr></table>'), has=["See the page.", "Report", "North"], lacks=["<td>"]),
    Case("mailbox: a mailbox whose lines of From have zones", "a.mbox", b"From a@e.org Mon May  6 10:00:00 +0200 2024\r\n" + mail("Content-Type: text/plain", "First words.\r\n") + b"\r\nFrom - Tue May  7 10:00:00 2024\r\nX-Mozilla-Status: 0001\r\n" + mail("Content-Type: text/plain", "Second words.\r\n"), has=["First words.", "Second words."]),
    Case("ez-vcard: a card of version 2.1 with a note in quoted letters over lines", "a.vcf", b"BEGIN:VCARD\r\nVERSION:2.1\r\nN:Weir;Ann\r\nFN:Ann Weir\r\nNOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Gr=C3=B6=C3=9Fe der =\r\nM=C3=BChle=0D=0AZweite Zeile\r\nTEL;WORK;VOICE:0123 4567\r\nEND:VCARD\r\n", has=["Ann Weir", "Größe der Mühle", "Zweite Zeile", "0123 4567"]),
    Case("unzip: names that point upwards and empty files", "a.zip", deep_zip(), has=["Words that point upwards.", "Inner words of the mail."], lacks=["DS_Store"]),
    Case("tika: a packed packet of mails in a packet", "a.zip", zipped({"box.tar.gz": tarball({"one.eml": _INNER}), "log.txt.bz2": bz2.compress(b"Words of the log.")}), has=["Inner words of the mail.", "Words of the log."]),
]  # fmt: skip
