"""The header of an RTF file (code page, fonts, styles), labels of paragraphs, and the state of groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from services.parsing import markdown_writer as md
from services.parsing.markdown_writer import MarkdownBlock
from services.parsing.office.lists import named_depth
from services.parsing.office.symbols import from_symbol_font, is_symbol_font

_CHARSETS = {0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gbk", 136: "big5", 161: "cp1253",
             162: "cp1254",
             163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
             238: "cp1250"}  # fmt: skip

_NAMES = """
    fonttbl colortbl stylesheet info pict objdata objclass objname themedata colorschememapping latentstyles
    datastore listtable listoverridetable rsidtbl generator xmlnstbl pntext listtext pnseclvl nonshppict
    shpinst shprslt sp mmathPr filetbl revtbl atnid atnauthor atndate bkmkstart bkmkend fldinst ftnsep
    ftnsepc aftnsep userprops passwordhash wgrffmtfilter upr
    maccPr margPr mbarPr mborderBoxPr mboxPr mctrlPr mdPr meqArrPr mfPr mfuncPr mgroupChrPr mlimLowPr
    mlimUppPr mmcPr mmPr mnaryPr moMathParaPr mphantPr mradPr mrPr msPrePr msSubPr msSubSupPr msSupPr
"""
#: Destinations whose text is not part of the document.
SKIPPED = frozenset(_NAMES.split())
CHARACTERS = {"tab": " ", "line": "\n", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’",
               "ldblquote": "“", "rdblquote": "”", "bullet": "•", "emspace": " ", "enspace": " ",
               "~": " ", "_": "-",
               "-": "", "softline": "\n"}  # fmt: skip

#: What may put something dark behind a text: shading, highlighting, shapes, pictures.
_GROUND = re.compile(
    rb"\\(?:(?:chcbpat|cbpat|clcbpat|highlight|cb|shading|chshdng|clshdng)[1-9]|shp\b|background\b|pict\b|do\b)"
)
_FULL = re.compile(rb"\\(?:red|green|blue)25[4-5]")
#: Half-points; text of one point cannot be read.
_SMALLEST = 2

#: Destinations that old readers skip, and which hold text nevertheless.
FORMULAS = ("moMath", "moMathPara")
#: Destinations with a text of their own, which stands beside the paragraph.
APART = {"footnote": "footnote", "annotation": "comment", "shptxt": "box"}
APART |= dict.fromkeys(("header", "headerl", "headerr", "headerf"), "head")
APART |= dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "foot")


def code_page(data: bytes) -> str:
    match = re.search(rb"\\ansicpg(\d+)", data[:4096])
    if match is None:
        own = re.search(rb"\\(mac|pca|pc)\b", data[:256])
        return {b"mac": "mac_roman", b"pc": "cp437", b"pca": "cp850"}[own[1]] if own else "cp1252"
    page = int(match[1])
    return {65001: "utf-8", 10000: "mac_roman"}.get(page, f"cp{page}")


def title_of(data: bytes) -> str | None:
    """The title in the document's properties."""
    found = re.search(rb"\{\\info\b[\s\S]{0,2000}?\{\\title ([^{}]{1,500})\}", data[:400_000])
    if found is None:
        return None
    text = re.sub(rb"\\'([0-9a-fA-F]{2})", lambda m: bytes([int(m[1], 16)]), found[1])
    text = re.sub(
        rb"\\u(-?\d+) ?\??", lambda m: chr(int(m[1]) % 65536).encode(code_page(data), "ignore"), text
    )
    return " ".join(text.decode(code_page(data), "replace").split()) or None


def paragraph_styles(data: bytes) -> dict[int, tuple[int | None, int]]:
    """The level of a heading, and the depth of a list (from 0), by style number, from the names in the style
    sheet."""
    pattern = rb"\{\\s(\d{1,6})[^{};]{0,400}?[ ]?((?:heading|title|list)[ \w]{0,20});\}"
    found: dict[int, tuple[int | None, int]] = {}
    for number, name in re.findall(pattern, data[:400_000], re.I):
        heading = re.fullmatch(rb"(?:heading|title)[ ]*(\d?)[ \d]*", name, re.I)
        level = int(heading[1] or 1) if heading else None
        found[int(number)] = level, named_depth([name.decode("latin-1").strip()])
    return found


def font_encodings(data: bytes) -> dict[int, str]:
    return {
        int(number): _CHARSETS[int(charset)]
        for number, charset in re.findall(rb"\\f(\d{1,6})[^{};]{0,200}?\\fcharset(\d+)", data[:400_000])
        if int(charset) in _CHARSETS and int(charset) != 0
    }


def symbol_fonts(data: bytes) -> dict[int, str]:
    return {
        int(number): name.decode("latin-1").strip()
        for number, name in re.findall(
            rb"\\f(\d{1,6})[^{};]{0,200}?\\fcharset2\b[^{};]{0,100}? ([\w ]{1,40});", data[:400_000]
        )
        if is_symbol_font(name.decode("latin-1").strip())
    }


