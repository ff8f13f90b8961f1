"""`headrace invocations`, `keys`: operations of the HTTP API, from the shell."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.ask import Named, OfDatabase, OfSource, SourceId, ask, ask_of, whole_id
from headrace.cli.checks import require_target
from headrace.cli.output import print_fields, print_json, print_rows, why
from headrace.cli.settings import AllowEmpty, AllowMassDelete, AsJson, Collection, DataDir, FullCheck

if TYPE_CHECKING:
    from headrace.client.gateway import GatewayClient
    from schemas.api import DocumentOutcome, InvocationProgress, Job

invocations = typer.Typer(
    help="Runs of sources: list, show, create, cancel, and the outcome of their documents.",
    no_args_is_help=True,
)
keys = typer.Typer(help="Keys of the gateway: list, create, revoke.", no_args_is_help=True)

InvocationId = Annotated[
    str, typer.Argument(help="Id of the invocation, or its first characters.", show_default=False)
]
Limit = Annotated[int, typer.Option("-n", help="Maximum number to show, newest first.", min=1, max=1000)]


class RunStatus(StrEnum):
    """Status of an invocation."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DocumentStatus(StrEnum):
    """How a document ended."""

    INDEXED = "indexed"
    DELETED = "deleted"
    FAILED = "failed"
    SKIPPED = "skipped"


def _status(job: "Job") -> str:
    from headrace.client.progress import status_of

    return status_of(job.status)


