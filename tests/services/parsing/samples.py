# ruff: noqa: E501 (markup reads best on one line)
"""Small documents made on the spot: containers of the formats with just the parts that a test is about."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
ODF = "urn:oasis:names:tc:opendocument:xmlns:"


def zipped(parts: dict[str, str | bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return held.getvalue()


def relationships(entries: dict[str, tuple[str, str]]) -> str:
    """id -> (kind, target); a target with `://` is outside of the package."""
    lines = "".join(
        f'<Relationship Id="{i}" Type="{OFFICE}/{kind}" Target="{target}"'
        + (' TargetMode="External"/>' if "://" in target else "/>")
        for i, (kind, target) in entries.items()
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{space}">{lines}</Relationships>'


def package(main: str, parts: dict[str, str | bytes]) -> bytes:
    root = relationships({"r1": ("officeDocument", main)})
    return zipped({"[Content_Types].xml": "<Types/>", "_rels/.rels": root, **parts})


def paragraph(text: str, style: str = "", more: str = "", run: str = "") -> str:
    properties = (f'<w:pStyle w:val="{style}"/>' if style else "") + more
    inner = f"<w:rPr>{run}</w:rPr>" if run else ""
    return f'<w:p><w:pPr>{properties}</w:pPr><w:r>{inner}<w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def listed(text: str, number: int = 1, depth: int = 0) -> str:
    return paragraph(text, more=f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>')


_STYLES = "".join(
    f'<w:style w:type="paragraph" w:styleId="{i}"><w:name w:val="{name}"/></w:style>'
    for i, name in (("H1", "heading 1"), ("H2", "heading 2"), ("T", "Title"), ("C", "Source Code"))
)
_NUMBERING = (
    '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="-"/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:numFmt w:val="decimal"/><w:lvlText w:val="%2."/></w:lvl></w:abstractNum>'
    '<w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/>'
    '<w:lvlText w:val="%1."/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="2"/></w:num>'
)


def docx(
    body: str, parts: dict[str, str | bytes] | None = None, links: dict[str, tuple[str, str]] | None = None
) -> bytes:
    own = {"s": ("styles", "styles.xml"), "n": ("numbering", "numbering.xml"), **(links or {})}
    spaces = (
        f'{W} xmlns:r="{OFFICE}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    )
    return package(
        "word/document.xml",
        {
            "word/document.xml": f"<w:document {spaces}><w:body>{body}</w:body></w:document>",
            "word/styles.xml": f"<w:styles {W}>{_STYLES}</w:styles>",
            "word/numbering.xml": f"<w:numbering {W}>{_NUMBERING}</w:numbering>",
            "word/_rels/document.xml.rels": relationships(own),
            **(parts or {}),
        },
    )


def xlsx(sheets: dict[str, str], states: dict[str, str] | None = None, styles: str = "") -> bytes:
    """Sheet name -> what stands within `worksheet`."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    listing = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}" state="{(states or {}).get(name, "visible")}"/>'
        for n, name in enumerate(sheets, 1)
    )
    parts: dict[str, str | bytes] = {
        "xl/workbook.xml": f'<workbook xmlns="{space}" xmlns:r="{OFFICE}"><sheets>{listing}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relationships(
            {f"r{n}": ("worksheet", f"s{n}.xml") for n in range(1, len(sheets) + 1)}
            | {"st": ("styles", "styles.xml")}
        ),
        "xl/styles.xml": f'<styleSheet xmlns="{space}">{styles}</styleSheet>',
    }
    for n, content in enumerate(sheets.values(), 1):
        parts[f"xl/s{n}.xml"] = f'<worksheet xmlns="{space}">{content}</worksheet>'
    return package("xl/workbook.xml", parts)


def rows(*lines: Sequence[str | float | None], first: int = 1) -> str:
    """Sheet data; None is an empty cell."""
    out = []
    for r, line in enumerate(lines, first):
        cells = "".join(
            f'<c r="{chr(65 + c)}{r}" t="inlineStr"><is><t>{v}</t></is></c>'
            if isinstance(v, str)
            else f'<c r="{chr(65 + c)}{r}"><v>{v}</v></c>'
            for c, v in enumerate(line)
            if v is not None
        )
        out.append(f'<row r="{r}">{cells}</row>')
    return f"<sheetData>{''.join(out)}</sheetData>"


def opendocument(kind: str, body: str, styles: str = "") -> bytes:
    """`kind`: text, spreadsheet or presentation."""
    names = "office style text table draw:drawing presentation svg:svg-compatible fo:xsl-fo-compatible"
    spaces = " ".join(f'xmlns:{n.split(":")[0]}="{ODF}{n.split(":")[-1]}:1.0"' for n in names.split())
    content = (
        f'<office:document-content {spaces} xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    return zipped({"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": content})


def ole(streams: dict[str, bytes]) -> bytes:
    """An OLE container (MS-CFB, 512-byte sectors) with streams, each padded past the mini stream. A name with
    slashes is in a storage."""
    sector, free, end = 512, 0xFFFFFFFF, 0xFFFFFFFE
    padded = {name: content.ljust(4096, b"\0") for name, content in streams.items()}
    fat: list[int] = []
    data = b""
    starts = {}
    for name, content in padded.items():
        count = -(-len(content) // sector)
        starts[name] = len(fat)
        fat += [*range(len(fat) + 1, len(fat) + count), end]
        data += content.ljust(count * sector, b"\0")
    entries: list[tuple[str, int, int, int, int, int]] = []  # name, kind, start, size, right, child

    def add(name: str, inside: list[str], prefix: str, kind: int) -> int:
        at = len(entries)
        entries.append((name, kind, 0, 0, free, free))
        children = sorted({n.split("/")[0] for n in inside}, key=lambda n: (len(n), n.upper()))
        before = free
        for child in reversed(children):
            path = prefix + child
            if path in padded:
                entries.append((child, 2, starts[path], len(padded[path]), before, free))
                before = len(entries) - 1
            else:
                deeper = [n.removeprefix(child + "/") for n in inside if n.startswith(child + "/")]
                number = add(child, deeper, path + "/", 1)
                entries[number] = (*entries[number][:4], before, entries[number][5])
                before = number
        entries[at] = (*entries[at][:5], before)
        return at

    add("Root Entry", list(padded), "", 5)
    directory = b""
    for name, kind, start, size, right, child in entries:
        encoded = name.encode("utf-16-le")
        directory += encoded.ljust(64, b"\0") + struct.pack(
            "<HBBIII16xI8x8xIQ", len(encoded) + 2, kind, 1, free, right, child, 0, start, size
        )
    directory = directory.ljust(-(-len(directory) // sector) * sector, b"\0")
    first = len(fat)
    count = len(directory) // sector
    fat += [*range(first + 1, first + count), end]
    sectors = 1
    while len(fat) + sectors > sectors * 128:
        sectors += 1
    table = len(fat)
    fat += [0xFFFFFFFD] * sectors
    fat += [free] * (sectors * 128 - len(fat))
    head = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        0,
        sectors,
        first,
        0,
        4096,
        end,
        0,
        end,
        0,
    )
    difat = [table + n for n in range(sectors)]
    head += struct.pack("<109I", *difat, *[free] * (109 - sectors))
    return head + data + directory + struct.pack(f"<{len(fat)}I", *fat)
