"""`headrace reembed`: another model for a collection."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.checks import require_target
from headrace.cli.operate.records import wiring_of
from headrace.cli.output import note
from headrace.cli.settings import Collection, Database, DataDir

if TYPE_CHECKING:
    from headrace.admin.reembed import Outcome
    from headrace.wiring import Wiring
    from services.indexing.comparing.recorded import Target

#: How often the number of rows is printed.
_EVERY_SECONDS = 5.0


def reembed(
    collection: Collection,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="Model to embed with. [dim]that of the collection, as it is served now[/dim]",
            show_default=False,
        ),
    ] = None,
    keep_old: Annotated[
        bool, typer.Option("--keep-old", help="Keep the old collection, under another name.")
    ] = False,
    database: Database = "default_database",
    tenant: Annotated[str, typer.Option(help="Tenant of the database.")] = "default_tenant",
    data_dir: DataDir = None,
) -> None:
    """Embed a collection again with another model, beside it, and switch. Run it again if it breaks off."""
    import asyncio

    from headrace.client.progress import counted
    from services.indexing.comparing.recorded import Target

    require_target(database, collection)
    wiring = wiring_of(data_dir)
    target = Target(tenant, database, collection)
    done = asyncio.run(_reembedded(wiring, target, model, keep_old))
    had = "had this model already" if done.already else f"embedded with {done.model}"
    typer.echo(f"{collection}: {counted(done.rows, 'row')}, {had}")
    if done.kept is not None:
        why = f": {done.why_kept}" if done.why_kept else ""
        note(f"the old collection is kept as {done.kept!r}{why}")


async def _reembedded(wiring: "Wiring", target: "Target", model: str | None, keep_old: bool) -> "Outcome":
    from headrace.admin.reembed import Gateway, Told, reembed
    from headrace.client.connect import require_gateway
    from headrace.local.running_file import read_running

    found = await require_gateway(wiring.settings)
    gateway = Gateway(found.url, found.key)
    running = None if wiring.settings.chroma_url else read_running(wiring.settings.data_dir)
    chroma_url = running.chroma_url if running else wiring.chroma_url
    return await reembed(wiring, gateway, chroma_url, target, model, keep_old, Told(note, _counter()))


def _counter() -> Callable[[int, int], None]:
    """Prints how many rows are copied, every few seconds."""
    said = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal said
        if time.monotonic() - said < _EVERY_SECONDS:
            return
        said = time.monotonic()
        note(f"{done:,} of {total:,} rows")

    return tell
