"""Blocks of the pages that are no commands: they parse, are valid for our code, and run where they can."""

import ast
import asyncio
import importlib
import inspect
import json
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from standardwebhooks import Webhook

from api.openapi import openapi
from headrace.settings import Settings
from schemas.meta_files import options_in
from schemas.models_file import read_models
from services.inbox.tables import read_tables
from services.notifying.message import body_of
from tests.documentation.pages import PAGES, ROOT, Block, blocks, blocks_of
from tests.documentation.shell import commands
from tests.services.notifying.world import run

LANGUAGES = {"", "bash", "sh", "console", "python", "json", "toml", "yaml", "markdown", "mermaid"}


def check_source(text: str, _: Path) -> None:
    schema = openapi()["paths"]["/api/v1/sources"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    Draft202012Validator({**schema, "components": openapi()["components"]}).validate(json.loads(text))


def check_inbox_event(text: str, _: Path) -> None:
    schema = json.loads((ROOT / "schemas" / "json" / "InboxEvent.json").read_text())
    Draft202012Validator(schema).validate(json.loads(text))


def check_meta_json(text: str, _: Path) -> None:
    options_in(text.encode(), "default")


def check_webhook(text: str, _: Path) -> None:
    """What is shown is what is sent, with some fields left out."""
    shown, sent = json.loads(text), json.loads(body_of(run()))
    data = shown.pop("data")
    counts = data.pop("counts")
    assert shown.keys() == sent.keys() - {"data"}
    assert data.keys() - {"…"} <= sent["data"].keys()
    assert counts.keys() - {"…"} <= sent["data"]["counts"].keys()


def check_tables(text: str, folder: Path) -> None:
    (folder / "tables.toml").write_text(text)
    read_tables(folder / "tables.toml")


def check_environment(text: str, _: Path) -> None:
    """Variables of a compose file, and what becomes of them."""
    given = yaml.safe_load(text)
    Settings.model_validate({name.removeprefix("HEADRACE_").lower(): value for name, value in given.items()})


CHECKS: Mapping[str, Callable[[str, Path], None]] = {
    "source": check_source,
    "inbox-event": check_inbox_event,
    "meta-json": check_meta_json,
    "webhook": check_webhook,
    "tables": check_tables,
    "environment": check_environment,
}


@pytest.mark.parametrize("block", blocks("json", "toml", "yaml"), ids=str)
def test_what_a_page_shows_is_well_formed_and_valid(block: Block, tmp_path: Path) -> None:
    readers: Mapping[str, Callable[[str], Any]] = {
        "json": json.loads,
        "toml": tomllib.loads,
        "yaml": yaml.safe_load,
    }
    assert readers[block.language](block.text)
    if block.mark:
        CHECKS[block.mark](block.text, tmp_path)


def test_every_block_says_its_language_and_every_mark_has_a_check() -> None:
    found = [one for page in PAGES for one in blocks_of(page.name, page.read_text())]

    assert {one.language for one in found} - LANGUAGES == set()
    assert {one.mark for one in found if one.mark} == CHECKS.keys()


def test_no_command_hides_in_a_block_without_a_language() -> None:
    first_words = ("headrace ", "make ", "pip ", "docker ", "curl ", "helm ", "uv ", "export ")
    hidden = [
        f"{block}: {line}"
        for block in blocks("")
        for line in block.text.splitlines()
        if line.startswith(first_words) and block.page != "docs/benchmarks.md"  # a list of commands
    ]

    assert hidden == []


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_compiles_and_imports_what_exists(block: Block) -> None:
    tree = compile(block.text, str(block), "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module or "")
            assert [one.name for one in node.names if not hasattr(module, one.name)] == [], node.module
        elif isinstance(node, ast.Import):
            for one in node.names:
                importlib.import_module(one.name)


SECRET = "whsec_" + "c2VjcmV0" * 4
BODY = '{"type": "invocation.complete"}'


def signed(at: datetime) -> Mapping[str, str]:
    """The headers of an event; libraries refuse those that are five minutes old."""
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", at, BODY),
    }


#: Blocks that run here, by their page: the names that they need. tests/examples covers those of events.md and
#: architecture.md, tests/system/test_documentation.py those that need a running system.
RUN: Mapping[str, Mapping[str, Any]] = {
    "docs/chunking.md": {"text": "import os\n\n\ndef main() -> None:\n    print(os.name)\n"},
    "docs/embedding.md": {},
    "docs/parsing.md": {"data": (ROOT / "examples" / "documents" / "sluice-gates.docx")},
    "docs/webhooks.md": {
        "secret": SECRET,
        "body": BODY,
        "headers": lambda: signed(datetime.now(UTC)),
    },
}


@pytest.mark.parametrize("page", RUN)
def test_python_runs(page: str) -> None:
    names: dict[str, Any] = {
        name: value.read_bytes() if isinstance(value, Path) else value() if callable(value) else value
        for name, value in RUN[page].items()
    }
    [block] = [one for one in blocks("python") if one.page == page]
    code = compile(block.text, str(block), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(_awaited(code, names))
    else:
        exec(code, names)
    if page == "docs/embedding.md":
        assert (names["vectors"].shape, str(names["vectors"].dtype)) == ((2, 384), "float32")


async def _awaited(code: Any, names: dict[str, Any]) -> None:
    coroutine: Any = eval(code, names)
    if inspect.iscoroutine(coroutine):
        await coroutine


def test_the_files_of_models_that_pages_print_are_read(tmp_path: Path) -> None:
    printed = [
        command.text
        for block in blocks("bash", "sh")
        for command in commands(block.text)
        if "> models.toml" in command.text
    ]
    for text in printed:
        subprocess.run(["bash", "-c", text], cwd=tmp_path, check=True)
        assert read_models(tmp_path / "models.toml")
    assert len(printed) > 1
