# ruff: noqa: E501 (mails read best on one line)
"""Mails, calendars and archives that other tools read wrong."""

from __future__ import annotations

import base64
import gzip

from compressed_rtf import compress  # type: ignore[import-untyped]

from tests.services.parsing.formats.test_outlook import msg
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.reported import mail
from tests.services.parsing.samples import docx, ole, paragraph, zipped

_LETTER = base64.encodebytes(docx(paragraph("Words of the attached letter."))).decode()
_PLAIN = "Content-Type: text/plain; charset=utf-8\r\n\r\n"


def _mixed(*parts: str) -> bytes:
    return mail(
        'Content-Type: multipart/mixed; boundary="b0"',
        "".join(f"--b0\r\n{part}\r\n" for part in parts) + "--b0--\r\n",
    )


def _named(name: str) -> bytes:
    return _mixed(
        f"{_PLAIN}See it.",
        f"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;{name}\r\n\r\n{_LETTER}",
    )


def _event(*lines: str, method: str = "PUBLISH") -> bytes:
    inner = "\r\n".join(("BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT"))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:{method}\r\nPRODID:x\r\n{inner}\r\nEND:VCALENDAR\r\n".encode()


_FLOWED = "After a long time, Ann said that the gate of the mill \r\nstays shut.\r\n\r\nno, true, the fire brigade says so\r\n\r\n> Is it \r\n> open?\r\n-- \r\nBob\r\nKeeper\r\n"
_TAGGED = rb"{\rtf1\ansi\fromhtml1{\*\htmltag64 <table><tr><td>}North{\*\htmltag64 </td><td>}17{\*\htmltag64 </td></tr></table>}\intbl\plain\f0\~{\*\htmltag0 </Span>}{\*\htmltag64 <p>}The end.{\*\htmltag72 </p>}}"
_INNER = ole({**msg(subject="Inner subject", body="How deep is the sump?")})

CASES = [
    Case("mail-api 74: a name in pieces without its charset", "a.eml", _named("\r\n filename*0*=\"''attached%2E\";\r\n filename*1*=\"doc\";\r\n filename*2=x"), has=["See it.", "Words of the attached letter."]),
    Case("Indy 694: a long name in pieces without quotes", "a.eml", _named("\r\n filename*0=35260915038608000182550010000805791441231156_v4.00-proc.d;\r\n filename*1=ocx"), has=["See it.", "Words of the attached letter.", "v4.00-proc.docx"]),
    Case("ailang 678: a name of encoded words with a comma", "a.eml", _named("\r\n filename=\"=?iso-8859-1?Q?M=FCllerweg_12B=2C_2000_Lowmoor?=.docx\""), has=["Müllerweg 12B, 2000 Lowmoor.docx", "Words of the attached letter."]),
    Case("mail-mime-parser 80: a name of encoded words in pieces", "a.eml", _named('\r\n filename*0="=?UTF-8?B?U2NobGV1c2Ug4oCTIFBsYW4gZsO8ciBk";\r\n filename*1="aWUgTcO8aGxlLmRvY3g=?="'), has=["Words of the attached letter.", "Plan für die Mühle.docx"]),
    Case("super-productivity 8999: a text with a name but no disposition", "a.eml", _mixed(f"{_PLAIN}Words of the mail.", 'Content-Type: text/plain; name="notes.txt"\r\n\r\nWords of the notes.'), has=["Words of the mail.", "notes.txt", "Words of the notes."]),
    Case("mailparser 114: lines that do not flow", "a.eml", mail("Content-Type: text/plain; charset=iso-8859-15; format=flowed", _FLOWED), has=["the gate of the mill stays shut."], matches=[r"stays shut\.$", "^no, true", r"^Bob\\?\s*$|Bob  $|Bob<br>"], order=["> Is it", "> open?"], no_match=["says so.*Is it", "Bob Keeper"]),
    Case("mailparser 371: a message of Outlook in a mail", "a.eml", _mixed(f"{_PLAIN}See it.", f"Content-Type: application/vnd.ms-outlook\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n{base64.encodebytes(_INNER).decode()}"), has=["See it.", "Inner subject", "How deep is the sump?"]),
    Case("msg-extractor 271: a table of HTML within RTF", "a.msg", ole({**msg(subject="S"), "__substg1.0_10090102": compress(_TAGGED)}), matches=[r"North \| 17|North</td><td>17"], has=["The end."], lacks=["htmltag"]),
    Case("mailparser: a page that says another charset than its mail", "a.eml", mail("Content-Type: text/html; charset=utf-8", "<html><head><meta charset='iso-8859-1'></head><body><p>Größe der Mühle</p></body></html>"), has=["Größe der Mühle"]),
    Case("mailbox: lines that end twice", "a.eml", mail("Content-Type: text/plain; charset=utf-8", "First line.\r\nSecond line.\r\n").replace(b"\r\n", b"\r\r\n"), has=["Pump", "First line.", "Second line."]),
    Case("node-ical 67: a rule with a parameter of its own", "a.ics", _event("DTSTART:20201102T072000Z", "RRULE;X-BUSYMAC-REGENERATE=TRASH:FREQ=WEEKLY;BYDAY=MO,TU", "SUMMARY:Watch"), has=["Watch"], matches=["(?i)week"]),
    Case("ics: a meeting that is cancelled", "a.ics", _event("DTSTART:20201102T072000Z", "SUMMARY:Watch of the gate", "STATUS:CANCELLED", method="CANCEL"), has=["Watch of the gate"], matches=["(?i)cancel"]),
    Case("ics: a task with a day, and how far it is", "a.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:1\r\nSUMMARY:Paint the gate\r\nDUE;VALUE=DATE:20240722\r\nSTATUS:COMPLETED\r\nPERCENT-COMPLETE:100\r\nEND:VTODO\r\nEND:VCALENDAR\r\n", has=["Paint the gate", "2024-07-22"], matches=["(?i)completed|done"]),
    Case("ez-vcard: a card with a name in parts alone", "a.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Weir;Ann;;Dr.;\r\nORG:Harbour Office;Gates\r\nADR;TYPE=WORK:;;Mill Lane 12;Lowmoor;;75013;France\r\nBDAY:1980-05-03\r\nEND:VCARD\r\n", has=["Ann", "Weir", "Harbour Office", "Mill Lane 12", "Lowmoor"]),
    Case("unzip: what a Macintosh adds to an archive", "a.zip", zipped({"plan/a.txt": "Words of the plan.", "__MACOSX/plan/._a.txt": b"\0\5\x16\7\0\2\0\0Mac OS X        \0\2", "plan/.DS_Store": b"\0\0\0\1Bud1"}), has=["Words of the plan."], lacks=["Mac OS X", "Bud1"]),
    Case("unzip: names with the slashes of Windows", "a.zip", zipped({"x": ""}) and zipped({"plans\\north\\a.txt": "Words of the plan.", "plans\\b.csv": "gate,turns\nnorth,17\n"}), has=["Words of the plan."], rows=[["north", "17"]]),
    Case("gzip: a table with its name in its head", "levels.gz", gzip.compress(b"gate;turns\nnorth;17\nsouth;9\n"), has=["north", "17"]),
    Case("libpst: a mailbox of Outlook is named", "a.pst", b"!BDN" + b"\0" * 4 + b"SM" + b"\x17\0" + b"\0" * 600, refused="Outlook"),
]  # fmt: skip
