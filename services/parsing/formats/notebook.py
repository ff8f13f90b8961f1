"""Jupyter notebooks: markdown cells unchanged, code and its printed output as code blocks."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from schemas.errors import CorruptDocument
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.html.page import parse_html
from services.parsing.formats.text import decode
from services.parsing.markdown_writer import MarkdownBlock, Writer

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
#: The plain text of an output with content only in its other formats: a Python repr.
_OBJECT = re.compile(r"<[\w.]+(?: object| at 0x| size )[^\n]*>", re.I)
_Kind = TypeVar("_Kind")
_WIDGET = "application/vnd.jupyter.widget"
#: Maximum characters of one output; a longer one is a log and is truncated.
MAX_RESULT = 10_000


def parse_notebook(data: bytes) -> ParsedDocument:
    """Raises CorruptDocument if the JSON is invalid or has no cells."""
    text, warnings = decode(data)
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CorruptDocument(f"notebook is not JSON: {error}") from error
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if cells is None and isinstance(notebook, dict):  # format 3
        cells = [cell for sheet in notebook.get("worksheets", []) for cell in sheet.get("cells", [])]
    if not isinstance(cells, list):
        raise CorruptDocument("notebook without cells")
    metadata = notebook.get("metadata") or {}
    language, widgets = _language(metadata), _widgets(metadata)
    writer = Writer()
    for cell in cells:
        if isinstance(cell, dict):
            writer.extend(_cell(cell, language, widgets))
    markdown, _ = writer.finish()
    return ParsedDocument(markdown, title=_title(cells), language=language or None, warnings=warnings)


def _language(metadata: dict[str, Any]) -> str:
    named = (metadata.get("language_info") or {}).get("name") or (metadata.get("kernelspec") or {}).get(
        "language"
    )
    return str(named).lower() if named else "python"


def _widgets(metadata: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The saved states of widgets by the ids of their models."""
    saved = _of(dict, _of(dict, metadata.get("widgets")).get(f"{_WIDGET}-state+json"))
    models = _of(dict, saved.get("state"))
    return {model: _of(dict, _of(dict, one).get("state")) for model, one in models.items()}


def _shown(model: str, widgets: dict[str, dict[str, Any]]) -> list[MarkdownBlock]:
    """What a widget shows: its outputs or its text, then the widgets in it. Each shows once, as one may hold
    itself."""
    state = widgets.pop(model, {})
    blocks: list[MarkdownBlock] = []
    for output in _streams_joined(_of(list, state.get("outputs"))):
        blocks += _result(output, widgets)
    if isinstance(state.get("value"), str):
        blocks += _page(f"<div>{state.get('description') or ''} {state['value']}</div>")
    for child in _of(list, state.get("children")):
        blocks += _shown(str(child).removeprefix("IPY_MODEL_"), widgets)
    return blocks


def _of(kind: type[_Kind], value: Any) -> _Kind:
    """The value if it is of this kind, or an empty one."""
    return value if isinstance(value, kind) else kind()


def _cell(cell: dict[str, Any], language: str, widgets: dict[str, dict[str, Any]]) -> list[MarkdownBlock]:
    source = _joined(cell.get("source", cell.get("input", "")))
    if cell.get("cell_type") == "markdown":
        return [MarkdownBlock(source.strip("\n"))]
    if cell.get("cell_type") == "heading":
        return [MarkdownBlock(md.heading(int(cell.get("level", 1)), source))]
    if cell.get("cell_type") != "code":
        return [MarkdownBlock(source)]
    blocks = [md.code(source, language)] if source.strip() else []
    for output in _streams_joined(cell.get("outputs") or []):
        blocks.extend(_result(output, widgets))
    return blocks


def _streams_joined(outputs: list[Any]) -> list[dict[str, Any]]:
    """The outputs of a cell; what was printed to a stream in several pieces is one output."""
    found: list[dict[str, Any]] = []
    for output in outputs:
        if not isinstance(output, dict):
            continue
        before = found[-1] if found else {}
        stream = (output.get("output_type"), output.get("name") or output.get("stream"))
        if stream[0] == "stream" and stream == (
            before.get("output_type"),
            before.get("name") or before.get("stream"),
        ):
            text = _joined(before.get("text")) + _joined(output.get("text"))
            found[-1] = before | {"text": text}
        else:
            found.append(output)
    return found


def _result(output: dict[str, Any], widgets: dict[str, dict[str, Any]]) -> list[MarkdownBlock]:
    """The visible content of an output: its text, or the best of its formats that contains text."""
    if output.get("output_type") in ("error", "pyerr"):
        return _printed(f"{output.get('ename', 'Error')}: {output.get('evalue', '')}")
    if "text" in output:
        return _printed(_joined(output["text"]))
    found = output.get("data") or output  # format 3 stores the formats in the output itself
    view = _of(dict, found.get(f"{_WIDGET}-view+json"))
    if shown := _shown(str(view.get("model_id")), widgets):
        return shown
    forms = {
        name: _joined(value) for name, value in found.items() if "/" in name or name in ("html", "latex")
    }
    plain = forms.get("text/plain", "")
    page = forms.get("text/html") or forms.get("html") or ""
    if text := forms.get("text/markdown") or forms.get("text/latex") or forms.get("latex"):
        return [MarkdownBlock(text[:MAX_RESULT].strip())]
    if plain.strip() and not _OBJECT.fullmatch(plain.strip()) and "<td" not in page:
        return _printed(plain)
    data = found.get("application/json")
    told = data if isinstance(data, str) or not data else json.dumps(data, ensure_ascii=False)
    return _page(page) or _printed(told or plain)


def _page(page: str) -> list[MarkdownBlock]:
    """An output in HTML, such as a table."""
    if not page.strip():
        return []
    try:
        text = parse_html(page.encode("utf-8", "replace"), "text/html; charset=utf-8").markdown
    except CorruptDocument:
        return []
    return [MarkdownBlock(text[:MAX_RESULT].strip("\n"))] if text.strip() else []


def _printed(text: str) -> list[MarkdownBlock]:
    """Printed text without terminal escape codes; of an overwritten line, the last state is kept."""
    text = _ESCAPES.sub("", text)
    text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return [md.code(text[:MAX_RESULT])] if text.strip() else []


def _joined(source: Any) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source or "")


def _title(cells: list[Any]) -> str | None:
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "markdown":
            for line in _joined(cell.get("source")).splitlines():
                if line.startswith("# "):
                    return line[2:].strip()
    return None


def _is_notebook(head: bytes, data: bytes) -> bool:
    return head.lstrip()[:1] == b"{" and b'"nbformat"' in data and b'"cells"' in data


FORMAT = Format(
    "application/x-ipynb+json", from_bytes(parse_notebook), suffixes=(".ipynb",), sniff=_is_notebook
)