@invocations.command("list")
def list_invocations(
    source: OfSource = None,
    database: OfDatabase = None,
    status: Annotated[RunStatus | None, typer.Option(help="Only those.", show_default=False)] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List invocations, newest first."""
    from headrace.client.gateway import to_json

    query = {"database_name": database, "status": status.value if status else None}

    async def listed(client: "GatewayClient") -> "list[Job]":
        of = None if source is None else await whole_id(Named.SOURCE, client, source)
        return await client.invocations(limit, source_id=of, **query)

    found = ask(data_dir, listed)
    if as_json:
        print_json(to_json(found))
        return
    rows = [
        (
            *(j.id, _status(j), j.failed, j.trigger),
            *(j.metadata.database_name, j.metadata.collection_name, j.created_at),
        )
        for j in found
    ]
    columns = ("id", "status", "failed", "trigger", "database", "collection", "created")
    print_rows(columns, rows, "no invocations yet: headrace sync PATH -c COLLECTION begins one")


@invocations.command("show")
def show_invocation(invocation_id: InvocationId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show the progress of an invocation, and its last errors."""
    from headrace.client.gateway import to_json

    progress = ask_of(Named.INVOCATION, data_dir, invocation_id, lambda client, id_: client.progress(id_))
    print_json(to_json(progress)) if as_json else print_progress(progress)


def print_progress(progress: "InvocationProgress") -> None:
    """Print how far an invocation is, and what it waits for."""
    from headrace.client.progress import failure_of, listed, status_of
    from headrace.client.stalls import in_words

    counts = progress.counts
    fields: list[tuple[str, object]] = [
        ("id", progress.invocation_id),
        ("source", progress.source_id),
        ("into", f"{progress.database_name} / {progress.collection_name}"),
        ("status", status_of(progress.status)),
        ("trigger", progress.trigger),
        ("merged into", progress.merged_into),
        ("error", failure_of(progress.status)),
        ("created", progress.created_at),
        ("finished", progress.finished_at),
        ("listed", listed(progress)),
        *((name, getattr(counts, name)) for name in type(counts).model_fields),
        *progress.facts.items(),
        *(("waits for", in_words(one)) for one in progress.waits_for if one.of_this_invocation),
        *((f"✗ {e.document_key}", why(e.error, e.document_key)) for e in progress.last_errors),
        *((f"- {s.document_key}", s.reason) for s in progress.last_skipped),
    ]
    print_fields(fields)


@invocations.command("create")
def create_invocation(
    source_id: SourceId,
    collection: Collection,
    allow_empty: AllowEmpty = False,
    allow_mass_delete: AllowMassDelete = False,
    full_check: FullCheck = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Run a source into a collection; prints the invocation's id."""
    require_target("default_database", collection)
    asked = {"allow_empty": allow_empty, "allow_mass_delete": allow_mass_delete, "full_check": full_check}
    options: dict[str, object] = {name: True for name, wanted in asked.items() if wanted}
    created = ask_of(
        Named.SOURCE,
        data_dir,
        source_id,
        lambda client, id_: client.create_invocation(id_, collection, options),
    )
    print_json({"invocation_id": created}) if as_json else print(created)


@invocations.command("cancel")
def cancel_invocation(invocation_id: InvocationId, data_dir: DataDir = None) -> None:
    """Cancel an invocation. What a run has sent by then is indexed; it deletes nothing more."""

    async def cancel(client: "GatewayClient", id_: str) -> str:
        await client.cancel(id_)
        return id_

    print(f"invocation {ask_of(Named.INVOCATION, data_dir, invocation_id, cancel)} is cancelled")


@invocations.command("documents")
def list_documents(
    invocation_id: InvocationId,
    status: Annotated[DocumentStatus | None, typer.Option(help="Only those.", show_default=False)] = None,
    limit: Annotated[
        int | None, typer.Option("-n", help="Maximum number to show.", min=1, show_default="all")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List the outcome of each document of an invocation, except unchanged documents."""
    from headrace.client.gateway import to_json

    wanted = status.value if status else None
    found = ask_of(
        Named.INVOCATION, data_dir, invocation_id, lambda client, id_: client.documents(id_, wanted, limit)
    )
    if as_json:
        print_json(to_json(found))
        return
    rows = [(d.status, d.document_key, d.chunks, _said(d)) for d in found]
    print_rows(("status", "document", "chunks", "error, reason or warnings"), rows, "no documents")


def _said(outcome: "DocumentOutcome") -> str:
    """Why a document failed or was skipped, or what parsing warns of."""
    error = why(outcome.error, outcome.document_key)
    return error or outcome.reason or "; ".join(outcome.warnings)


@invocations.command("failures")
def list_failures(invocation_id: InvocationId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the failed documents of an invocation by reason."""
    from headrace.client.gateway import to_json

    found = ask_of(Named.INVOCATION, data_dir, invocation_id, lambda client, id_: client.failures(id_))
    if as_json:
        print_json(to_json(found))
        return
    rows = [(one.documents, one.letters, one.reason, one.example_key) for one in found]
    print_rows(("documents", "records", "reason", "for example"), rows, "no document failed")


@invocations.command("retry")
def retry_failed(
    invocation_id: InvocationId,
    reason: Annotated[
        str | None,
        typer.Option(help="Only documents with this reason of `failures`.", show_default="all"),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Process failed documents of an invocation again: their records, or their source if there are none."""
    from headrace.client.gateway import to_json
    from headrace.client.progress import counted

    done = ask_of(Named.INVOCATION, data_dir, invocation_id, lambda client, id_: client.retry(id_, reason))
    if as_json:
        print_json(to_json(done))
        return
    print(f"{counted(done.replayed, 'record')} sent again; {done.message}")


@keys.command("list")
def list_keys(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List keys. Their secrets are not stored."""
    from headrace.client.gateway import to_json

    found = ask(data_dir, lambda client: client.keys())
    if as_json:
        print_json(to_json(found))
        return
    rows = [
        (
            k.id,
            k.name,
            k.tenant,
            k.admin,
            "all" if k.databases is None else ", ".join(k.databases),
            k.created_at,
        )
        for k in found
    ]
    print_rows(
        ("id", "name", "tenant", "admin", "databases", "created"), rows, "no keys besides the preset one"
    )


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What to call it.", show_default=False)],
    admin: Annotated[bool, typer.Option("--admin", help="May create and delete sources and keys.")] = False,
    database: Annotated[
        list[str] | None,
        typer.Option("--database", "-d", help="Only for this database; may be repeated.", show_default="all"),
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Tenant.", show_default="that of the caller")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Create a key. It is shown only once."""
    from headrace.client.gateway import to_json

    payload = {"name": name, "admin": admin, "databases": database, "tenant": tenant}
    made = ask(data_dir, lambda client: client.create_key(payload))
    if as_json:
        print_json(to_json(made))
    else:
        print_fields([("id", made.id), ("name", made.name), ("key", made.key)])


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[
        str, typer.Argument(help="Id of the key, or its first characters.", show_default=False)
    ],
    data_dir: DataDir = None,
) -> None:
    """Revoke a key."""

    async def revoke(client: "GatewayClient", id_: str) -> str:
        await client.revoke_key(id_)
        return id_

    print(f"key {ask_of(Named.KEY, data_dir, key_id, revoke)} is revoked")
