"""Headings that the tags of the PDF name."""

from __future__ import annotations

import pytest

from services.parsing.pdf import parse_pdf

LINES = ["Of keepers and weirs", "The keeper opened the weir at noon.", "It had rained for a week."]


def tagged(*tags: str) -> bytes:
    """A page of lines in one style, each with its tag."""
    texts = [
        f"/{tag} <</MCID {at}>> BDC BT /F1 11 Tf 72 {700 - 14 * at} Td ({line}) Tj ET EMC"
        for at, (tag, line) in enumerate(zip(tags, LINES, strict=True))
    ]
    content = "\n".join(texts)
    elements = [f"<</Type/StructElem/S/{tag}/P 7 0 R/Pg 3 0 R/K {at}>>" for at, tag in enumerate(tags)]
    kids = " ".join(f"{at + 9} 0 R" for at in range(len(tags)))
    parts = [
        "<</Type/Catalog/Pages 2 0 R/MarkInfo<</Marked true>>/StructTreeRoot 6 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/StructParents 0"
        "/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(content)}>>\nstream\n{content}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        "<</Type/StructTreeRoot/K 7 0 R/ParentTree 8 0 R>>",
        f"<</Type/StructElem/S/Document/P 6 0 R/K[{kids}]>>",
        f"<</Nums[0 [{kids}]]>>",
        *elements,
    ]
    out = "%PDF-1.7\n"
    offsets = []
    for number, part in enumerate(parts, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{part}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(parts) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<</Root 1 0 R/Size {size}>>\n"
    return f"{out}{end}startxref\n{len(out)}\n%%EOF".encode()


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (
            ("H1", "P", "P"),
            "# Of keepers and weirs\n\nThe keeper opened the weir at noon. It had rained for a week.",
        ),
        (
            ("P", "P", "P"),
            "Of keepers and weirs\n\nThe keeper opened the weir at noon. It had rained for a week.",
        ),
    ],
)
def test_what_is_tagged_as_a_heading_is_one_whatever_it_looks_like(
    tags: tuple[str, ...], expected: str
) -> None:
    assert parse_pdf(tagged(*tags)).markdown.strip() == expected
