"""Tables as browsers, word processors and typesetters print them: `printed_tables.json` holds the lines
(height, then place and text of each cell, and its size if it is not 10), the rules (height, ends), and the
rows that are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.services.parsing.pdf.conftest import Sheet
from tests.services.parsing.pdf.test_table_layouts import tables_of

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("printed_tables.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_printed_table_is_read(sheet: Sheet, case: dict[str, Any]) -> None:
    for y, *cells in case["lines"]:
        for x, text, *size in cells:
            sheet.text(x, y, text, *size)
    for y, x0, x1 in case["rules"]:
        sheet.rule(x0, y, x1, y)

    tables = [[row for row in table.splitlines() if "---" not in row] for table in tables_of(sheet)]

    assert [[row.strip("| ") for row in rows] for rows in tables] == case["tables"]
