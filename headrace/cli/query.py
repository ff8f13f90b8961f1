"""`headrace query`: search a collection."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.checks import require_target
from headrace.cli.settings import AsJson, Collection, Database, DataDir, load_settings

if TYPE_CHECKING:
    from headrace.client.connect import Endpoint
    from headrace.client.search import Hit
    from schemas.api import SearchAnswer, SearchPayload

#: Columns to which texts are folded at least; a narrower terminal breaks the lines itself.
_NARROWEST = 20

Flag = typer.Option


def query(
    collection: Collection,
    text: Annotated[
        str,
        typer.Argument(
            help="Query, in plain words; may be left out beside --contains and --regex.", show_default=False
        ),
    ] = "",
    limit: Annotated[int, Flag("--limit", "-n", help="Most hits.", min=1, max=300)] = 5,
    dense: Annotated[bool, Flag("--dense", help="By meaning only.")] = False,
    sparse: Annotated[bool, Flag("--sparse", help="By words only.")] = False,
    contains: Annotated[
        str | None, Flag("--contains", help="Only chunks with this text; case counts.", show_default=False)
    ] = None,
    regex: Annotated[
        str | None, Flag("--regex", help="Only chunks that this pattern matches.", show_default=False)
    ] = None,
    where: Annotated[
        str | None,
        Flag("--where", help='Filter on metadata, as JSON: {"language": "python"}.', show_default=False),
    ] = None,
    database: Database = "default_database",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Search a collection by meaning and by words; prints the best chunks with file, lines and score.

    A collection without sparse vectors is searched by meaning. Uses the gateway at HEADRACE_URL, else the
    `headrace up` of the data folder, else starts everything for the duration of the command.
    """
    from headrace.cli.display import Startup
    from headrace.cli.interrupt import exit_status, run_until_signal
    from headrace.cli.output import fail, note, print_json, terminal_may_be_gone
    from headrace.client.connect import require_data, with_gateway
    from headrace.client.search import hits_of, notes_of
    from headrace.local.running_file import Interrupted

    text = text if text.strip() else _words(contains, regex)
    asked = _payload(text, database, collection, limit, _mode(dense, sparse), contains, regex, where)
    settings = load_settings(data_dir)
    require_data(settings)
    with Startup() as startup:

        async def use(endpoint: "Endpoint") -> "SearchAnswer":
            startup.ready()
            return await _ask(endpoint, asked)

        try:
            answer = run_until_signal(with_gateway(settings, use, startup.changed))
        except Interrupted as interrupted:
            with terminal_may_be_gone():
                startup.ready()
                fail("broken off")
            raise typer.Exit(exit_status(interrupted)) from None
    for one in notes_of(answer):
        note(one)
    if as_json:
        print_json([hit.as_json() for hit in hits_of(answer)])
    else:
        print_hits(hits_of(answer), text)


def _words(contains: str | None, regex: str | None) -> str:
    """What a search without a text ranks by: the words that every hit contains."""
    return contains or " ".join(re.findall(r"\w{2,}", re.sub(r"\\\w", " ", regex or ""))) or regex or ""


async def _ask(endpoint: "Endpoint", asked: "SearchPayload") -> "SearchAnswer":
    from headrace.client.gateway import GatewayClient

    async with GatewayClient(endpoint.url, endpoint.key) as client:
        return await client.search(asked)


def _mode(dense: bool, sparse: bool) -> str:
    from headrace.usage_error import UsageError

    if dense and sparse:
        raise UsageError("--dense and --sparse exclude each other; without them a search is by both")
    return "dense" if dense else "sparse" if sparse else "hybrid"


def _payload(
    text: str,
    database: str,
    collection: str,
    limit: int,
    mode: str,
    contains: str | None,
    regex: str | None,
    where: str | None,
) -> "SearchPayload":
    """What is asked of the gateway. Raises UsageError for what it would refuse."""
    import json

    from pydantic import ValidationError

    from headrace.usage_error import UsageError
    from schemas.api import SearchPayload

    if not text.strip():
        raise UsageError("expected TEXT, --contains or --regex: what to look for")
    require_target(database, collection)
    try:
        conditions = None if where is None else json.loads(where)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--where is not JSON: {error}") from None
    fields = {"contains": contains, "regex": regex, "where": conditions, "mode": mode, "limit": limit}
    names = {"database_name": database, "collection_name": collection, "query": text}
    try:
        return SearchPayload.model_validate({**names, **fields})
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        option = {"query": "TEXT"}.get(str(fault["loc"][0]), f"--{fault['loc'][0]}")
        raise UsageError(f"{option}: {fault['msg']}") from None


def print_hits(hits: "list[Hit]", text: str, lines: int = 5) -> None:
    """Hits, best first, each with its place, its score and the lines that say most of the query's `text`."""
    from rich.text import Text

    from headrace.cli.output import console, visible
    from headrace.client.excerpt import excerpt

    out = console()
    if not hits:
        out.print("nothing found", style="dim")
    for number, hit in enumerate(hits, 1):
        head = Text.assemble((f"{number}  ", "dim"), (visible(hit.place), "bold"), (f"   {hit.why}", "green"))
        if hit.context:
            head.append(f"   {visible(hit.context.splitlines()[0][:80])}", style="cyan")
        out.print(head)
        width = max(min(out.width, 120), _NARROWEST) - 3
        for one in excerpt(visible(hit.text, keep="\n\t"), text, lines, width):
            out.print(Text(f"   {one}", style="dim"))
        out.print()
