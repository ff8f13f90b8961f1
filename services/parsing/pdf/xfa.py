"""Forms in XML (XFA), whose pages only ask for another viewer: texts, captions and the values of fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lxml import etree  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.office.archive import parse_xml

#: PDFium's number for forms whose pages are made from the XML.
DYNAMIC = 2
_VALUES = ("{*}text", "{*}exData", "{*}integer", "{*}decimal", "{*}date")
_HIDDEN = ("hidden", "invisible", "inactive")


def form_blocks(packets: Sequence[str]) -> list[str]:
    """The paragraphs (markdown) of a form, in the template's order; values without a field follow."""
    try:
        root = parse_xml("".join(packets).encode(), "XFA form")
    except CorruptDocument:
        return []
    values: dict[str, list[str]] = {}
    for data in root.iter("{*}data"):
        for element in data.iter("{*}*"):
            if not len(element) and (text := " ".join((element.text or "").split())):
                values.setdefault(etree.QName(element).localname, []).append(text)
    template = root.find(".//{*}template")
    lines = list(_lines(template, values)) if template is not None else []
    lines += [f"{name}: {text}" for name, texts in values.items() for text in texts]
    return [md.escape_lines(md.escape(line)) for line in lines]


def _lines(element: etree._Element, values: dict[str, list[str]]) -> Iterator[str]:
    for child in element.iterchildren("{*}*"):
        kind = etree.QName(child).localname
        if child.get("presence") in _HIDDEN:
            continue
        if kind in ("draw", "field"):
            known = values.get(child.get("name", "")) if kind == "field" else None
            value = known.pop(0) if known else _text(child.find("{*}value"))
            if line := ": ".join(filter(None, [_text(child.find("{*}caption")), value])):
                yield line
        elif kind in ("subform", "subformSet", "exclGroup", "area", "pageSet", "pageArea"):
            yield from _lines(child, values)


def _text(element: etree._Element | None) -> str:
    found = () if element is None else element.iter(*_VALUES)
    return " ".join(" ".join("".join(one.itertext()).split()) for one in found)
