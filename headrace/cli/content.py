"""`headrace sync`: sync into a collection."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.checks import require_request
from headrace.cli.origins import Chosen, request_of
from headrace.cli.origins.buckets import AwsCredential, EndpointUrl, Region
from headrace.cli.origins.patterns import Exclude, Hidden, Include, OnlyMainContent
from headrace.cli.origins.repositories import Branch, Follow, GithubCredential, Sha
from headrace.cli.origins.schedules import Cron, Every, Timezone, schedule_payload
from headrace.cli.origins.websites import ExcludePath, IncludePath, MaxDepth, PageLimit
from headrace.cli.settings import (
    AllowEmpty,
    AllowMassDelete,
    AsJson,
    Collection,
    Database,
    DataDir,
    FullCheck,
    load_settings,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from headrace.client.connect import Endpoint
    from headrace.client.gateway import GatewayClient
    from headrace.client.sync import SourceOfSync, SyncRequest, SyncResult
    from schemas.api import InvocationProgress


def sync(
    path: Annotated[
        str, typer.Argument(help="Folder, file, repository, website or bucket.", show_default=False)
    ],
    collection: Collection,
    database: Database = "default_database",
    include: Include = None,
    exclude: Exclude = None,
    hidden: Hidden = None,
    main_content: OnlyMainContent = None,
    branch: Branch = None,
    sha: Sha = None,
    follow: Follow = False,
    github_credential: GithubCredential = None,
    max_depth: MaxDepth = None,
    page_limit: PageLimit = None,
    include_path: IncludePath = None,
    exclude_path: ExcludePath = None,
    region: Region = None,
    endpoint_url: EndpointUrl = None,
    aws_credential: AwsCredential = None,
    schedule: Cron = None,
    every: Every = None,
    timezone: Timezone = None,
    allow_empty: AllowEmpty = False,
    allow_mass_delete: AllowMassDelete = False,
    full_check: FullCheck = False,
    sparse: Annotated[
        bool, typer.Option("--sparse/--no-sparse", help="Also make documents searchable by words (BM25).")
    ] = True,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the run ends.")] = True,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Sync files, a repository, a website or a bucket into a collection. Later runs send only the difference.

    Of a source that is synced already, options that are not given stay as they are; the command says so.

    Lists what git would: .gitignore files apply, in a checkout also those above PATH, .git/info/exclude and
    your global excludes. Hidden files and files that look like secrets (id_rsa, *.pem, .env, …) are skipped;
    --hidden, or an --include that names them, includes them.

    A repository is github:owner/repo or its URL; its files are those of the newest commit of the default
    branch, unless --branch, github:owner/repo@branch or --sha names another.

    Of a website (a URL) it takes the pages below the path of the URL, as robots.txt allows; --include-path
    chooses others of its host (--include-path / takes all).

    A bucket is s3://bucket/prefix; its objects are all whose keys begin with the prefix.

    With --schedule or --every it is synced again by itself from now on, as long as the gateway's services
    run: `headrace up`, or a deployment.

    If the first run of a new source without a schedule fails before it has listed anything, the source is
    removed again.

    Uses the gateway at HEADRACE_URL, else the `headrace up` of the data folder, else starts everything for
    the duration of the command. The exit status is 1 if a document failed.
    """
    from dataclasses import replace
    from functools import partial

    from headrace.cli.display import Startup
    from headrace.cli.interrupt import exit_status, run_until_signal
    from headrace.cli.output import fail, terminal_may_be_gone
    from headrace.client.connect import with_gateway
    from headrace.local.running_file import Interrupted
    from headrace.preflight import shortage
    from schemas.errors import IngestError, TransientError
    from schemas.limits import BM25

    settings = load_settings(data_dir)
    chosen = Chosen(
        include=include,
        exclude=exclude,
        hidden=hidden,
        main_content=main_content,
        branch=branch,
        sha=sha,
        follow=follow,
        github_credential=github_credential,
        max_depth=max_depth,
        page_limit=page_limit,
        include_path=include_path,
        exclude_path=exclude_path,
        region=region,
        endpoint_url=endpoint_url,
        aws_credential=aws_credential,
    )
    timed = schedule_payload(schedule, every, timezone, collection)
    request = replace(
        request_of(path, database, collection, replace(chosen, timed=timed is not None), settings),
        schedule=timed,
        allow_empty=allow_empty,
        allow_mass_delete=allow_mass_delete,
        full_check=full_check,
        sparse=BM25 if sparse else None,
    )
    require_request(request)
    full, runs_here = partial(shortage, settings.data_dir), True
    with Startup() as startup:

        async def use(endpoint: "Endpoint") -> "SyncResult | None":
            nonlocal runs_here
            runs_here = endpoint.ours
            startup.ready()
            try:
                return await run_sync(endpoint, request, wait, as_json, full, settings.reconnect_seconds)
            except IngestError as error:
                if reason := full():
                    raise TransientError(f"{error}; {reason}") from error
                raise

        try:
            result = run_until_signal(
                with_gateway(settings, use, startup.changed, root=None if request.origin else request.path)
            )
        except Interrupted as interrupted:
            with terminal_may_be_gone():
                startup.ready()  # whatever it still showed
                fail("broken off" + ("; the next sync goes on from here" if runs_here else ""))
            raise typer.Exit(exit_status(interrupted)) from None
    if result is not None and not result.ok:
        raise typer.Exit(1)


