# ruff: noqa: E501 (markup reads best on one line)
"""Mail, calendars, contacts and web archives."""

from __future__ import annotations

import base64
import quopri

from tests.services.parsing.relatives.case import Case

_HEAD = "From: a@e.org\r\nTo: b@e.org\r\nSubject: Pump\r\nDate: Mon, 6 May 2024 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"


def _mail(head: str, body: str | bytes) -> bytes:
    return f"{_HEAD}{head}\r\n\r\n".encode() + (
        body if isinstance(body, bytes) else body.replace("\n", "\r\n").encode()
    )


def _event(lines: str) -> bytes:
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n".replace(
        "\n", "\r\n"
    ).encode()


_FOLDED = "SUMMARY:Prüfung der Schleuse über dem Wehr".encode()
_CUT = _FOLDED[:11] + b"\r\n " + _FOLDED[11:]  # in the middle of a letter
_INNER = f"{_HEAD.replace('Pump', 'Inner').replace('a@', 'c@')}Content-Type: text/plain\r\n\r\nThe inner words.\r\n"

CASES = [
    Case("a forwarded message as an attachment of bytes", "f.eml",
         _mail('Content-Type: multipart/mixed; boundary="x"',
               f'--x\nContent-Type: text/plain\n\nSee below.\n--x\nContent-Type: application/octet-stream; name="old.eml"\nContent-Disposition: attachment; filename="old.eml"\n'
               f"Content-Transfer-Encoding: base64\n\n{base64.encodebytes(_INNER.encode()).decode()}\n--x--\n"), order=["See below.", "Inner", "The inner words."]),
    Case("a digest", "d.eml",
         _mail('Content-Type: multipart/digest; boundary="x"', f"--x\n\n{_INNER}\n--x\n\n{_INNER.replace('inner words', 'second words')}\n--x--\n".replace("\r\n", "\n")),
         order=["The inner words.", "The second words."]),
    Case("a charset with an odd name", "c.eml", _mail("Content-Type: text/plain; charset=cp-850\r\nContent-Transfer-Encoding: quoted-printable", quopri.encodestring("Größe".encode("cp850"))), has=["Größe"]),
    Case("an unknown charset", "u.eml", _mail("Content-Type: text/plain; charset=unknown-8bit\r\nContent-Transfer-Encoding: 8bit", "Grüße aus Plzeň".encode()), has=["Grüße aus Plzeň"]),
    Case("letters cut between two words of a header", "h.eml",
         b"From: a@e.org\r\nSubject: =?utf-8?B?" + base64.b64encode("Größ".encode()[:4]) + b"?=\r\n =?utf-8?B?" + base64.b64encode("Größe".encode()[4:]) + b"?=\r\nContent-Type: text/plain\r\n\r\nx",
         has=["Größe"]),
    Case("lines that flow", "l.eml", _mail("Content-Type: text/plain; format=flowed", "The gate is opened in the morning \nand closed at night.\n"), has=["The gate is opened in the morning and closed at night."]),
    Case("a name in two parts", "n.eml",
         _mail('Content-Type: multipart/mixed; boundary="x"',
               "--x\nContent-Type: text/plain\n\nHi\n--x\nContent-Type: text/csv; name*0*=utf-8''Pegel%20; name*1*=Gr%C3%B6%C3%9Fe.csv\nContent-Disposition: attachment\n\na,b\n1,2\n--x--\n"),
         has=["Attachment: Pegel Größe.csv"], rows=[["a", "b"], ["1", "2"]]),
    Case("signed mail", "s.eml",
         _mail('Content-Type: multipart/signed; boundary="x"; protocol="application/pkcs7-signature"',
               "--x\nContent-Type: text/plain\n\nSigned words.\n--x\nContent-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nAAAA\n--x--\n"), has=["Signed words."]),
    Case("an invitation whose text is only in the calendar", "i.eml",
         _mail('Content-Type: multipart/alternative; boundary="x"',
               "--x\nContent-Type: text/plain\n\n\n--x\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Meet at the weir\nDTSTART:20240506T100000Z\nEND:VEVENT\nEND:VCALENDAR\n--x--\n"),
         has=["Meet at the weir"]),
    Case("blank lines before the head", "b.eml", b"\r\n\r\n" + _mail("Content-Type: text/plain", "Late words."), has=["Late words."]),
    Case("a mailbox with quoted From lines", "m.mbox",
         b"From a@e.org Mon May  6 10:00:00 2024\nSubject: One\n\n>From the gate it is far.\n\nFrom b@e.org Mon May  6 11:00:00 2024\nSubject: Two\n\n>>From quoted twice\n",
         order=["One", "From the gate it is far.", "Two", ">From quoted twice"], lacks=[">From the gate"]),
    Case("an event folded within a letter", "e.ics", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + _CUT + b"\r\nDTSTART:20240506T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
         has=["Prüfung der Schleuse über dem Wehr"]),
    Case("a day, a rule and a place", "r.ics", _event("SUMMARY:Clean the gate\nDTSTART;VALUE=DATE:20240506\nRRULE:FREQ=WEEKLY;BYDAY=MO\nLOCATION:Mill\\, upper gate\nDESCRIPTION:Bring\\nboots\\; rope"),
         has=["Clean the gate", "2024-05-06", "Mill, upper gate", "Bring", "boots; rope"]),
    Case("a task", "t.ics", b"BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nSUMMARY:Oil the pump\r\nDUE:20240507T120000\r\nEND:VTODO\r\nEND:VCALENDAR\r\n", has=["Oil the pump", "2024-05-07"]),
    Case("people of a meeting", "p.ics", _event("SUMMARY:Talk\nDTSTART;TZID=Europe/Prague:20240506T100000\nORGANIZER;CN=Ann Weir:mailto:ann@e.org\nATTENDEE;CN=\"Bob; Gate\":mailto:bob@e.org"),
         has=["Ann Weir", "Bob; Gate", "10:00"]),
    Case("a contact of version 2.1", "v.vcf",
         b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;;\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg M=C3=BCl=\r\nler\r\nTEL;CELL:0123\r\nEND:VCARD\r\n",
         has=["Jörg Müller", "0123"]),
    Case("a web archive whose page is base64", "w.mht",
         b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="x"; type="text/html"\r\n\r\n--x\r\nContent-Type: text/html; charset="windows-1250"\r\nContent-Transfer-Encoding: base64\r\n'
         b"Content-Location: https://e.org/a\r\n\r\n" + base64.encodebytes("<html><body><h1>Řeka</h1><iframe src='cid:f1'></iframe></body></html>".encode("cp1250")) +
         b"--x\r\nContent-Type: text/html\r\nContent-ID: <f1>\r\n\r\n<p>In the frame</p>\r\n--x--\r\n", has=["# Řeka", "In the frame"]),
    Case("a web archive with a relative frame", "w.mhtml",
         b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="x"\r\n\r\n--x\r\nContent-Type: text/html\r\nContent-Location: https://e.org/d/a.html\r\n\r\n'
         b"<html><body><p>Outer</p><iframe src='b.html'></iframe></body></html>\r\n--x\r\nContent-Type: text/html\r\nContent-Location: https://e.org/d/b.html\r\n\r\n<p>Framed</p>\r\n--x--\r\n",
         order=["Outer", "Framed"]),
    Case("uuencoded words are no text", "uu.eml", _mail("Content-Type: text/plain", "Before\n\nbegin 644 a.txt\n#0V%T\n`\nend\n\nAfter\n"), has=["Before", "After"]),
    Case("only HTML with its own charset", "o.eml",
         _mail("Content-Type: text/html", '<html><head><meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2"></head><body><p>Žluťoučký kůň</p></body></html>'.encode("iso-8859-2")),
         has=["Žluťoučký kůň"]),
]  # fmt: skip
