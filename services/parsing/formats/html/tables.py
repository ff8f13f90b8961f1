"""HTML tables: distinguishes data tables from layout tables; cells with spans."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from services.parsing.formats.html.inline import plain, whole_number
from services.parsing.markdown_writer import Cell

#: Maximum span; more is an attack on memory or a mistake.
MAX_SPAN = 1000
#: A table without a header is a layout table if a cell has more characters.
LAYOUT_CELL = 1500


def _rows(table: HtmlElement) -> Iterator[HtmlElement]:
    feet: list[HtmlElement] = []  # HTML 4 has them before the body
    for child in table:
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            rows = [row for row in child if row.tag == "tr"]
            if child.tag == "tfoot":
                feet += rows
            else:
                yield from rows
    yield from feet


def _cells(row: HtmlElement) -> list[HtmlElement]:
    return [cell for cell in row if cell.tag in ("td", "th")]


def is_layout(table: HtmlElement) -> bool:
    """Whether a table is only for layout; its cells are then read as blocks."""
    if (table.get("role") or "").lower() in ("presentation", "none"):
        return True
    grid = [_cells(row) for row in _rows(table)]
    if sum(map(len, grid)) <= 1 or (len(grid) == 1 and any(map(_is_numbers_of_code, grid[0]))):
        return True
    if max(map(len, grid)) == 1 and table.find(".//tr//table") is not None:
        return True
    if any(cell.tag == "th" for row in grid for cell in row) or table.find("caption") is not None:
        return False
    if max(map(len, grid)) == 1 and any(
        True for _ in table.iter("p", "div", "h1", "h2", "h3", "ul", "table")
    ):
        return True
    if any(_is_chapter(cell) for row in grid for cell in row):
        return True
    inner = any(cell.find(".//table") is not None for row in grid for cell in row)
    longest = max(len(" ".join("".join(cell.itertext()).split())) for row in grid for cell in row)
    return longest > LAYOUT_CELL or (inner and longest > LAYOUT_CELL // 5)


def layout_cells(table: HtmlElement) -> Iterator[HtmlElement]:
    """The cells in the order of their rows, without those that number the lines of code beside them."""
    for row in _rows(table):
        yield from (cell for cell in _cells(row) if not _is_numbers_of_code(cell))


def _is_numbers_of_code(cell: HtmlElement) -> bool:
    """Whether a cell holds the numbers of lines of code, and the next one the lines."""
    beside = cell.getnext()
    numbers = plain(cell).split() if beside is not None and _is_code(beside) else []
    return bool(numbers) and all(map(str.isdecimal, numbers))


def _is_code(cell: HtmlElement) -> bool:
    return cell.find(".//pre") is not None or is_lines_of_code(cell)


def is_lines_of_code(cell: HtmlElement) -> bool:
    """Whether a cell holds lines of code, each a block of its own."""
    words = "".join(plain(cell).split())
    return cell.find(".//div/code") is not None and words == "".join(
        "".join(plain(code).split()) for code in cell.iter("code")
    )


def _is_chapter(cell: HtmlElement) -> bool:
    """Whether a cell holds a heading with code below it, as a post of a forum does."""
    heading = next(cell.iter("h1", "h2", "h3", "h4"), None)
    return heading is not None and any(el.tag == "pre" for el in heading.itersiblings())


def rows(table: HtmlElement, text: Callable[[HtmlElement], str]) -> list[list[Cell]]:
    """The table's cells row by row; rows and spans without content are dropped."""
    result = []
    for row in _rows(table):
        cells = [
            Cell(text(cell), _span(cell.get("colspan")), _span(cell.get("rowspan"))) for cell in _cells(row)
        ]
        if any(cell.text for cell in cells) or any(cell.rows > 1 for cell in cells):
            result.append(cells)
    return without_idle_spans(merged_starts(result))


def merged_starts(rows: list[list[Cell]]) -> list[list[Cell]]:
    """Join rows that contain only the start of row spans with the next row, where their text belongs."""
    result: list[list[Cell]] = []
    carried: list[Cell] = []
    for row in rows:
        full = carried + row
        if full and all(cell.rows > 1 for cell in full) and len(row) < max(map(len, rows)):
            carried = [Cell(c.text, c.columns, c.rows - 1) for c in full]
        else:
            result.append(full)
            carried = []
    return result + ([carried] if carried else [])


def without_idle_spans(rows: list[list[Cell]]) -> list[list[Cell]]:
    """Cut spans that reach beyond the table, and drop those of a table with a single cell in each row."""
    if not rows:
        return rows
    height = len(rows)
    cut = [[Cell(c.text, c.columns, min(c.rows, height - at)) for c in row] for at, row in enumerate(rows)]
    if all(len(row) == 1 for row in cut):
        return [[Cell(c.text) for c in row] for row in cut]
    return cut


def flat_lines(table: HtmlElement, text: Callable[[HtmlElement], str]) -> list[str]:
    """The rows of a table inside a cell, one line each."""
    captions = [text(caption) for caption in table.iterchildren("caption")]
    lines = [" ".join(filter(None, (text(cell) for cell in _cells(row)))) for row in _rows(table)]
    return [line for line in (*captions, *lines) if line]


def _span(value: str | None) -> int:
    return min(max(whole_number(value, 1), 1), MAX_SPAN)
