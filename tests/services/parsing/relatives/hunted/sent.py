# ruff: noqa: E501 (mails read best on one line)
"""Mails and calendars that other tools read wrong or in part."""

from __future__ import annotations

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.further.sent import event

_HEAD = "From: Nobody <a@e.org>\r\nTo: b@e.org\r\nSubject: Gate 3\r\nDate: Thu, 29 Sep 2022 12:22:20 +0100\r\nMIME-Version: 1.0\r\n"
_PARTS = 'Content-type: multipart/alternative; \r\n\tBoundary="1__=4EBB"\r\n\r\n--1__=4EBB\r\nContent-transfer-encoding: quoted-printable\r\nContent-type: text/plain; charset=ISO-8859-1\r\n\r\nThis is a test =E9=\r\n\r\n--1__=4EBB--\r\n'
_TIMES = ("DTSTART;TZID=Asia/Shanghai:20200914T140000", "SUMMARY:Hydraulics")

CASES = [
    Case("eml-parse-js 47: blank lines before the type of a message", "a.eml", f"{_HEAD}\r\n\r\n\r\n{_PARTS}".encode(), has=["This is a test é"], lacks=["4EBB", "quoted-printable"]),
    Case("eml-parse-js 47: a text that begins like a head stays", "a.eml", f"{_HEAD}Content-Type: text/plain\r\n\r\nContent-Type: it is plain.\r\n".encode(), has=["Content-Type: it is plain."]),
    Case("eml_parser 24: answers of a server before the head", "a.eml", f"220 mail.example.org ESMTP\r\nDATA\r\n\r\nX-Env-Sender: a@e.org\r\n{_HEAD}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZSB2b20gTcO8bGxlcg==\r\n".encode(), has=["Gate 3", "Grüße vom Müller"], lacks=["ESMTP"], told="lines before the head"),
    Case("ics_calendar 17: the name of a calendar of one event", "a.ics", event(*_TIMES).replace(b"PRODID", b"X-WR-CALNAME:Timetable\r\nPRODID"), matches=["^# Hydraulics$"], has=["**Calendar:** Timetable"]),
    Case("ics_calendar 17: the name of a calendar of two events", "a.ics", (event(*_TIMES)[:-15] + event("DTSTART:20200915T080000Z", "SUMMARY:Welding")[33:]).replace(b"PRODID", b"X-WR-CALNAME;LANGUAGE=en:Timetable\\, autumn\r\nPRODID", 1), matches=["^# Timetable, autumn$", "^## Hydraulics$", "^## Welding$"]),
]  # fmt: skip