async def run_sync(
    endpoint: "Endpoint",
    request: "SyncRequest",
    wait: bool,
    as_json: bool,
    shortage: "Callable[[], str]" = lambda: "",
    reconnect_s: float = 60,
) -> "SyncResult | None":
    """Begin a run, show it, and print what it came to; None when it is not waited for.

    While nothing moves it says why; `shortage` says which disk is full, if one is.
    """
    import asyncio

    from headrace.cli.display import RunDisplay, print_begun, print_result
    from headrace.client.gateway import GatewayClient
    from headrace.client.stalls import Stalls
    from headrace.client.sync import finish, follow, listing_of, looked_for

    async with GatewayClient(endpoint.url, endpoint.key, reconnect_s) as client:
        source, invocation_id = await _begin(client, request, endpoint)
        if request.schedule is not None:
            await _tell_schedule(client, source.id, endpoint)
        if not wait:
            print_begun(source.id, invocation_id, as_json)
            return None
        name = request.path if request.origin else Path(request.path).name or request.path
        title = f"{name} → {request.collection}"
        with RunDisplay(title, quiet=as_json, listing=listing_of(request)) as display:
            stalls = Stalls(client, display.note, shortage)

            def show(progress: "InvocationProgress") -> None:
                stalls.saw(progress)
                display.show(progress)

            watching = asyncio.create_task(stalls.watch())
            try:
                last = await follow(client, invocation_id, show, display.note)
                result = await finish(client, source, last, display.seconds, display.note)
            except asyncio.CancelledError:
                if not endpoint.ours:
                    display.note(f"it goes on: headrace invocations show {invocation_id}")
                raise
            finally:
                watching.cancel()
        print_result(result, as_json, looked_for(request))
        return result


async def _tell_schedule(client: "GatewayClient", source_id: str, endpoint: "Endpoint") -> None:
    from headrace.cli.origins.schedules import from_now_on
    from headrace.cli.output import note

    schedule = (await client.source(source_id)).schedule
    if schedule is not None:  # unless somebody has removed it just now
        note(from_now_on(schedule, stays=not endpoint.ours))


async def _begin(
    client: "GatewayClient", request: "SyncRequest", endpoint: "Endpoint"
) -> "tuple[SourceOfSync, str]":
    """The source, and the id of the invocation. One that is interrupted says that there may be a run."""
    import asyncio

    from headrace.cli.output import note
    from headrace.client.sync import begin

    try:
        return await begin(client, request, note)
    except asyncio.CancelledError:
        if not endpoint.ours:
            note("a run may have begun: headrace invocations list")
        raise
