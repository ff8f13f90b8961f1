"""What the pages tell a reader to type exists: commands, options, targets, requests, settings, files."""

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
import typer
from jsonschema import Draft202012Validator
from typer.main import get_command

from api.openapi import openapi
from headrace.cli.app import app
from tests.documentation.pages import PAGES, ROOT, Block, blocks, code_spans
from tests.documentation.shell import Command, commands

COMMAND = get_command(app)
#: Programs of others that the pages call.
OTHERS = {
    "[",
    "apt",
    "apt-get",
    "aws",
    "basename",
    "cat",
    "cp",
    "cut",
    "docker",
    "du",
    "helm",
    "mc",
    "ollama",
    "openssl",
    "pip",
    "printf",
    "sha256sum",
    "uv",
}
SHELLS = ("bash", "sh", "console")


@cache
def typed() -> Sequence[tuple[Block, Command]]:
    """All commands of all pages."""
    return [
        (block, command)
        for block in blocks(*SHELLS)
        for command in commands(block.text, "$ " if block.language == "console" else "")
    ]


def calls(*programs: str) -> list[tuple[str, Sequence[str]]]:
    """Where one of the programs is called, and its arguments."""
    return [
        (f"{block}: {command.text}", words[1:])
        for block, command in typed()
        for words in command.calls()
        if words[0].rpartition("/")[2] in programs
    ]


def test_there_are_many() -> None:
    assert len(typed()) > 70
    assert len(calls("headrace")) > 30
    assert len(calls("curl", "call")) > 20


def test_every_program_is_known() -> None:
    known = OTHERS | {"headrace", "make", "curl", "call", "python", "kcat"}
    unknown = [
        f"{block}: {words[0]}"
        for block, command in typed()
        for words in command.calls()
        if words[0].rpartition("/")[2] not in known
    ]

    assert unknown == []


@pytest.mark.parametrize("block", blocks("bash", "sh"), ids=str)
def test_the_shell_understands_every_block(block: Block) -> None:
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("where", "words"), calls("headrace"))
def test_every_command_is_one_of_ours_with_its_options(where: str, words: Sequence[str]) -> None:
    command: Any = COMMAND
    context, rest = typer.Context(command, info_name="headrace"), list(words)
    while hasattr(command, "commands"):
        name, command, rest = command.resolve_command(context, rest)
        context = typer.Context(command, info_name=name, parent=context)

    command.make_parser(context).parse_args(rest)


def options(path: Sequence[str]) -> set[str] | None:
    """The options of a command; None if there is no such command. Words after it are its arguments."""
    command: Any = COMMAND
    for word in path:
        if not (below := getattr(command, "commands", None)):
            break
        if word.startswith("-"):
            break
        if word not in below:
            return None
        command = below[word]
    return {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}


@cache
def all_options(command: Any = COMMAND) -> set[str]:
    """Options of all commands."""
    own = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    return own.union(
        {"--help", "--install-completion"}, *map(all_options, getattr(command, "commands", {}).values())
    )


