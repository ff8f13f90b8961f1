"""`headrace sync` and `headrace query`: sync into a collection, and search it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.patterns import Exclude, Hidden, Include, require_patterns
from headrace.cli.settings import AllowEmpty, AsJson, Collection, Database, DataDir, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from headrace.client.connect import Endpoint
    from headrace.client.search import Hit
    from headrace.client.sync import SyncRequest, SyncResult
    from headrace.settings import Settings
    from schemas.api import InvocationProgress


#: Columns to which texts are folded at least; a narrower terminal breaks the lines itself.
_NARROWEST = 20


def sync(
    path: Annotated[str, typer.Argument(help="Folder or file.", show_default=False)],
    collection: Collection,
    database: Database = "default_database",
    include: Include = None,
    exclude: Exclude = None,
    hidden: Hidden = False,
    allow_empty: AllowEmpty = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the run ends.")] = True,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Sync a folder or file into a collection. Later runs send only the difference.

    Lists what git would: .gitignore files apply, in a checkout also those above PATH, .git/info/exclude and
    your global excludes. Hidden files and files that look like secrets (id_rsa, *.pem, .env, …) are skipped;
    --hidden, or an --include that names them, includes them.

    Uses the gateway at HEADRACE_URL, else the `headrace up` of the data folder, else starts everything for
    the duration of the command. The exit status is 1 if a document failed.
    """
    import asyncio

    from headrace.cli.display import Startup
    from headrace.cli.output import fail
    from headrace.client.connect import with_gateway
    from headrace.client.sync import SyncRequest
    from headrace.local.running_file import Interrupted
    from headrace.preflight import shortage
    from schemas.errors import IngestError, TransientError

    require_patterns(include, exclude)
    settings = load_settings(data_dir)
    where = _path_to_sync(path, settings)
    request = SyncRequest(
        where, database, collection, tuple(include or ()), allow_empty, tuple(exclude or ()), hidden
    )
    with Startup() as startup:

        async def use(endpoint: "Endpoint") -> "SyncResult | None":
            startup.ready()
            try:
                return await run_sync(endpoint, request, wait, as_json, lambda: shortage(settings.data_dir))
            except IngestError as error:
                if full := shortage(settings.data_dir):
                    raise TransientError(f"{error}; {full}") from error
                raise

        try:
            result = asyncio.run(with_gateway(settings, use, startup.changed, root=where))
        except Interrupted:
            startup.ready()  # whatever it still showed
            fail("broken off; the next sync goes on from here")
            raise typer.Exit(130) from None
    if result is not None and not result.ok:
        raise typer.Exit(1)


async def run_sync(
    endpoint: "Endpoint",
    request: "SyncRequest",
    wait: bool,
    as_json: bool,
    shortage: "Callable[[], str]" = lambda: "",
) -> "SyncResult | None":
    """Begin a run, show it, and print what it came to; None when it is not waited for.

    While nothing moves it says why; `shortage` says which disk is full, if one is.
    """
    import asyncio

    from headrace.cli.display import RunDisplay
    from headrace.client.gateway import GatewayClient
    from headrace.client.sync import Stalls, begin, finish, follow, looked_for

    async with GatewayClient(endpoint.url, endpoint.key) as client:
        source_id, invocation_id = await begin(client, request)
        if not wait:
            _print_begun(source_id, invocation_id, as_json)
            return None
        title = f"{Path(request.path).name or request.path} → {request.collection}"
        with RunDisplay(title, quiet=as_json) as display:
            stalls = Stalls(client, display.note, shortage)

            def show(progress: "InvocationProgress") -> None:
                stalls.saw(progress)
                display.show(progress)

            watching = asyncio.create_task(stalls.watch())
            try:
                last = await follow(client, invocation_id, show)
            except asyncio.CancelledError:
                if not endpoint.ours:
                    display.note(f"it goes on: headrace invocations show {invocation_id}")
                raise
            finally:
                watching.cancel()
        result = await finish(client, source_id, last, display.seconds)
        print_result(result, as_json, looked_for(request))
        return result


def _path_to_sync(path: str, settings: "Settings") -> str:
    """The absolute path; on the local disk it must exist."""
    from headrace.usage_error import UsageError
    from schemas.errors import RequestError
    from streams.places import Places

    if not path:  # a shell variable that is not set; the current folder is `.`
        raise UsageError("PATH is empty; expected a folder or a file")
    local = Path(path).expanduser().absolute()
    if settings.url is None and not (local.is_dir() or local.is_file()):
        found = "is neither" if local.exists() else "does not exist"
        raise RequestError(f"{local} {found}; expected a folder or a file")
    if settings.url is None and (reason := Places().refusal(local.resolve())):
        raise RequestError(reason)
    # `..` and links are the gateway's to resolve, on its disk; ours is the same one.
    return str(local.resolve()) if settings.url is None else str(local)


