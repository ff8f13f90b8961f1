# ruff: noqa: E501 (markup reads best on one line)
"""Mails, calendars and contacts that other tools read wrong."""

from __future__ import annotations

import base64

from tests.services.parsing import samples
from tests.services.parsing.formats.test_outlook import msg
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.reported import mail
from tests.services.parsing.samples import docx, paragraph

_DOCX = base64.encodebytes(docx(paragraph("Words of the attached letter."))).decode()
_HEAD = "From: a@e.org\r\nTo: b@e.org\r\nMIME-Version: 1.0\r\n"


def _parts(*parts: str, kind: str = "mixed", boundary: str = "b", more: str = "") -> bytes:
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return mail(f'Content-Type: multipart/{kind}; boundary="{boundary}"{more}', f"{body}--{boundary}--\r\n")


def _text(text: str, kind: str = "plain", more: str = "") -> str:
    return f"Content-Type: text/{kind}; charset=utf-8{more}\r\n\r\n{text}"


_MAILS = [
    Case("nodemailer 244: a disposition in encoded letters", "a.eml", mail("Content-Type: text/html; charset=utf-8\r\nContent-Disposition: =?utf-8?Q?inline?=", "<p>The words</p>"), has=["The words"]),
    Case("eml-parse-js 52: texts that are said to be inline", "a.eml", _parts(_text("Plain words", more="\r\nContent-Disposition: inline"), _text("<p>Plain words</p>", "html", "\r\nContent-Disposition: inline"), kind="alternative"), has=["Plain words"]),
    Case("mail-parser 88: base64 that is none", "a.eml", mail("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64", "These words were never encoded, as anybody sees.\r\n"), has=["These words were never encoded"]),
    Case("MailMimeParser 55: a boundary that is folded", "a.eml", mail('Content-Type: multipart/mixed;\r\n boundary="=_alternative\r\n 0048"', "--=_alternative 0048\r\nContent-Type: text/plain\r\n\r\nThe words.\r\n--=_alternative 0048--\r\n"), has=["The words."]),
    Case("mail: a last boundary that is missing", "a.eml", mail('Content-Type: multipart/mixed; boundary="b"', "--b\r\nContent-Type: text/plain\r\n\r\nFirst words.\r\n--b\r\nContent-Type: text/plain\r\n\r\nLast words.\r\n"), has=["First words.", "Last words."]),
    Case("mail: boundaries with blanks behind them", "a.eml", mail('Content-Type: multipart/mixed; boundary="b"', "--b  \r\nContent-Type: text/plain\r\n\r\nFirst words.\r\n--b \r\nContent-Type: text/plain\r\n\r\nLast words.\r\n--b--\r\n"), has=["First words.", "Last words."]),
    Case("mail: a boundary that begins as the outer one", "a.eml", mail('Content-Type: multipart/mixed; boundary="bb"', '--bb\r\nContent-Type: multipart/alternative; boundary="bbb"\r\n\r\n--bbb\r\nContent-Type: text/plain\r\n\r\nInner words.\r\n--bbb--\r\n--bb\r\nContent-Type: text/plain; name=n.txt\r\nContent-Disposition: attachment; filename=n.txt\r\n\r\nAttached words.\r\n--bb--\r\n'), has=["Inner words.", "Attached words."]),
    Case("mail: words before and after the parts", "a.eml", mail('Content-Type: multipart/mixed; boundary="b"', "This is a multi-part message in MIME format.\r\n--b\r\nContent-Type: text/plain\r\n\r\nThe words.\r\n--b--\r\nThis goes on behind.\r\n"), has=["The words."], lacks=["multi-part message"]),
    Case("mail: raw UTF-8 in the subject", "a.eml", (_HEAD + "Subject: Größe der Mühle\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nWörter\r\n").encode(), has=["Größe der Mühle", "Wörter"]),
    Case("mail: raw Latin-1 in the subject", "a.eml", (_HEAD + "Subject: Größe der Mühle\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nWörter\r\n").encode("latin-1"), has=["Größe der Mühle", "Wörter"]),
    Case("mail: a subject cut within a letter", "a.eml", (_HEAD + "Subject: =?utf-8?B?R3LD?= =?utf-8?B?tsOfZQ==?=\r\nContent-Type: text/plain\r\n\r\nx\r\n").encode(), has=["Größe"]),
    Case("mail: an attachment whose name is in pieces", "a.eml", _parts(_text("See it."), f"Content-Type: application/octet-stream\r\nContent-Disposition: attachment;\r\n filename*0*=utf-8''Br%C3%BC;\r\n filename*1*=cke;\r\n filename*2=.docx\r\nContent-Transfer-Encoding: base64\r\n\r\n{_DOCX}"), has=["Brücke.docx", "Words of the attached letter."]),
    Case("mail: an attachment of unknown type with a telling name", "a.eml", _parts(_text("See it."), f'Content-Type: application/x-unknown; name="=?utf-8?Q?Br=C3=BCcke=2Edocx?="\r\nContent-Transfer-Encoding: base64\r\n\r\n{_DOCX}'), has=["Words of the attached letter."]),
    Case("mail: base64 with noise between its lines", "a.eml", mail("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64", "VGhlIHdv!\r\n\r\ncmRzIG9m\r\n IHRoZSBs\tZXR0ZXIu\r\n"), has=["The words of the letter."]),
    Case("mail: quoted letters in small figures and a bad one", "a.eml", mail("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable", "Gr=c3=b6=c3=9fe, 50=% =zz end=\r\n joined\r\n"), has=["Größe", "end joined"]),
    Case("mail: a charset with more behind it", "a.eml", mail('Content-Type: text/plain; charset="utf-8; format=flowed"', "Größe\r\n"), has=["Größe"]),
    Case("mail: a text that is rich in the old way", "a.eml", mail("Content-Type: text/enriched; charset=us-ascii", "<bold>Now</bold> is the <fontfamily><param>Times</param>time</fontfamily> for << all.\r\n"), has=["is the", "time"], lacks=["<param>", "fontfamily"]),
    Case("mail: a body in RTF", "a.eml", mail("Content-Type: application/rtf\r\nContent-Transfer-Encoding: 7bit", "{\\rtf1\\ansi The {\\b words} of RTF.\\par}\r\n"), has=["The **words** of RTF."]),
    Case("mail: HTML that has only a picture with words", "a.eml", mail("Content-Type: text/html; charset=utf-8", "<img src='cid:1' alt='Sale until Sunday'>"), has=["Sale until Sunday"]),
    Case("mail: an old text beside a full page", "a.eml", _parts(_text("Your mail program cannot show this."), _text("<h1>News</h1><p>The weir opens.</p><table><tr><th>Day</th><th>Hour</th></tr><tr><td>Mon</td><td>8</td></tr></table>", "html"), kind="alternative"), has=["The weir opens."], rows=[["Mon", "8"]]),
    Case("mail: a page with a full text whose page is empty", "a.eml", _parts(_text("All the words are here."), _text("<html><body></body></html>", "html"), kind="alternative"), has=["All the words are here."]),
    Case("mail: a chain of answers in quotes", "a.eml", mail("Content-Type: text/plain", "Yes.\r\n\r\nOn Monday Ann wrote:\r\n> Is it open?\r\n>> Who asks?\r\n-- \r\nBob\r\n"), has=["Yes.", "Is it open?", "Who asks?", "Bob"]),
    Case("mail: lines with from in them", "a.eml", mail("Content-Type: text/plain", "\r\n>From the mill\r\nFrom here on\r\n"), has=["From the mill", "From here on"]),
    Case("mail: line ends of a Macintosh", "a.eml", mail("Content-Type: text/plain", "The words.\r\n").replace(b"\r\n", b"\r"), has=["The words.", "Pump"]),
    Case("mail: a mark before the first header", "a.eml", b"\xef\xbb\xbf" + mail("Content-Type: text/plain", "The words."), has=["The words.", "Pump"], lacks=["\ufeff"]),
    Case("mail: the line of a mailbox before its headers", "a.eml", b"From a@e.org Mon May  6 10:00:00 2024\n" + mail("Content-Type: text/plain", "The words."), has=["The words.", "Pump"]),
    Case("mail: a packed attachment", "a.eml", _parts(_text("See it."), "Content-Type: application/zip; name=a.zip\r\nContent-Disposition: attachment; filename=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(samples.zipped({"n.txt": "Words in the packet."})).decode()), has=["Words in the packet."]),
    Case("mail: a card and a table attached as text", "a.eml", _parts(_text("See it."), 'Content-Type: text/x-vcard; name=a.vcf\r\nContent-Disposition: attachment; filename="a.vcf"\r\n\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Weir\r\nTEL:0123\r\nEND:VCARD', 'Content-Type: text/csv; name=l.csv\r\nContent-Disposition: attachment; filename="l.csv"\r\n\r\ngate,turns\r\nnorth,17'), has=["Ann Weir", "0123"], rows=[["north", "17"]]),
    Case("mail: an attached message with its own attachment", "a.eml", _parts(_text("Outer."), "Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=i.eml\r\n\r\nSubject: Inner\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain\r\n\r\nInner words.\r\n--c\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=d.txt\r\n\r\nDeep words.\r\n--c--"), has=["Outer.", "Inner", "Inner words.", "Deep words."]),
    Case("mail: an answer that nobody could deliver", "a.eml", _parts(_text("It could not be delivered."), "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; e.org\r\n\r\nFinal-Recipient: rfc822; c@e.org\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such user", "Content-Type: text/rfc822-headers\r\n\r\nSubject: Pump broken\r\nFrom: a@e.org", kind="report", more="; report-type=delivery-status"), has=["could not be delivered", "c@e.org", "550 no such user", "Pump broken"]),
    Case("mail: who gets a copy, and the answer's address", "a.eml", (_HEAD + "Cc: Ann Weir <ann@e.org>, =?utf-8?Q?J=C3=BCrgen?= <j@e.org>\r\nSubject: x\r\nContent-Type: text/plain\r\n\r\ny\r\n").encode(), has=["Ann Weir", "Jürgen"]),
    Case("mail: a signed text in PGP", "a.eml", mail("Content-Type: text/plain", "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\nThe signed words.\r\n- -- \r\nBob\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\niQEzBAEBCgAdFiEE\r\n=abcd\r\n-----END PGP SIGNATURE-----\r\n"), has=["The signed words."]),
    Case("mail: styles and conditions of Outlook's page", "a.eml", mail("Content-Type: text/html; charset=utf-8", "<html xmlns:o='urn:schemas-microsoft-com:office:office'><head><style>p.MsoNormal{margin:0}</style><!--[if gte mso 9]><xml><o:shapedefaults/></xml><![endif]--></head><body><p class=MsoNormal>Dear Ann,<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p></body></html>"), has=["Dear Ann,"], lacks=["MsoNormal", "shapedefaults"]),
    Case("mail: a hidden preview and a table of layout", "a.eml", mail("Content-Type: text/html; charset=utf-8", "<div style='display:none;max-height:0'>Preview words</div><table width=600><tr><td><table><tr><td><h2>Offer</h2><p>Ten boats.</p></td></tr></table></td></tr></table>"), has=["Offer", "Ten boats."]),
    Case("mail: no headers but a subject", "a.eml", b"Subject: Only this\r\n\r\nAnd these words.\r\n", has=["Only this", "And these words."]),
    Case("mail: two types in one head", "a.eml", (_HEAD + "Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Type: text/html\r\n\r\nWörter\r\n").encode(), has=["Wörter"]),
    Case("mbox: messages without dates in their From lines", "a.mbox", b"From - \nSubject: One\nFrom: a@e.org\n\nFirst words.\n\nFrom - \nSubject: Two\nFrom: a@e.org\n\nSecond words.\n", order=["One", "First words.", "Two", "Second words."]),
    Case("mhtml: a page in quoted letters with windows lines", "a.mht", b"From: <Saved by Blink>\r\nSubject: Gauge\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; type=\"text/html\"; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Location: https://e.org/\r\n\r\n<meta charset=3D\"utf-8\"><h1>Pegel</h1><p>Gr=C3=B6=C3=9Fe</p>\r\n--b--\r\n", has=["# Pegel", "Größe"]),
    Case("msg: a body in bytes of a code page", "a.msg", samples.ole(msg(subject="Pump", body="Die Größe.")), has=["Pump", "Die Größe."]),
]  # fmt: skip

_CALENDARS = [
    Case("ics: several events, some without an end", "a.ics", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:First\r\nDTSTART:20240506T100000Z\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:Second\r\nDTSTART;VALUE=DATE:20240507\r\nDURATION:P1D\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", order=["First", "Second"]),
    Case("ics: a description in HTML alone", "a.ics", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Visit\r\nX-ALT-DESC;FMTTYPE=text/html:<p>Bring <b>boots</b>.</p>\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", has=["Visit", "boots"]),
    Case("ics: line feeds, commas and an alarm", "a.ics", b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Visit\\, long\nDESCRIPTION:one\\ntwo\\; three\nBEGIN:VALARM\nDESCRIPTION:Reminder\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n", has=["Visit, long", "one", "two; three"]),
    Case("ics: a journal and a free time", "a.ics", b"BEGIN:VCALENDAR\r\nBEGIN:VJOURNAL\r\nSUMMARY:Log\r\nDESCRIPTION:High water at noon.\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n", has=["Log", "High water at noon."]),
    Case("vcf: several cards and quoted letters", "a.vcf", b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen\r\nNOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0A=\r\ntwo\r\nEND:VCARD\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Weir\r\nORG:Mill;Office\r\nitem1.EMAIL:ann@e.org\r\nPHOTO;ENCODING=b:AAAABBBB\r\nEND:VCARD\r\n", has=["Müller", "one", "two", "Ann Weir", "Mill", "ann@e.org"], lacks=["AAAABBBB"]),
]  # fmt: skip

CASES = [*_MAILS, *_CALENDARS]