def symbol_at(data: bytes, end: int, encoding: str) -> str:
    """The character of a SYMBOL field, whose instruction begins at `end`; empty for any other field."""
    found = re.match(rb"[^}]{0,40}?SYMBOL\s+(0x[0-9a-fA-F]{2,4}|\d{1,5})([^}]{0,200})", data[end : end + 300])
    if not found:
        return ""
    code = int(found[1], 16 if found[1][:2].lower() == b"0x" else 10)
    font = re.search(rb'f\s+"([^"]{1,60})"', found[2])
    if font and is_symbol_font(name := font[1].decode("latin-1")):
        return from_symbol_font(chr(code), name)
    return bytes([code]).decode(encoding, "replace") if code < 256 else chr(code)


def link_at(data: bytes, end: int) -> str:
    """The target of a HYPERLINK field, whose instruction begins at `end`; empty for any other field."""
    pattern = rb'[^}]{0,200}?HYPERLINK\s+(?:"([^"]{1,2000})"|([^\s"\\{}]{1,2000}))'
    place = rb'(?:[^{}]{0,200}?\\\\l\s+"([^"]{1,200})")?'
    found = re.match(pattern + place, data[end : end + 2500])
    return b"#".join(filter(None, found.groups())).decode("latin-1") if found else ""


def label_at(data: bytes, end: int) -> str:
    """The number or letter before a paragraph; a bullet for anything else."""
    shown = re.match(rb"[^{}]{0,200}", data[end : end + 200])
    text = re.sub(rb"\\'[0-9a-fA-F]{2}|\\[a-z]+-?\d* ?", b" ", shown[0] if shown else b"")
    found = re.search(rb"\(?\w{1,6}(?:\.\w{1,4})*[.)]", text)
    return found[0].decode("latin-1") if found else "-"


@dataclass(frozen=True)
class State:
    """The state that a group inherits and restores."""

    skip: bool = False
    bold: bool = False
    italic: bool = False
    hidden: bool = False
    white: bool = False
    small: bool = False
    deleted: bool = False
    raised: bool = False
    struck: bool = False
    symbols: str = ""  # the current symbol font
    encoding: str = "cp1252"
    fallback: int = 1  # number of characters after \\u that repeat it for old readers

    @property
    def unseen(self) -> str:
        """Why a reader does not see the text; empty if he does."""
        if self.hidden:
            return "text"
        return (
            "white text on the white page" if self.white else "text too small to read" if self.small else ""
        )


def white_colours(data: bytes) -> frozenset[int]:
    """The numbers of white colours; none if something dark may stand behind a text of the file."""
    if _GROUND.search(data):
        return frozenset()
    table = re.search(rb"\{\\colortbl([^{}]{0,20000})\}", data[:400_000])
    entries = table[1].split(b";") if table else []
    return frozenset(at for at, entry in enumerate(entries) if len(_FULL.findall(entry)) == 3)


def formatted(state: State, word: str, number: int | None, white: frozenset[int]) -> State | None:
    """The state after a control word for characters; None for any other word. `white` are the numbers of
    white colours."""
    on = number != 0
    if word == "cf":
        return replace(state, white=(number or 0) in white)
    if word == "fs":
        return replace(state, small=number is not None and number <= _SMALLEST)
    if word == "b":
        return replace(state, bold=on)
    if word == "i":
        return replace(state, italic=on)
    if word == "v":
        return replace(state, hidden=on)
    if word == "deleted":
        return replace(state, deleted=on)
    if word in ("super", "up", "sub", "dn", "nosupersub"):
        return replace(state, raised=word in ("super", "up") and on)
    if word in ("strike", "striked"):
        return replace(state, struck=on)
    if word == "plain":
        state = replace(state, bold=False, italic=False, hidden=False, struck=False, raised=False, symbols="")
        return replace(state, white=False, small=False)
    return None


@dataclass
class Paragraph:
    heading: int | None = None
    list_id: int = 0
    depth: int = 0
    least_depth: int = 0  # that its style names
    in_table: bool = False


def joined_surrogates(before: list[str], char: str) -> str:
    """Join a low surrogate with the high one at the end of the text before it."""
    if "\udc00" <= char <= "\udfff" and before and "\ud800" <= before[-1][-1:] <= "\udbff":
        first = before.pop()
        return first[:-1] + (first[-1] + char).encode("utf-16", "surrogatepass").decode("utf-16")
    return char


def unsaid(texts: Iterable[str], blocks: Sequence[MarkdownBlock]) -> list[MarkdownBlock]:
    """Heads or feet that say what no block says."""
    known = {"".join(block.text.split()) for block in blocks}
    return [MarkdownBlock(md.escape_lines(text)) for text in texts if "".join(text.split()) not in known]
