# ruff: noqa: E501 (markup reads best on one line)
"""Mail, calendars, contacts and web archives."""

from __future__ import annotations

import base64
import plistlib
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

_OID = bytes.fromhex("06092a864886f70d0107")
_WORDS = "Content-Type: text/plain; charset=utf-8\r\n\r\nSigned words. Größe\r\n".encode()


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes([tag, 0x82]) + len(content).to_bytes(2, "big") + content


#: Signed data (RFC 5652 §5.1) without its certificates; with lengths, and in the streaming form without.
_SIGNED = _der(
    0x30,
    _OID + b"\x02",
    _der(
        0xA0,
        _der(
            0x30,
            b"\2\1\1",
            _der(0x31),
            _der(0x30, _OID + b"\x01", _der(0xA0, _der(0x04, _WORDS))),
            _der(0x31),
        ),
    ),
)
_ENDLESS = (
    b"\x30\x80"
    + _OID
    + b"\x02\xa0\x80\x30\x80\2\1\1\x31\x00\x30\x80"
    + _OID
    + b"\x01\xa0\x80\x24\x80"
    + b"".join(bytes([4, len(part)]) + part for part in (_WORDS[:30], _WORDS[30:]))
    + b"\0\0" * 3
    + b"\x31\x00"
    + b"\0\0" * 3
)
_EMLX = (
    str(len(_INNER)).encode()
    + b"   \n"
    + _INNER.encode()
    + b'<?xml version="1.0"?>\n<plist><dict><key>flags</key><integer>106</integer></dict></plist>\n'
)

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
    Case("a uuencoded file in a text", "uu.eml", _mail("Content-Type: text/plain", "Before\n\nbegin 644 a.txt\n#0V%T\n`\nend\n\nAfter\n"), order=["Before", "After", "Attachment: a.txt", "Cat"], lacks=["begin 644"]),
    Case("only HTML with its own charset", "o.eml",
         _mail("Content-Type: text/html", '<html><head><meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2"></head><body><p>Žluťoučký kůň</p></body></html>'.encode("iso-8859-2")),
         has=["Žluťoučký kůň"]),
    Case("a message within its signature", "s.eml",
         _mail("Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64", base64.encodebytes(_SIGNED)), has=["Pump", "Signed words. Größe"]),
    Case("a signature without a mail around it", "smime.p7m", _SIGNED, exact="Signed words. Größe"),
    Case("a signature of unknown length", "smime.p7m", _ENDLESS, exact="Signed words. Größe"),
    Case("an encrypted message is told", "s.eml",
         _mail("Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: base64", base64.encodebytes(_SIGNED.replace(_OID + b"\x02", _OID + b"\x03"))), has=["Pump"], told="encrypted"),
    Case("a line that mail programs show beside the subject", "p.eml",
         _mail("Content-Type: text/html; charset=utf-8", "<div style='font-size:1px;max-height:0;overflow:hidden;mso-hide:all'>Preview words</div><p>Real words</p>"), has=["Real words"], lacks=["Preview"]),
    Case("a message of Apple's Mail", "1.emlx", _EMLX, order=["Inner", "The inner words."], lacks=["plist", "106"]),
    Case("a page that Safari saved", "page.webarchive",
         plistlib.dumps({"WebMainResource": {"WebResourceData": "<h1>Größe</h1><iframe src='f.html'></iframe>".encode(), "WebResourceURL": "https://e.org/", "WebResourceTextEncodingName": "UTF-8"},
                         "WebSubframeArchives": [{"WebMainResource": {"WebResourceData": b"<p>In the frame</p>", "WebResourceURL": "https://e.org/f.html"}}]}, fmt=plistlib.FMT_BINARY),
         order=["# Größe", "In the frame"]),
    Case("more facts of a meeting", "m.ics", _event("SUMMARY:Inspection\nDURATION:PT1H30M\nCOMMENT:Take the key\nCONTACT:Ann\\, 0123\nATTACH:https://e.org/plan.pdf\nRESOURCES:Boat\nEXDATE:20240513T100000"),
         has=["PT1H30M", "Take the key", "Ann, 0123", "https://e.org/plan.pdf", "Boat", "2024-05-13"]),
    Case("a contact of version 4", "v.vcf",
         "BEGIN:VCARD\r\nVERSION:4.0\r\nN:Müller;Jörg;;Dr.;\r\nTEL;TYPE=work;VALUE=uri:tel:+49-123\r\nROLE:Engineer\r\nNICKNAME:Joe\r\nBDAY:19700102\r\nPHOTO;ENCODING=b:AAAA\r\nEND:VCARD\r\n".encode(),
         has=["# Dr. Jörg Müller", "+49-123", "Engineer", "Joe", "1970-01-02"], lacks=["tel:", "AAAA"]),
]  # fmt: skip
