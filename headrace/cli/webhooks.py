"""`headrace webhooks`: URLs that are told when runs end, and what became of each delivery."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headrace.cli.ask import Named, OfSource, ask, ask_of, only_one, whole_id
from headrace.cli.output import note, print_fields, print_json, print_rows
from headrace.cli.settings import AsJson, DataDir
from headrace.usage_error import UsageError

if TYPE_CHECKING:
    from headrace.client.gateway import GatewayClient
    from schemas.api import CreatedEndpoint, DeliverySummary, EndpointSummary

webhooks = typer.Typer(
    help="URLs that are told when runs end: list, create, edit, delete, test, and their deliveries.",
    no_args_is_help=True,
)

EndpointId = Annotated[
    str, typer.Argument(help="Id of the endpoint, or its first characters.", show_default=False)
]

#: An attempt has 15 s, and waits for its turn.
_ATTEMPT_SECONDS, _LOOK_SECONDS = 20.0, 0.3
#: Deliveries among which a short id is looked for, and the characters of a whole one.
_MOST, _WHOLE = "1000", 36


class RunEnd(StrEnum):
    """How a run ends."""

    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DeliveryState(StrEnum):
    """State of a delivery."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


Events = Annotated[
    list[RunEnd] | None,
    typer.Option("--event", "-e", help="Only of runs that end so; may be repeated.", show_default=False),
]


def _events(ends: list[RunEnd] | None) -> list[str] | None:
    return [f"invocation.{end.value}" for end in ends] if ends else None


def _scope(one: "EndpointSummary") -> str:
    return f"source {one.source_id}" if one.source_id else one.database_name or "all databases"


