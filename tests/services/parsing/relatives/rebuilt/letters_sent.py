# ruff: noqa: E501 (mails read best on one line)
"""Mails whose parts, charsets and encodings are not as they should be."""

from __future__ import annotations

import base64
import gzip

from tests.services.parsing.formats.test_outlook import winmail
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.reported import mail
from tests.services.parsing.samples import docx, paragraph, zipped

_HEAD = "From: a@e.org\r\nTo: b@e.org\r\nMIME-Version: 1.0\r\n"


def _part(kind: str, body: str, more: str = "") -> str:
    return f"Content-Type: {kind}{more}\r\n\r\n{body}\r\n"


def _b64(kind: str, data: bytes, more: str = "") -> str:
    return _part(kind, base64.encodebytes(data).decode(), f"\r\nContent-Transfer-Encoding: base64{more}")


def _of(kind: str, boundary: str, *parts: str) -> str:
    inner = "".join(f"--{boundary}\r\n{part}" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n{inner}--{boundary}--\r\n'


def _mixed(kind: str, *parts: str) -> bytes:
    head, _, body = _of(kind, "b0", *parts).partition("\r\n\r\n")
    return mail(head, body)


_CALENDAR = "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Europe/Berlin:20240722T090000\r\nDTEND;TZID=Europe/Berlin:20240722T100000\r\nSUMMARY:Inspection of the north gate\r\nLOCATION:Pump house\r\nEND:VEVENT\r\nEND:VCALENDAR"
_INNER = f"From: c@e.org\r\nTo: d@e.org\r\nSubject: Original\r\nMIME-Version: 1.0\r\n{_of('alternative', 'i1', _part('text/plain', 'The certified words.'), _part('text/html', '<p>The certified words.</p>'))}"

CASES = [
    Case("MimeKit 692: two types, the first with a boundary that is not there", "a.eml", mail('Content-Type: multipart/alternative; boundary="Boundary_(ID_1)"\r\nContent-Type: multipart/alternative; boundary="b1"', f"--b1\r\n{_part('text/plain', 'The words.')}--b1\r\n{_part('text/html', '<p>The <b>words</b>.</p>')}--b1--\r\n"), has=["words"], lacks=["--b1"]),
    Case("mail-parser 27: an empty text beside a page with its picture", "a.eml", _mixed("alternative", _part("text/plain; charset=UTF-8; format=flowed", ""), _of("related", "r1", _part("text/html; charset=UTF-8", "<p>Words of the page</p><img src='cid:p'>"), _b64("image/png", b"\x89PNG", "\r\nContent-ID: <p>"))), has=["Words of the page"]),
    Case("php-mime-mail-parser 474: a certified letter", "a.eml", _mixed("mixed", _of("alternative", "a1", _part("text/plain", "Certified message")), _b64("application/xml; name=daticert.xml", b"<postacert tipo='certified'/>"), _part('message/rfc822; name="postacert.eml"', _INNER)), has=["Certified message", "The certified words."]),
    Case("apple mail: a page, a file and a page within an alternative", "a.eml", _mixed("alternative", _part("text/plain", "Before.\r\nAfter."), _of("mixed", "m1", _part("text/html", "<p>Before.</p>"), _b64("text/csv; name=a.csv", b"gate,turns\nnorth,17\n", "\r\nContent-Disposition: inline; filename=a.csv"), _part("text/html", "<p>After.</p>"))), has=["Before.", "After."], rows=[["north", "17"]]),
    Case("mailparser: a meeting beside two texts", "a.eml", _mixed("alternative", _part("text/plain", "Please come."), _part("text/html", "<p>Please come.</p>"), _part("text/calendar; method=CANCEL; charset=utf-8", _CALENDAR)), has=["Please come.", "Inspection of the north gate", "Pump house"]),
    Case("mailparser: quoted letters that are damaged", "a.eml", mail("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable", "Gr=c3=b6=C3=9Fe is 5 =3D five, 100=% and a=\r\n line=  \r\n goes on =E2=80=93 =\r\n"), has=["Größe is 5 = five, 100", "goes on –"]),
    Case("mailparser: encoded words without a blank between them", "a.eml", (_HEAD + "Subject: =?UTF-8?Q?Gr=C3=B6=C3=9Fe_?==?UTF-8?Q?der_M=C3=BChle?=\r\n\r\nx\r\n").encode(), has=["Größe der Mühle"]),
    Case("mailparser: blanks within an encoded word", "a.eml", (_HEAD + "Subject: =?UTF-8?Q?Gr=C3=B6=C3=9Fe der M=C3=BChle?=\r\n\r\nx\r\n").encode(), has=["Größe der Mühle"]),
    Case("mailparser: UTF-8 that is called ASCII", "a.eml", mail("Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 8bit", "Größe – der Mühle"), has=["Größe – der Mühle"]),
    Case("thunderbird: quotes of Windows that are called Latin-1", "a.eml", mail("Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit", "“Größe” – 5 €".encode("cp1252")), has=["“Größe” – 5 €"]),
    Case("mailparser: Chinese beyond the set that it names", "a.eml", mail("Content-Type: text/plain; charset=gb2312\r\nContent-Transfer-Encoding: 8bit", "水閘每天打開，朱镕基".encode("gbk")), has=["朱镕基"]),
    Case("mailparser: Korean by its code page's name", "a.eml", mail("Content-Type: text/plain; charset=ks_c_5601-1987\r\nContent-Transfer-Encoding: 8bit", "수문은 매일 열린다 똠".encode("cp949")), has=["수문은 매일 열린다 똠"]),
    Case("mailparser: Japanese with signs of Windows", "a.eml", mail("Content-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: 7bit", b"\x1b$B?eLg\x1b(B 1 \x1b$B-!\x1b(B end"), has=["水門", "①", "end"]),
    Case("mimekit: a page in UTF-16", "a.eml", mail("Content-Type: text/html; charset=utf-16\r\nContent-Transfer-Encoding: base64", base64.encodebytes("<p>Größe</p>".encode("utf-16"))), has=["Größe"]),
    Case("newsletters: a preview and much padding that nobody sees", "a.eml", mail("Content-Type: text/html; charset=utf-8", "<div style='display:none;max-height:0;overflow:hidden'>Ghostly preview</div><div style='display:none'>&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;</div><p>The news of May.</p><img src='https://e.org/o.gif' width=1 height=1 alt=''>"), has=["The news of May."], lacks=["Ghostly", "\u034f"]),
    Case("dmarc: a report that is packed, and no text", "a.eml", mail("Content-Type: application/gzip; name=\"e.org!1!2.xml.gz\"\r\nContent-Disposition: attachment; filename=\"e.org!1!2.xml.gz\"\r\nContent-Transfer-Encoding: base64", base64.encodebytes(gzip.compress(b"<feedback><org_name>weir.example</org_name></feedback>"))), has=["weir.example"]),
    Case("mailparser: an encoding with more behind its name", "a.eml", mail("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64 (as sent)", base64.encodebytes("Größe der Mühle".encode())), has=["Größe der Mühle"]),
    Case("outlook: a message in TNEF within a mail", "a.eml", _mixed("mixed", _part("text/plain", "See below."), _b64("application/ms-tnef; name=winmail.dat", winmail(b"Words of the wrapped message"))), has=["See below.", "Words of the wrapped message"]),
    Case("mailparser: a letter in a packet with a mail in it", "a.eml", _mixed("mixed", _part("text/plain", "See it."), _b64("application/zip; name=a.zip", zipped({"in/a.eml": _INNER, "in/b.docx": docx(paragraph("Words of the letter."))}))), has=["The certified words.", "Words of the letter."]),
    Case("mailparser: parts of a mail that has none", "a.eml", mail('Content-Type: multipart/mixed; boundary="b"', "--b--\r\n"), has=["Pump"]),
    Case("mailparser: a subject in many lines", "a.eml", (_HEAD + "Subject: The gate at the weir\r\n\tof the old mill\r\n =?utf-8?B?aXN0IGdlw7ZmZm5ldA==?=\r\n =?utf-8?Q?_und_offen?=\r\n\r\nx\r\n").encode(), has=["The gate at the weir of the old mill ist geöffnet und offen"]),
    Case("yahoo: a text that only an attachment of the type text has", "a.eml", _mixed("mixed", _part("text/plain; name=\"minutes.txt\"", "Words of the minutes.", "\r\nContent-Disposition: attachment; filename=\"minutes.txt\""), _part("text/html", "<p>Words of the mail.</p>")), has=["Words of the minutes.", "Words of the mail."]),
]  # fmt: skip
