"""Helpers of the commands that call a running gateway."""

import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from headrace.cli.settings import load_settings
from headrace.usage_error import UsageError

if TYPE_CHECKING:
    from headrace.client.gateway import GatewayClient

T = TypeVar("T")

SourceId = Annotated[
    str, typer.Argument(help="Id of the source, or its first characters.", show_default=False)
]
OfSource = Annotated[
    str | None,
    typer.Option(
        "--source", help="Only of this source: its id, or its first characters.", show_default=False
    ),
]
OfDatabase = Annotated[
    str | None, typer.Option("--database", "-d", help="Only of this database.", show_default=False)
]
#: The beginning of an id, long enough to be meant as one.
_SHORT = re.compile("[0-9a-f-]{4,35}")
_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Invocations among which a short id is looked for.
_MOST = 1000


def ask(data_dir: Path | None, use: "Callable[[GatewayClient], Awaitable[T]]") -> T:
    """Call `use` with a client of the running gateway, and return its result."""
    from headrace.cli.interrupt import run_until_signal
    from headrace.client.connect import require_gateway
    from headrace.client.gateway import GatewayClient

    async def asked() -> T:
        settings = load_settings(data_dir)
        endpoint = await require_gateway(settings)
        async with GatewayClient(endpoint.url, endpoint.key, settings.reconnect_seconds) as client:
            return await use(client)

    return run_until_signal(asked())


def may_be_id(text: str) -> bool:
    """Whether a text is an id, or may be the beginning of one."""
    return bool(_SHORT.fullmatch(text) or _ID.fullmatch(text))


def ask_of_source(data_dir: Path | None, text: str, use: "Callable[[GatewayClient, str], Awaitable[T]]") -> T:
    """The same, also with the id of the source that has it, or whose id begins with `text`."""

    async def asked(client: "GatewayClient") -> T:
        return await use(client, await whole_source_id(client, text))

    return ask(data_dir, asked)


async def whole_source_id(client: "GatewayClient", text: str) -> str:
    """The id of the source that has it, or whose id begins with `text`. Raises UsageError unless there is
    exactly one."""
    ids = [one.id for one in await client.sources()] if _SHORT.fullmatch(text) else []
    return _whole(text, ids, "source", "sources")


def ask_of_invocation(
    data_dir: Path | None, text: str, use: "Callable[[GatewayClient, str], Awaitable[T]]"
) -> T:
    """The same for an invocation: a short id is one of the newest thousand."""

    async def asked(client: "GatewayClient") -> T:
        ids = [one.id for one in await client.invocations(_MOST)] if _SHORT.fullmatch(text) else []
        return await use(client, _whole(text, ids, "invocation", "invocations"))

    return ask(data_dir, asked)


def _whole(text: str, ids: Sequence[str], noun: str, command: str) -> str:
    """The id that begins with a short one. The gateway refuses what is no id at all. Raises UsageError unless
    exactly one begins with it."""
    if not _SHORT.fullmatch(text):
        return text
    found = [id_ for id_ in ids if id_.startswith(text)]
    if len(found) != 1:
        what = f"{len(found)} {command} begin" if found else f"no {noun} begins"
        raise UsageError(f"{what} with {text!r}; `headrace {command} list` shows their ids")
    return found[0]
