from __future__ import annotations

from email.message import EmailMessage

from services.parsing import parse

EVENT = """BEGIN:VCALENDAR\r
BEGIN:VTIMEZONE\r
TZID:Europe/Paris\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
SUMMARY:Visit of the weir\\, part 2\r
DTSTART;TZID=Europe/Paris:20240722T083000\r
DTEND;TZID=Europe/Paris:20240722T093000\r
LOCATION:Mill\r
ORGANIZER;CN="Ann: Mill":mailto:ann@example.org\r
ATTENDEE:mailto:bob@example.org\r
DESCRIPTION:Bring boots.\\nThe lower land\r
 ing is wet.\r
BEGIN:VALARM\r
DESCRIPTION:Reminder\r
END:VALARM\r
END:VEVENT\r
END:VCALENDAR\r
"""
SHOWN = (
    "# Visit of the weir, part 2\n\n"
    "**When:** 2024-07-22 08:30 – 09:30 (Europe/Paris)\n**Where:** Mill\n"
    "**Organizer:** Ann: Mill \\<ann@example.org>\n**Attendees:** bob@example.org\n\n"
    "Bring boots.\nThe lower landing is wet.\n"
)


def test_an_event_is_read_without_folds_escapes_and_alarms() -> None:
    document = parse(EVENT.encode(), "visit.ics")

    assert document.markdown == SHOWN
    assert document.title == "Visit of the weir, part 2"


def test_several_components_are_headings_below_the_file() -> None:
    day = "BEGIN:VEVENT\nSUMMARY:Feast\nDTSTART;VALUE=DATE:20240501\nEND:VEVENT\n"
    task = "BEGIN:VTODO\nSUMMARY:Sweep\nDUE:20240502T100000Z\nEND:VTODO\n"

    markdown = parse(f"BEGIN:VCALENDAR\n{day}{task}END:VCALENDAR\n".encode()).markdown
    assert markdown == "## Feast\n\n**When:** 2024-05-01\n\n## Sweep\n\n**Due:** 2024-05-02 10:00 (UTC)\n"


def test_an_invitation_in_a_mail_is_read() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@e.org", "b@e.org", "Invitation"
    mail.set_content(EVENT, subtype="calendar")

    assert "The lower landing is wet." in parse(mail.as_bytes(), "a.eml").markdown


def test_a_contact_is_read_in_old_and_new_versions() -> None:
    new = (
        "BEGIN:VCARD\nVERSION:4.0\nFN:Ann Weir\nitem1.TEL:123\nADR:;;Lane 1;Mill;;;\nNOTE:Sings.\nEND:VCARD\n"
    )
    old = (
        "BEGIN:VCARD\nVERSION:2.1\nN:Weir;Ann\n"
        "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=utf-8:Gr=C3=BC=\n=C3=9Fe\nEND:VCARD\n"
    )

    assert parse(new.encode(), "a.vcf").markdown == (
        "# Ann Weir\n\n**Phone:** 123\n**Address:** Lane 1, Mill\n\nSings.\n"
    )
    assert parse(old.encode(), "a.vcf").markdown == "# Ann Weir\n\nGrüße\n"
