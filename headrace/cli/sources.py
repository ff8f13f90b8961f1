"""`headrace sources`: origins of documents."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.ask import Named, OfDatabase, SourceId, ask, ask_of
from headrace.cli.origins.patterns import Exclude, Hidden, Include, MainContent, require_patterns
from headrace.cli.origins.schedules import (
    Cron,
    Every,
    Timezone,
    fields_of,
    naming_collection,
    schedule_payload,
)
from headrace.cli.output import print_fields, print_json, print_rows
from headrace.cli.settings import AsJson, Database, DataDir
from headrace.cli.source.check import check_source
from headrace.cli.source.config import config_object
from headrace.cli.source.edit import edit_source
from headrace.usage_error import UsageError

if TYPE_CHECKING:
    from headrace.client.gateway import GatewayClient
    from schemas.api import InvocationProgress, Source

#: Runs go on when their source is deleted.
_GOES_ON = ("pending", "processing")

sources = typer.Typer(
    help="Origins of documents: list, show, check, create, edit, delete.", no_args_is_help=True
)
sources.command("check")(check_source)
sources.command("edit")(edit_source)


def where(source: "Source") -> str:
    """What a source of any type reads."""
    from schemas.sources import SOURCE_TYPES

    return SOURCE_TYPES[source.source_type].shown(source.form)


def follows(source: "Source") -> str:
    """The branches that a repository's source follows, and into which collections; empty for none."""
    followed = getattr(source.form, "follow", None) or ()
    return ", ".join(f"{one.branch} → {one.target_collection_name}" for one in followed)


def _reads(source: "Source") -> str:
    return where(source) + (f"; follows {found}" if (found := follows(source)) else "")


def _times(source: "Source") -> tuple[object, object]:
    """The last and the next due time of the schedule, if it has one."""
    schedule = source.schedule
    if schedule is None:
        return None, None
    return schedule.last_at, "paused" if schedule.paused else schedule.next_at


