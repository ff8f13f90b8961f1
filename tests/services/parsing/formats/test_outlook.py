"""Outlook's own containers: .msg with RTF bodies and nested messages, winmail.dat."""

from __future__ import annotations

import struct

import pytest
from compressed_rtf import compress  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing import parse
from tests.services.parsing import samples

_HTML = (
    rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}"
    rb"{\*\htmltag84 <h2>}\htmlrtf {\b \htmlrtf0 Gr\'fc\u223?e\htmlrtf }\htmlrtf0{\*\htmltag92 </h2>}"
    rb"{\*\htmltag64 <p>}One \{two\}{\*\htmltag72 </p>}}"
)


def msg(prefix: str = "", **texts: str) -> dict[str, bytes]:
    tags = {"subject": "0037001F", "body": "1000001F", "sender": "0C1A001F", "html": "1013001F"}
    streams = {
        f"{prefix}__substg1.0_{tags[name]}": text.encode("utf-16-le").ljust(4096, b"\0")
        for name, text in texts.items()
    }
    return {f"{prefix}__properties_version1.0": b"\0" * 32, **streams}


def winmail(text: bytes = b"Hello", rtf: bytes = b"") -> bytes:
    def attribute(level: int, kind: int, value: bytes) -> bytes:
        return struct.pack("<BII", level, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)

    packed = compress(rtf) if rtf else b""
    name = "long name.csv".encode("utf-16-le")
    long_name = struct.pack("<IHHII", 1, 0x1F, 0x3707, 1, len(name)) + name.ljust(28, b"\0")
    properties = struct.pack("<IHHII", 1, 0x102, 0x1009, 1, len(packed)) + packed.ljust(
        -(-len(packed) // 4) * 4
    )
    return b"".join((
        b"\x78\x9f\x3e\x22\x01\x00",
        attribute(1, 0x18004, b"Pump\0"),
        attribute(1, 0x2800C, text + b"\0") if text else b"",
        attribute(1, 0x69003, properties) if rtf else b"",
        attribute(2, 0x69002, b"\0" * 14),
        attribute(2, 0x18010, b"SHORT~1.CSV\0"),
        attribute(2, 0x6800F, b"gate,turns\nnorth,17\n"),
        attribute(2, 0x69005, long_name),
    ))  # fmt: skip


def test_html_that_is_wrapped_in_rtf_is_read_as_html() -> None:
    data = samples.ole({**msg(subject="S"), "__substg1.0_10090102": compress(_HTML)})

    assert parse(data, "a.msg").markdown == "# S\n\n## Grüße\n\nOne {two}\n"


def test_an_rtf_body_is_read_as_rtf() -> None:
    data = samples.ole(
        {**msg(subject="S"), "__substg1.0_10090102": compress(rb"{\rtf1\ansi One\par Two\par}")}
    )

    assert parse(data, "a.msg").markdown == "# S\n\nOne\n\nTwo\n"


def test_html_in_a_text_property_is_read_by_itself_whatever_charset_it_declares() -> None:
    html = "<meta http-equiv=Content-Type content='text/html; charset=iso-8859-1'><p>Grüße aus Łódź"

    assert "Grüße aus Łódź" in parse(samples.ole(msg(subject="S", html=html)), "a.msg").markdown


def test_html_in_bytes_is_read_in_the_code_page_of_the_message() -> None:
    fixed = b"\0" * 32 + struct.pack("<HHIQ", 3, 0x3FDE, 0, 1251)
    html = "<p>Уровень воды поднялся</p>".encode("cp1251")
    data = samples.ole({**msg(subject="S"), "__properties_version1.0": fixed, "__substg1.0_10130102": html})

    assert "Уровень воды поднялся" in parse(data, "a.msg").markdown


def test_a_message_in_a_message_is_read() -> None:
    inner = "__attach_version1.0_#00000000/__substg1.0_3701000D/"
    data = samples.ole(
        {**msg(subject="Outer", body="See below."), **msg(inner, subject="Inner", body="Deep?")}
    )

    markdown = parse(data, "a.msg").markdown
    assert "# Outer" in markdown
    assert "## Attachment: message\n\n# Inner\n\nDeep?" in markdown


@pytest.mark.parametrize(("text", "rtf"), [(b"Hello", b""), (b"", rb"{\rtf1\ansi Hello\par}")])
def test_winmail_dat_is_a_message_with_attachments(text: bytes, rtf: bytes) -> None:
    markdown = parse(winmail(text, rtf), "winmail.dat").markdown

    assert markdown.startswith("# Pump\n\nHello\n\n## Attachment: long name.csv\n\n| gate | turns |")


def test_winmail_dat_that_was_cut_is_read_up_to_there() -> None:
    assert "Hello" in parse(winmail()[:60], "winmail.dat").markdown
    with pytest.raises(CorruptDocument, match="TNEF"):
        parse(winmail()[:8], "winmail.dat")
