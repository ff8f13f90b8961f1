# ruff: noqa: E501 (markup reads best on one line)
"""OpenDocument texts, RTF and Word 97: the formats that end in the same blocks as Word's."""

from __future__ import annotations

import struct

import pytest

from schemas.errors import CorruptDocument
from services.parsing import parse
from tests.services.parsing import samples


def odt(body: str, styles: str = "") -> str:
    return parse(samples.opendocument("text", body, styles), "a.odt").markdown.rstrip("\n")


def test_open_document_headings_lists_and_notes() -> None:
    styles = '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1"/></text:list-style>'
    body = (
        '<text:h text:outline-level="2">Head</text:h>'
        '<text:list text:style-name="L"><text:list-item><text:p>a</text:p><text:list><text:list-item><text:p>b</text:p></text:list-item>'
        "</text:list></text:list-item><text:list-item><text:p>c</text:p></text:list-item></text:list>"
        '<text:p>x<text:note><text:note-body><text:p>why</text:p></text:note-body></text:note> <text:a xlink:href="http://e.org">y</text:a></text:p>'
    )

    assert (
        odt(body, styles).replace("\n\n", "\n")
        == "## Head\n1. a\n   - b\n2. c\nx[^1] [y](http://e.org)\n[^1]: why"
    )


def test_open_document_deletions_are_left_out_and_comments_follow() -> None:
    body = "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:p>kept<office:annotation><text:p>hm</text:p></office:annotation></text:p>"

    assert odt(body) == "kept\n\nComment: hm"


def test_open_document_emphasis_comes_from_styles() -> None:
    styles = '<style:style style:name="B"><style:text-properties fo:font-weight="bold"/></style:style>'

    assert odt('<text:p>a <text:span text:style-name="B">b</text:span></text:p>', styles) == "a **b**"


def rtf(body: str) -> str:
    return parse(b"{\\rtf1\\ansi\\ansicpg1252 " + body.encode("ascii") + b"}", "a.rtf").markdown.rstrip("\n")


def test_rtf_text_emphasis_and_characters() -> None:
    assert rtf(r"{\b bold} caf\'e9 \u8364?5 \emdash  \{x\}\par next") == "**bold** café €5 — {x}\n\nnext"


def test_rtf_headings_lists_links_and_tables() -> None:
    body = (
        r"{\stylesheet{\s1 heading 1;}}\pard\s1 Head\par\pard\ls1 a\par\ls1\ilvl1 b\par\pard "
        r'{\field{\*\fldinst{HYPERLINK "http://e.org"}}{\fldrslt site}}\par'
        r"\trowd\intbl a\cell b\cell\row\trowd\intbl c\cell d\cell\row\pard end\par"
    )

    assert rtf(body) == (
        "# Head\n\n- a\n  - b\n\n[site](http://e.org)\n\n| a | b |\n| --- | --- |\n| c | d |\n\nend"
    )


def test_rtf_hidden_deleted_and_furniture_are_left_out() -> None:
    assert rtf(r"{\header Page 3}{\v unseen}{\deleted gone}{\*\generator x}{\pict 0102}kept") == "kept"


def word97(
    paragraphs: list[tuple[str, int, bytes]],
    more: dict[str, bytes] | None = None,
    flags: int = 0,
    counts: tuple[int, ...] = (),
    structures: dict[int, bytes] | None = None,
) -> bytes:
    """A Word 97 file: (text with its end mark, style, modifiers) by paragraph; style 1 is heading 1.

    `counts` are the lengths of the main text, footnotes, heads, macros, comments, endnotes and text boxes.
    """
    text = "".join(t for t, _, _ in paragraphs)
    begin = 1024
    starts = [begin]
    for paragraph, _, _ in paragraphs:
        starts.append(starts[-1] + len(paragraph))
    page = bytearray(512)
    struct.pack_into(f"<{len(starts)}I", page, 0, *starts)
    top = 510
    for at, (_, style, extra) in enumerate(paragraphs):
        entry = struct.pack("<H", style) + extra
        entry += b"\0" * (1 - len(entry) % 2)
        entry = bytes([(len(entry) + 1) // 2]) + entry
        top = (top - len(entry)) // 2 * 2
        page[top : top + len(entry)] = entry
        page[4 * len(starts) + 13 * at] = top // 2
    page[511] = len(paragraphs)
    papx_at = 4096 // 512
    plc = struct.pack("<II", begin, starts[-1]) + struct.pack("<I", papx_at)
    clx = b"\2" + struct.pack("<I", 16) + struct.pack("<IIHIH", 0, len(text), 0, 0x40000000 | begin * 2, 0)
    names = [0, 1]
    sheet = struct.pack("<HHH", 6, len(names), 10) + b"\0" * 2
    for built_in in names:
        sheet += struct.pack("<H", 10) + struct.pack("<HHHHH", built_in, 0xFFF1, 0, 0, 0)
    table = b"\0" * 16
    fib = bytearray(0x600)
    fib[0:2] = b"\xec\xa5"
    struct.pack_into("<H", fib, 0x0A, flags)
    struct.pack_into("<7I", fib, 0x4C, *(counts or (len(text), 0, 0, 0, 0, 0, 0)))
    for index, content in ((33, clx), (13, plc), (1, sheet), *(structures or {}).items()):
        struct.pack_into("<II", fib, 0x9A + 8 * index, len(table), len(content))
        table += content
    stream = bytes(fib[:begin]) + text.encode("cp1252")
    # The FIB's list of structures ends before byte 1024 + 0x0, so the text may follow it directly.
    stream = stream.ljust(4096, b"\0") + bytes(page)
    return samples.ole({"WordDocument": stream.ljust(8192, b"\0"), "0Table": table, **(more or {})})


IN_TABLE = struct.pack("<HB", 0x2416, 1)
ROW_END = IN_TABLE + struct.pack("<HB", 0x2417, 1)
LISTED = struct.pack("<HH", 0x460B, 1)
DEEPER = LISTED + struct.pack("<HB", 0x260A, 1)


def test_word97_headings_lists_and_tables() -> None:
    data = word97(
        [("Head\r", 1, b""), ("text\r", 0, b""), ("a\r", 0, LISTED), ("b\r", 0, DEEPER),
         ("x\x07", 0, IN_TABLE), ("y\x07", 0, IN_TABLE), ("\x07", 0, ROW_END), ("end\r", 0, b"")]
    )  # fmt: skip

    assert (
        parse(data, "a.doc").markdown == "# Head\n\ntext\n\n- a\n  - b\n\n| x | y |\n| --- | --- |\n\nend\n"
    )


def test_word97_fields_leave_their_results() -> None:
    data = word97([('see \x13 HYPERLINK "http://e.org" \x14the site\x15 and \x13 PAGE \x147\x15\r', 0, b"")])

    assert parse(data, "a.doc").markdown == "see [the site](http://e.org) and 7\n"


def test_word97_titles_are_read_without_trusting_the_counts_beside_them() -> None:
    entries = (
        struct.pack("<IIIIII", 200, 2**32 - 1, 1, 24, 2, 32)
        + struct.pack("<IHHII", 2, 1252, 0, 30, 6)
        + b"Title\0"
    )
    summary = b"\0" * 44 + struct.pack("<I", 48) + entries
    data = word97([("x\r", 0, b"")], {"\x05SummaryInformation": summary})

    assert parse(data, "a.doc").title == "Title"


def test_word97_encrypted_says_so() -> None:
    with pytest.raises(CorruptDocument, match="encrypted"):
        parse(word97([("x\r", 0, b"")], flags=0x0100), "a.doc")