def _print_begun(source_id: str, invocation_id: str, as_json: bool) -> None:
    from headrace.cli.output import print_json

    if as_json:
        print_json({"source_id": source_id, "invocation_id": invocation_id})
    else:
        print(f"invocation {invocation_id} runs; `headrace invocations show {invocation_id}` tells how far")


def print_result(result: "SyncResult", as_json: bool, looked_for: str) -> None:
    """What a run came to, and every document that failed with its reason."""
    from rich.text import Text

    from headrace.cli.output import console, visible
    from headrace.client.progress import failure_of, left_out, listed, status_of, summary
    from headrace.client.sync import as_json as result_json

    if as_json:
        print(result_json(result))
        return
    out = console()
    for failure in result.failures:
        why = visible((failure.error or "").removeprefix(f"{failure.document_key}: "))
        out.print(
            Text.assemble(("failed  ", "red"), f"{visible(failure.document_key or '?')}  ", (why, "dim"))
        )
    _print_warnings(result)
    status = status_of(result.progress.status)
    mark = ("✓ ", "green") if result.ok else ("✗ ", "red")
    if result.ok and listed(result.progress) == 0:
        mark = ("! ", "yellow")  # as it was asked for, but hardly as it was meant
    text = visible(summary(result.progress, result.seconds, looked_for))
    if status != "complete":
        text = f"{status}: {visible(failure_of(result.progress.status) or '') or text}"
    out.print(Text.assemble(mark, text))
    if told := left_out(result.progress):
        out.print(Text(f"  {told}", style="dim"))


def _print_warnings(result: "SyncResult") -> None:
    """What was guessed or left out, of the first documents that it concerns."""
    from rich.text import Text

    from headrace.cli.output import console, visible
    from headrace.client.progress import counted

    number = result.progress.warnings
    if not number:
        return
    told = [f"{one.document_key or '?'}: {'; '.join(one.warnings)}" for one in result.warned]
    if (more := number - len(told)) > 0:
        told.append(f"and {more:,} more: headrace invocations documents {result.progress.invocation_id}")
    out = console()
    out.print(Text(f"{counted(number, 'document')} with warnings:", "yellow"))
    for line in told:
        out.print(Text(f"  {visible(line)}", "dim"))


def query(
    text: Annotated[str, typer.Argument(help="Query, in plain words.", show_default=False)],
    collection: Collection,
    count: Annotated[int, typer.Option("-n", help="Most hits.", min=1, max=300)] = 5,
    database: Database = "default_database",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Search a collection; prints the best chunks with file, lines and score."""
    import asyncio

    from headrace.cli.output import print_json
    from headrace.client.connect import with_chroma
    from headrace.client.search import search
    from headrace.usage_error import UsageError

    if not text.strip():
        raise UsageError("TEXT is empty; expected a query")
    settings = load_settings(data_dir)

    async def use(chroma_url: str) -> "list[Hit]":
        return await search(settings, chroma_url, database, collection, text, count)

    hits = asyncio.run(with_chroma(settings, use))
    if as_json:
        print_json([hit.as_json() for hit in hits])
    else:
        print_hits(hits)


def print_hits(hits: "list[Hit]", lines: int = 4) -> None:
    """Hits, best first, each with its place, its score and its first lines."""
    from rich.text import Text

    from headrace.cli.output import console, visible

    out = console()
    if not hits:
        out.print("nothing found: the collection is empty", style="dim")
    for number, hit in enumerate(hits, 1):
        head = Text.assemble(
            (f"{number}  ", "dim"), (visible(hit.place), "bold"), (f"   {hit.score:.3f}", "green")
        )
        if hit.context:
            head.append(f"   {visible(hit.context.splitlines()[0][:80])}", style="cyan")
        out.print(head)
        width = max(min(out.width, 120), _NARROWEST) - 3
        for one in beginning(visible(hit.text, keep="\n\t"), lines, width):
            out.print(Text(f"   {one}", style="dim"))
        out.print()


def beginning(text: str, lines: int, width: int) -> list[str]:
    """The first lines of a text that are not blank, folded to `width`; an ellipsis where it goes on."""
    import textwrap

    folded: list[str] = []
    for line in text.splitlines():
        if len(folded) > lines:
            break
        indent = line[: len(line) - len(line.lstrip())]
        folded += textwrap.wrap(line, width, subsequent_indent=indent)
    return folded if len(folded) <= lines else [*folded[:lines], "…"]
