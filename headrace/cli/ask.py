"""Helpers of the commands that call a running gateway."""

import re
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
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


async def _source_ids(client: "GatewayClient") -> list[str]:
    return [one.id for one in await client.sources()]


async def _invocation_ids(client: "GatewayClient") -> list[str]:
    return [one.id for one in await client.invocations(_MOST)]


async def _webhook_ids(client: "GatewayClient") -> list[str]:
    return [one.id for one in await client.webhooks()]


async def _key_ids(client: "GatewayClient") -> list[str]:
    return [one.id for one in await client.keys()]


class Named(Enum):
    """What has ids: what one is called, the command of them, and where their ids are."""

    SOURCE = ("source", "sources", _source_ids)
    INVOCATION = ("invocation", "invocations", _invocation_ids)
    WEBHOOK = ("webhook", "webhooks", _webhook_ids)
    KEY = ("key", "keys", _key_ids)


def ask_of(
    kind: Named, data_dir: Path | None, text: str, use: "Callable[[GatewayClient, str], Awaitable[T]]"
) -> T:
    """The same as `ask`, also with the id that is `text`, or begins with it."""

    async def asked(client: "GatewayClient") -> T:
        return await use(client, await whole_id(kind, client, text))

    return ask(data_dir, asked)


async def whole_id(kind: Named, client: "GatewayClient", text: str) -> str:
    """The id that is `text`, or the one that begins with it; an invocation's is one of the newest thousand.
    Raises UsageError unless there is exactly one."""
    noun, command, ids_of = kind.value
    text = text.lower()
    if _ID.fullmatch(text):
        return text
    shows = f"`headrace {command} list` shows their ids"
    if not _SHORT.fullmatch(text):
        raise UsageError(f"{text!r} is no id of a {noun}, nor four or more of its first characters; {shows}")
    return only_one(text, await ids_of(client), noun, shows)


def only_one(text: str, ids: Sequence[str], noun: str, hint: str) -> str:
    """The id that begins with a text. Raises UsageError unless it is exactly one."""
    found = [id_ for id_ in ids if id_.startswith(text)]
    if len(found) != 1:
        what = f"{len(found)} {noun}s begin" if found else f"no {noun} begins"
        raise UsageError(f"{what} with {text!r}; {hint}")
    return found[0]