def named_in_prose(pattern: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Where a page has a code span that matches, and the match."""
    for page in PAGES:
        for line, span in code_spans(page.read_text()):
            if found := re.match(pattern, span):
                yield f"{page.relative_to(ROOT)}:{line}: {span}", found


def test_every_command_that_is_named_exists() -> None:
    wrong = []
    for where, found in named_in_prose(r"headrace ([a-z][^|]*)$"):
        words = re.sub(r"[\[\]…]", " ", found[1]).split()
        offered = options(words)
        if offered is None or (
            {word.partition("=")[0] for word in words if word.startswith("-") and len(word) > 1} - offered
        ):
            wrong.append(where)

    assert wrong == []


def test_every_option_that_is_named_alone_exists() -> None:
    of_others = {"--filter", "--no-sandbox"}  # git's, Chromium's
    wrong = [
        where
        for where, found in named_in_prose(r"(--[a-z][a-z-]+)")
        if found[1] not in all_options() | of_others and not _is_of_benchmarks(found[1])
    ]

    assert wrong == []


@cache
def _benchmarks() -> str:
    return "\n".join(file.read_text() for file in (ROOT / "benchmarks").rglob("*.py"))


def _is_of_benchmarks(option: str) -> bool:
    return f'"{option}"' in _benchmarks()


def test_every_benchmark_that_is_named_exists() -> None:
    listed = set(re.findall(r'^    "(\w+)"', (ROOT / "benchmarks" / "__main__.py").read_text(), re.MULTILINE))
    spans = [found[1].split() for _, found in named_in_prose(r"python -m benchmarks (\w.*)")]
    named = [*spans, *(words[2:] for _, words in calls("python") if words[:2] == ["-m", "benchmarks"])]

    assert len(named) > 5
    assert [words[0] for words in named if words[0] not in {*listed, "NAME"}] == []
    assert [
        one for words in named for one in words if one.startswith("--") and not _is_of_benchmarks(one)
    ] == []


def test_every_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    spans = {found[1] for _, found in named_in_prose(r"make ([a-z-]+)")}

    assert len(spans) > 3
    assert (spans | {words[0] for _, words in calls("make")}) - targets == set()


def test_every_setting_that_is_named_exists() -> None:
    known = set(re.findall(r"`(HEADRACE_\w+)`", (ROOT / "docs" / "settings.md").read_text()))
    wrong = [
        f"{page.name}: {name}"
        for page in PAGES
        for name in sorted(set(re.findall(r"\bHEADRACE_[A-Z0-9_]*[A-Z0-9]\b", page.read_text())))
        if name not in known and not name.startswith("HEADRACE_KAFKA")
    ]

    assert wrong == []


def test_every_file_that_is_named_exists() -> None:
    folders = "schemas|streams|services|api|headrace|examples|benchmarks|tests|deploy|docs"
    wrong = [
        where
        for where, found in named_in_prose(rf"((?:{folders})/[\w./-]*[\w/])(?:::\w+)?$")
        if not (ROOT / found[1]).exists()
    ]

    assert wrong == []


def operation(method: str, path: str) -> dict[str, Any] | None:
    """The operation that a request would reach."""
    for template, methods in openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            found: dict[str, Any] | None = methods.get(method.lower())
            if found is not None:
                return found
    return None


def request(words: Sequence[str]) -> tuple[str, str, str | None]:
    """Method, path and body of a call of curl."""
    given = dict(pairwise(words))
    [url] = [word for word in words if word.startswith(("$URL", "http://127", "http://localhost"))]
    has_body = given.keys() & {"-d", "-F"}
    return (
        given.get("-X", "POST" if has_body else "GET"),
        urlsplit(url.replace("$URL", "http://u")).path,
        given.get("-d"),
    )


REQUESTS = [(where, request(words)) for where, words in calls("curl", "call") if "$@" not in words and words]


@pytest.mark.parametrize(("where", "asked"), REQUESTS)
def test_every_request_reaches_an_operation_which_takes_its_body(
    where: str, asked: tuple[str, str, str | None]
) -> None:
    method, path, body = asked
    if path == "/webhooks/github":
        return  # GitHub's form; run by tests/system/test_documentation.py
    found = operation(method, path)

    assert found is not None, f"{method} {path}"
    if body is not None:
        schema = found["requestBody"]["content"]["application/json"]["schema"]
        schema = {**schema, "components": openapi()["components"]}
        assert [error.message for error in Draft202012Validator(schema).iter_errors(json.loads(body))] == []


def fields(schema: Any, seen: frozenset[str] = frozenset()) -> set[str]:
    """Names of all fields within a schema, whatever their depth."""
    if isinstance(schema, list):
        return set().union(*(fields(one, seen) for one in schema))
    if not isinstance(schema, dict):
        return set()
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    referred = openapi()["components"]["schemas"][name] if name and name not in seen else None
    own = set(schema.get("properties", {}))
    return own.union(*(fields(one, seen | {name}) for one in (*schema.values(), referred)))


SHOWN = [
    (str(block), request(words[1:]), command.output)
    for block, command in typed()
    for words in command.calls()
    if words[0] in ("curl", "call") and "$@" not in words and len(words) > 1 and command.output
]


@pytest.mark.parametrize(("where", "asked", "output"), SHOWN)
def test_every_field_that_a_page_shows_of_an_answer_exists(
    where: str, asked: tuple[str, str, str | None], output: str
) -> None:
    if asked[1] == "/webhooks/github":
        return
    found = operation(*asked[:2])
    assert found is not None
    schema = found["responses"] if "event:" not in output else openapi()["components"]["schemas"]

    shown = set(re.findall(r'"(\w+)":', output))
    assert shown
    assert shown - fields(schema) == set()


def test_every_operation_that_is_named_exists() -> None:
    wrong = [
        where
        for where, found in named_in_prose(r"(GET|POST|PUT|PATCH|DELETE) (/api/v1/[^\s?…]*)")
        if operation(found[1], re.sub(r"\{\w+\}", "x", found[2])) is None
    ]

    assert wrong == []
