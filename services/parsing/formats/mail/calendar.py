"""Calendars (.ics) and contacts (.vcf): events, tasks and cards as headings with their facts."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.html.page import render
from services.parsing.formats.html.tree import parse_tree
from services.parsing.formats.text import decode
from services.parsing.markdown_writer import Writer

_SHOWN = frozenset(("VEVENT", "VTODO", "VJOURNAL", "VCARD"))
#: Labels of properties, in output order.
_FACTS = {
    "LOCATION": "Where",
    "ORGANIZER": "Organizer",
    "ATTENDEE": "Attendees",
    "STATUS": "Status",
    "RRULE": "Repeats",
    "RDATE": "Also on",
    "EXDATE": "Not on",
    "DURATION": "Duration",
    "CONTACT": "Contact",
    "RESOURCES": "Resources",
    "ATTACH": "Attached",
    "CATEGORIES": "Categories",
    "URL": "URL",
    "ORG": "Organisation",
    "TITLE": "Title",
    "ROLE": "Role",
    "NICKNAME": "Nickname",
    "TEL": "Phone",
    "EMAIL": "Mail",
    "ADR": "Address",
    "IMPP": "Messages",
    "BDAY": "Birthday",
    "ANNIVERSARY": "Anniversary",
    "RELATED": "Related",
}
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z?))?$")
_NAME = re.compile(r"[\w-]+$")
_SCHEME = re.compile(r"^(?:mailto|tel|xmpp):", re.I)
_BINARY = ("B", "BASE64")
_FOLD = re.compile(rb"\r?\n[ \t]")
_CALENDAR = re.compile(r"^X-WR-CALNAME(?:;[^:\n]*)?:(.*\S.*)$", re.M)
_ESCAPED = re.compile(r"\\([nN;,\\])")

_TAGS = re.compile(r"</?(?:p|br|a|b|i|u|ul|ol|li|div|span|html|body|strong|em)\b[^>]{0,2000}>", re.I)


@dataclass
class _Component:
    kind: str
    properties: list[tuple[str, dict[str, str], str]] = field(default_factory=list)

    def all(self, name: str) -> list[tuple[dict[str, str], str]]:
        return [(parameters, value) for n, parameters, value in self.properties if n == name and value]

    def first(self, *names: str) -> str:
        return next((_unescaped(value) for name in names for _, value in self.all(name)), "")


def parse_calendar(data: bytes) -> ParsedDocument:
    """Every event, task, note or contact under its own heading."""
    text, warnings = decode(_FOLD.sub(b"", data))  # folds may part the bytes of a letter
    components = list(_components(text))
    writer = Writer()
    name = _CALENDAR.search(text)
    if name and len(components) > 1:
        writer.heading(1, md.escape(_unescaped(name[1]).strip()))
    for component in components:
        _write(component, writer, level=1 if len(components) == 1 else 2)
    if name and len(components) == 1:
        writer.add(f"**Calendar:** {md.escape(_unescaped(name[1]).strip())}")
    if not components:
        writer.add(md.escape_lines(md.escape(text.strip())))
    markdown, _ = writer.finish()
    title = components[0].first("SUMMARY", "FN", "N") if len(components) == 1 else None
    return ParsedDocument(markdown, title=title or None, warnings=warnings)


def _components(text: str) -> Iterator[_Component]:
    """The visible components, in order; alarms and time zones are left out."""
    shown: _Component | None = None
    inside = 0
    for line in _joined_lines(text.splitlines()):
        name, parameters, value = _property(line)
        if name == "BEGIN":
            kind = value.strip().upper()
            if shown is None and kind in _SHOWN:
                shown = _Component(kind)
            elif shown is not None:
                inside += 1
        elif name == "END" and shown is not None:
            if inside:
                inside -= 1
            else:
                yield shown
                shown = None
        elif shown is not None and not inside and _NAME.match(name):
            shown.properties.append((name, parameters, value))
        elif shown is not None and not inside and shown.properties:  # a line end that is not escaped
            shown.properties[-1] = (*shown.properties[-1][:2], f"{shown.properties[-1][2]}\n{line}")
    if shown is not None:  # the end is missing
        yield shown


def _joined_lines(lines: list[str]) -> Iterator[str]:
    """Join lines that are continued in quoted-printable encoding."""
    at = 0
    while at < len(lines):
        line = lines[at]
        while "QUOTED-PRINTABLE" in line.upper() and line.endswith("=") and at + 1 < len(lines):
            at += 1
            line = line[:-1] + lines[at].lstrip()
        yield line
        at += 1


def _property(line: str) -> tuple[str, dict[str, str], str]:
    match = re.match(r'((?:[^":;]|"[^"]*")+)((?:;(?:[^":;]|"[^"]*")*)*):(.*)', line, re.S)
    if match is None:
        return "", {}, ""
    parameters: dict[str, str] = {}
    for part in re.findall(r';((?:[^":;]|"[^"]*")*)', match[2]):
        key, _, value = part.partition("=")
        parameters[key.upper()] = value.strip('"')
    name = match[1].rpartition(".")[2].upper()  # `item1.TEL` of grouped contacts
    value = match[3]
    if "QUOTED-PRINTABLE" in (parameters.get("ENCODING", "").upper(), *map(str.upper, parameters)):
        value = decode(quopri.decodestring(value.encode()), parameters.get("CHARSET"))[0]
    return name, parameters, value


def _write(component: _Component, writer: Writer, level: int) -> None:
    name = component.first("SUMMARY", "FN") or _name(component)
    writer.heading(level, md.escape(" ".join(name.split()) or component.kind.removeprefix("V").capitalize()))
    facts = [("When", _when(component)), ("Due", _moment(component, "DUE"))]
    facts += [(label, ", ".join(_values(component, key))) for key, label in _FACTS.items()]
    writer.add("\n".join(f"**{label}:** {md.escape(value)}" for label, value in facts if value))
    remarks = [_unescaped(value) for _, value in component.all("COMMENT")]
    description = component.first("DESCRIPTION") or component.first("X-ALT-DESC")
    for text in (description, component.first("NOTE"), *remarks):
        if _TAGS.search(text):
            writer.add(_of_page(text))
        elif text.strip():
            writer.add(md.escape_lines(md.escape(text.strip())))


def _values(component: _Component, name: str) -> Iterator[str]:
    for parameters, raw in component.all(name):
        if (
            parameters.get("VALUE", "").upper() == "BINARY"
            or parameters.get("ENCODING", "").upper() in _BINARY
        ):
            continue
        value = _unescaped(_SCHEME.sub("", raw))
        if name in ("BDAY", "ANNIVERSARY", "RDATE", "EXDATE"):
            value = ", ".join(_shown_moment(one, parameters) for one in value.split(","))
        if name in ("ADR", "ORG"):
            value = ", ".join(part for part in value.split(";") if part.strip())
        known = parameters.get("CN", "")
        yield " ".join((f"{known} <{value}>" if known and known != value else value).split())


def _when(component: _Component) -> str:
    begin, end = _moment(component, "DTSTART"), _moment(component, "DTEND")
    if begin and end and begin != end:
        same_day = begin[:10] == end[:10] and len(end) > 10
        return f"{begin.partition(' (')[0]} – {end[11:] if same_day else end}"
    return begin


def _moment(component: _Component, name: str) -> str:
    return next((_shown_moment(value, parameters) for parameters, value in component.all(name)), "")


def _shown_moment(value: str, parameters: dict[str, str]) -> str:
    """`2024-07-22 08:30 (Europe/Paris)`."""
    match = _MOMENT.match(value.strip())
    if match is None:
        return value.strip()
    zone = "UTC" if match[7] else parameters.get("TZID", "")
    clock = f" {match[4]}:{match[5]}" if match[4] else ""
    return f"{match[1]}-{match[2]}-{match[3]}{clock}" + (f" ({zone})" if zone and clock else "")


def _name(component: _Component) -> str:
    """The name of a contact from its parts: family, given, additional, before, after."""
    parts = [*component.first("N").split(";"), *[""] * 5][:5]
    return " ".join(" ".join(parts[at] for at in (3, 1, 2, 0, 4)).split())


def _of_page(text: str) -> str:
    """A description in HTML, as calendars on the web write it."""
    try:
        return render(parse_tree(text.encode(), "text/html; charset=utf-8")[0], paper=True).strip()
    except CorruptDocument:
        return md.escape(text)


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda m: "\n" if m[1] in "nN" else m[1], value)


def _begins(kind: bytes, head: bytes) -> bool:
    return re.match(rb"(?:\xef\xbb\xbf)?\s*BEGIN:" + kind + rb"\s", head, re.I) is not None


FORMATS = (
    Format(
        "text/calendar",
        from_bytes(parse_calendar),
        suffixes=(".ics", ".ical", ".ifb", ".vcs"),
        sniff=lambda head, data: _begins(b"VCALENDAR", head),
    ),
    Format(
        "text/vcard",
        from_bytes(parse_calendar),
        suffixes=(".vcf", ".vcard"),
        sniff=lambda head, data: _begins(b"VCARD", head),
    ),
)