@webhooks.command("list")
def list_webhooks(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List endpoints, the oldest first. Their secrets are not shown."""
    from headrace.client.gateway import to_json

    found = ask(data_dir, lambda client: client.webhooks())
    if as_json:
        print_json(to_json(found))
        return
    rows = [
        (w.id, w.url, _scope(w), _ends(w), "enabled" if w.enabled else "paused", w.description, w.created_at)
        for w in found
    ]
    columns = ("id", "url", "runs of", "that are", "state", "description", "created")
    print_rows(columns, rows, "no webhooks yet")


def _ends(one: "EndpointSummary") -> str:
    return ", ".join(event.removeprefix("invocation.") for event in one.events)


@webhooks.command("create")
def create_webhook(
    url: Annotated[str, typer.Argument(help="The receiver: https://host/path.", show_default=False)],
    source: OfSource = None,
    database: Annotated[
        str | None, typer.Option("--database", "-d", help="Runs of this database.", show_default="all")
    ] = None,
    events: Events = None,
    description: Annotated[str, typer.Option(help="What it is for.", show_default=False)] = "",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Create an endpoint. Prints its id, and its secret, which is shown only once."""
    given = {
        "url": url,
        "database_name": database,
        "events": _events(events),
        "description": description,
    }
    payload = {name: value for name, value in given.items() if value}

    async def create(client: "GatewayClient") -> "CreatedEndpoint":
        of = {} if source is None else {"source_id": await whole_id(Named.SOURCE, client, source)}
        return await client.create_webhook({**payload, **of})

    _print_secret(ask(data_dir, create), as_json)


def _print_secret(made: "CreatedEndpoint", as_json: bool) -> None:
    from headrace.client.gateway import to_json

    print_json(to_json(made)) if as_json else print_fields([("id", made.id), ("secret", made.secret)])


@webhooks.command("edit")
def edit_webhook(
    endpoint_id: EndpointId,
    url: Annotated[str | None, typer.Option(help="Another receiver.", show_default=False)] = None,
    events: Events = None,
    description: Annotated[str | None, typer.Option(help="What it is for.", show_default=False)] = None,
    pause: Annotated[
        bool | None,
        typer.Option("--pause/--resume", help="Keep its deliveries until it is resumed.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Change an endpoint, pause it, or resume it."""
    from headrace.client.gateway import to_json

    enabled = None if pause is None else not pause
    given = {"url": url, "events": _events(events), "description": description, "enabled": enabled}
    body: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if not body:
        raise UsageError("nothing to change; see `headrace webhooks edit --help`")
    changed = ask_of(
        Named.WEBHOOK, data_dir, endpoint_id, lambda client, id_: client.change_webhook(id_, body)
    )
    print_json(to_json(changed)) if as_json else print(f"webhook {changed.id} is changed")


@webhooks.command("rotate-secret")
def rotate_secret(endpoint_id: EndpointId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Give an endpoint another secret, shown only once. For a day the one before signs, too."""
    rotated = ask_of(Named.WEBHOOK, data_dir, endpoint_id, lambda client, id_: client.rotate_webhook(id_))
    _print_secret(rotated, as_json)


@webhooks.command("delete")
def delete_webhook(endpoint_id: EndpointId, data_dir: DataDir = None) -> None:
    """Delete an endpoint. Its deliveries that are pending fail."""

    async def delete(client: "GatewayClient", id_: str) -> str:
        await client.delete_webhook(id_)
        return id_

    print(f"webhook {ask_of(Named.WEBHOOK, data_dir, endpoint_id, delete)} is deleted")


@webhooks.command("deliveries")
def list_deliveries(
    endpoint_id: EndpointId,
    state: Annotated[DeliveryState | None, typer.Option(help="Only those.", show_default=False)] = None,
    limit: Annotated[int, typer.Option("-n", help="Maximum number to show.", min=1, max=1000)] = 20,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List deliveries of the last 14 days, newest first; --json has every attempt."""
    from headrace.client.gateway import to_json

    query = {"state": state.value if state else None, "limit": str(limit)}
    page = ask_of(
        Named.WEBHOOK, data_dir, endpoint_id, lambda client, id_: client.delivery_page(id_, **query)
    )
    if as_json:
        print_json(to_json(page.deliveries))
        return
    columns = ("id", "event", "run", "state", "tries", "answer", "next try", "created")
    rows = [
        (d.id, d.event_type, d.invocation_id, d.state, d.tries, _answer(d), d.next_at, d.created_at)
        for d in page.deliveries
    ]
    print_rows(columns, rows, "no deliveries")


def _answer(delivery: "DeliverySummary") -> str | None:
    """What the newest attempt came to."""
    if not delivery.attempts:
        return None
    newest = delivery.attempts[-1]
    return newest.error or f"{newest.status} in {newest.milliseconds:,} ms"


@webhooks.command("test")
def try_webhook(endpoint_id: EndpointId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Send a test event, and say what the receiver answered. The exit status is 1 if it did not take it."""
    tried = ask_of(Named.WEBHOOK, data_dir, endpoint_id, lambda client, id_: _attempted(client, id_, None))
    _print_attempted(tried, as_json)


@webhooks.command("redeliver")
def redeliver(
    endpoint_id: EndpointId,
    delivery_id: Annotated[
        str, typer.Argument(help="Id of the delivery, or its first characters.", show_default=False)
    ],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Attempt a delivery again, and for another day if need be. The exit status is 1 if it is not taken."""
    tried = ask_of(
        Named.WEBHOOK, data_dir, endpoint_id, lambda client, id_: _attempted(client, id_, delivery_id)
    )
    _print_attempted(tried, as_json)


async def _attempted(client: "GatewayClient", endpoint_id: str, delivery_id: str | None) -> "DeliverySummary":
    """A delivery after its first attempt from now on, or as it is after 20 s; a test if there is no id."""
    import asyncio

    if delivery_id is None:
        sent = await client.test_webhook(endpoint_id)
    else:
        page = await client.delivery_page(endpoint_id, limit=_MOST)
        hint = f"`headrace webhooks deliveries {endpoint_id}` shows their ids"
        known = [one.id for one in page.deliveries]
        whole = delivery_id if len(delivery_id) == _WHOLE else only_one(delivery_id, known, "delivery", hint)
        sent = await client.redeliver(endpoint_id, whole)
    newest = sent
    try:
        async with asyncio.timeout(_ATTEMPT_SECONDS):
            while newest.tries == sent.tries and newest.state == sent.state:
                await asyncio.sleep(_LOOK_SECONDS)
                newest = await client.delivery(endpoint_id, sent.id)
    except TimeoutError:
        pass
    return newest


def _print_attempted(one: "DeliverySummary", as_json: bool) -> None:
    from headrace.client.gateway import to_json

    if as_json:
        print_json(to_json(one))
    elif one.tries == 0 and one.state == "pending":
        note(f"{one.id} is not attempted yet: the endpoint is paused, or the service `connectors` is down")
    else:
        again = f"; next try {one.next_at.astimezone():%H:%M:%S}" if one.next_at else ""
        print(f"{one.id} {one.state}: {_answer(one)}{again}")
    if one.state != "delivered":
        raise typer.Exit(1)
