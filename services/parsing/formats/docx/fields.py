"""Fields of a Word document: what they link to, and what they show where no result was saved."""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

from services.parsing.formats.docx.styles import W, switched_on, value
from services.parsing.office.symbols import symbol

_HYPERLINK = re.compile(r'\s*HYPERLINK\s+(?:"([^"]+)"|([^\s"\\]+))(?:.*?\\l\s+"([^"]+)")?', re.I)
_SYMBOL = re.compile(r'\s*SYMBOL\s+(\d{1,5}|0x[0-9a-f]{1,4})\b(?:.*?\\f\s*"?([^"\\]+))?', re.I)
#: The innermost part of an equation field: its switches, and what stands in its parentheses.
_EQUATION = re.compile(r"((?:\\[a-z]++\s*+-?\d*+\s*+)*+)\(([^()]*)\)", re.I)
_RINGS = frozenset("○◯△▽□◇")
#: Stand for parentheses and commas that an equation shows.
_SHOWN = str.maketrans("(),", "\1\2\3")
_RESTORED = str.maketrans("\1\2\3", "(),")


def link_target(instruction: str) -> str:
    """The address of a HYPERLINK field, and the place in what it leads to; empty for other fields and for
    places in this document."""
    match = _HYPERLINK.match(instruction)
    return "#".join(filter(None, match.groups())) if match else ""


def shown_without_result(instruction: str) -> str:
    """The text of a field that Word draws instead of saving a result: an equation (EQ) or a SYMBOL."""
    if match := _SYMBOL.match(instruction):
        return symbol(int(match[1], 0), (match[2] or "").strip())
    name, _, rest = instruction.strip().partition(" ")
    return _equation(rest) if name.upper() == "EQ" else ""


def _equation(text: str) -> str:
    """`\\f(1,2)` is 1/2, `\\r(3,x)` √x, `\\o\\ac(○,7)` 7; a raised reading (ruby) gives way to its base."""
    text = re.sub(r'\\\*\s*(?:"[^"]*"|[^\s\\]+)', "", text)
    for _ in range(50):
        text, found = _EQUATION.subn(_part, text, count=1)
        if not found:
            break
    return " ".join(text.translate(_RESTORED).split())


def _part(match: re.Match[str]) -> str:
    switches = set(re.findall(r"\\([a-z])", match[1].lower()))
    parts = [part.strip() for part in re.split("[,;]", match[2])]
    if "o" in switches:
        shown = next((part for part in reversed(parts) if part and part not in _RINGS), "")
    elif "f" in switches:
        shown = "/".join(parts)
    elif "r" in switches:
        shown = f"√{parts[-1]}"
    elif "b" in switches:
        shown = f"({match[2]})"
    else:
        shown = " ".join(filter(None, parts)) if switches else f"({match[2]})"
    return shown.translate(_SHOWN)


def unended(paragraph: etree._Element) -> set[etree._Element]:
    """The field marks that begin an instruction which does not end in the paragraph."""
    opened: list[etree._Element] = []
    done: set[etree._Element] = set()
    for mark in paragraph.iter(W + "fldChar"):
        kind = mark.get(W + "fldCharType")
        if kind == "begin":
            opened.append(mark)
        elif opened:
            done.add(opened[-1])
            if kind == "end":
                opened.pop()
    return set(opened) - done


def form_value(field: etree._Element | None) -> str:
    """The value of a Word 97 form field without a result: a check box, or the choice in a list."""
    if field is None:
        return ""
    box, choice = field.find(W + "checkBox"), field.find(W + "ddList")
    if box is not None:
        state = "checked" if box.find(W + "checked") is not None else "default"
        return "☒" if switched_on(box, state) else "☐"
    if choice is not None:
        entries = [entry.get(W + "val", "") for entry in choice.iterchildren(W + "listEntry")]
        chosen = value(choice, W + "result") or value(choice, W + "default") or "0"
        return entries[int(chosen)] if chosen.isdigit() and int(chosen) < len(entries) else ""
    return ""