@sources.command("list")
def list_sources(database: OfDatabase = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List sources, newest first."""
    from headrace.client.gateway import to_json

    found = ask(data_dir, lambda client: client.sources(database_name=database))
    if as_json:
        print_json(to_json(found))
        return
    rows = [(s.id, s.source_type, s.database_name, _reads(s), s.created_at, *_times(s)) for s in found]
    columns = ("id", "type", "database", "reads", "created", "last due", "next due")
    timed = any(source.schedule for source in found)
    shown = len(columns) if timed else len(columns) - 2
    none = "no sources yet: headrace sync PATH -c COLLECTION makes one"
    print_rows(columns[:shown], [row[:shown] for row in rows], none)


@sources.command("show")
def show_source(source_id: SourceId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show a source with every default filled in, and the collections that it fills."""
    from headrace.client.gateway import to_json

    source, fills = ask_of(Named.SOURCE, data_dir, source_id, _with_collections)
    if as_json:
        print_json(to_json(source))
        return
    chunking = ", ".join(f"{name} {value}" for name, value in source.chunking.model_dump().items() if value)
    print_fields(
        [
            ("id", source.id),
            ("type", source.source_type),
            ("database", source.database_name),
            ("reads", where(source)),
            *([("follows", found)] if (found := follows(source)) else []),
            ("fills", ", ".join(fills)),
            *fields_of(source.schedule),
            ("model", source.embedding_model.model),
            ("chunking", chunking),
            ("created", source.created_at),
            *([("notice", source.notice.message)] if source.notice else []),
        ]
    )


async def _with_collections(client: "GatewayClient", source_id: str) -> "tuple[Source, list[str]]":
    source = await client.source(source_id)
    known = await client.collections(database_name=source.database_name)
    return source, [one.name for one in known if source.id in one.source_ids]


@sources.command("create")
def create_source(
    path: Annotated[
        str | None, typer.Argument(help="Folder or file on the gateway's disk.", show_default=False)
    ] = None,
    database: Database = "default_database",
    include: Include = None,
    exclude: Exclude = None,
    hidden: Hidden = None,
    main_content: MainContent = False,
    config: Annotated[
        str | None,
        typer.Option(
            help='Instead of PATH, a source of any type as JSON: \'{"folder": {"path": "/srv/notes"}}\'.',
            show_default=False,
        ),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Embedding model.", show_default=False)] = None,
    max_size_bytes: Annotated[
        int | None, typer.Option(help="Maximum bytes of a chunk.", show_default=False)
    ] = None,
    schedule: Cron = None,
    every: Every = None,
    timezone: Timezone = None,
    collection: Annotated[
        str | None,
        typer.Option("--collection", "-c", help="That --schedule or --every fills.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Create a source; `headrace invocations create` runs it."""
    timed = schedule_payload(schedule, every, timezone, collection)
    if collection is not None and timed is None:
        raise UsageError("--collection needs --schedule or --every: invocations name theirs")
    folder = None if path is None else str(Path(path).expanduser().absolute())
    chosen = (include, exclude, bool(hidden), main_content)
    payload = {**_source_of(folder, chosen, config), "database_name": database}
    if model:
        payload["embedding"] = {"dense": {"model": model}}
    if max_size_bytes:
        payload["chunking"] = {"type": "tree_sitter", "max_size_bytes": max_size_bytes}
    if timed is not None:
        payload["schedule"] = timed
    with naming_collection():
        source_id = ask(data_dir, lambda client: client.create_source(payload))
    print_json({"source_id": source_id}) if as_json else print(source_id)


def _source_of(
    path: str | None, chosen: tuple[list[str] | None, list[str] | None, bool, bool], config: str | None
) -> dict[str, object]:
    """The member of a payload that says where to read; `chosen` is what goes with a path, in the order of
    `folder_payload`. Raises UsageError."""
    from headrace.client.sync import folder_payload

    if (path is None) == (config is None):
        raise UsageError("expected either PATH or --config")
    if config is None:
        require_patterns(*chosen[:2])
        return {"folder": folder_payload(path or "", *chosen)}
    if any(chosen):
        raise UsageError(
            "--include, --exclude, --hidden and --main-content require PATH; in --config they are members"
        )
    found = config_object(config)
    _require_known(found)
    return found


def _require_known(config: dict[str, object]) -> None:
    """Raises UsageError for a member that no source has; the gateway passes over those of the contract."""
    from schemas.sources import SOURCE_TYPES

    for name, kind in SOURCE_TYPES.items():
        members = config.get(name)
        known = kind.form.model_fields
        unknown = [member for member in members if member not in known] if isinstance(members, dict) else []
        if unknown:
            raise UsageError(f"--config: {name} has no member {unknown[0][:80]!r}, only {', '.join(known)}")


@sources.command("delete")
def delete_source(
    source_id: SourceId,
    documents: Annotated[
        bool, typer.Option("--documents", help="Also delete its documents from every collection.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Delete a source. Without --documents, its documents stay in their collections."""
    from headrace.cli.output import note

    if documents:
        for run in ask_of(Named.SOURCE, data_dir, source_id, _delete_with_documents):
            _tell_deleted(run)
        return
    deleted, collections = ask_of(Named.SOURCE, data_dir, source_id, _forget)
    print(f"source {deleted} is deleted")
    if collections:
        note(
            f"its documents stay in {', '.join(collections)}. To remove them, create the same source again, "
            "run it into the collection and delete it with --documents"
        )


async def _forget(client: "GatewayClient", source_id: str) -> tuple[str, list[str]]:
    """Delete a source; returns its id, and the collections in which its documents stay, or will be."""
    from headrace.client.progress import status_of

    runs = await client.invocations(1000, source_id=source_id)
    filled = {run.metadata.collection_name for run in runs if status_of(run.status) in _GOES_ON}
    database = (await client.source(source_id)).database_name
    for one in await client.collections(database_name=database):
        if source_id in one.source_ids:
            of = {"source_id": source_id, "database_name": database, "collection_name": one.name}
            page = await client.document_page(**of, limit="1000")
            # One that failed may be there in an earlier version.
            if any(document.chunks or document.state != "failed" for document in page.documents):
                filled.add(one.name)
    await client.delete_source(source_id)
    return source_id, sorted(filled)


async def _delete_with_documents(client: "GatewayClient", source_id: str) -> "list[InvocationProgress]":
    """Delete a source; returns the final states of the runs that delete its documents."""
    import asyncio

    from headrace.cli.output import note
    from headrace.client.sync import follow

    runs = await client.delete_source_and_documents(source_id)
    try:
        return [await follow(client, run, lambda progress: None, note) for run in runs]
    except asyncio.CancelledError:
        note("the documents are deleted all the same: headrace invocations list")
        raise


def _tell_deleted(run: "InvocationProgress") -> None:
    """Report what was deleted from one collection. Raises RequestError if documents are left."""
    from headrace.client.progress import counted, failure_of, status_of
    from schemas.errors import RequestError

    if status_of(run.status) != "complete" or run.counts.failed:
        why = failure_of(run.status) or f"{counted(run.counts.failed, 'document')} failed"
        raise RequestError(f"documents are left in {run.collection_name} ({run.invocation_id}): {why}")
    print(f"{counted(run.counts.deleted, 'document')} deleted from {run.collection_name}")
