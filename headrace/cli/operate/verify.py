"""`headrace verify`: whether a collection is what is recorded of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headrace.cli.checks import require_target
from headrace.cli.operate.records import wiring_of
from headrace.cli.output import note, print_json, print_rows
from headrace.cli.settings import AsJson, Collection, Database, DataDir

if TYPE_CHECKING:
    from headrace.admin.sparse_index import Index
    from headrace.local.running_file import RunningSystem
    from headrace.wiring import Wiring
    from schemas.api.searching import AuditResponse
    from services.indexing.comparing.recorded import Recorded, Target, Verified
    from services.indexing.comparing.verify import Finding
    from streams.chroma import ChromaClient

#: Documents that are shown; `--json` has all.
_SHOWN = 50


def verify(
    collection: Collection,
    database: Database = "default_database",
    tenant: Annotated[str, typer.Option(help="Tenant of the database.")] = "default_tenant",
    repair: Annotated[
        bool, typer.Option("--repair", help="Have the documents that differ indexed again.")
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Compare a collection with what was indexed into it. Exit status 1 if they differ."""
    import asyncio

    from headrace.local.running_file import read_running
    from services.indexing.comparing.recorded import Target

    require_target(database, collection)
    wiring = wiring_of(data_dir)
    running = None if wiring.settings.chroma_url else read_running(wiring.settings.data_dir)
    chroma_url = running.chroma_url if running else wiring.chroma_url
    search = _index_of(wiring, running)
    found = asyncio.run(_verified(wiring, chroma_url, search, Target(tenant, database, collection), repair))
    _show(found, as_json)
    if found.differs:
        raise typer.Exit(1)


def _index_of(wiring: "Wiring", running: "RunningSystem | None") -> "Index | None":
    """The sparse index of the settings, or of the running system."""
    from headrace.admin.sparse_index import Index

    settings = wiring.settings
    if settings.search_url and settings.search_token:
        return Index(settings.search_url, settings.search_token.get_secret_value())
    return Index(running.search_url, running.search_token) if running and running.search_url else None


async def _verified(
    wiring: "Wiring", chroma_url: str, search: "Index | None", target: "Target", repair: bool
) -> "Verified":
    import asyncio

    from services.indexing.comparing.recorded import Recorded
    from streams.chroma import ChromaClient

    chroma = ChromaClient(chroma_url, wiring.chroma_token, wiring.settings.chroma_tenant)
    recorded = await asyncio.to_thread(Recorded, wiring.cluster, wiring.codec, target)
    try:
        found = await _compared(wiring, recorded, chroma, target, repair)
        return await _with_index(found, search, chroma, target, repair)
    finally:
        recorded.close()
        await chroma.close()


async def _compared(
    wiring: "Wiring", recorded: "Recorded", chroma: "ChromaClient", target: "Target", repair: bool
) -> "Verified":
    """Compare rows and vectors, and have them mended. Raises RequestError with what a person has to do."""
    from headrace.admin.vector_files import vectors_away
    from schemas.errors import RequestError
    from services.indexing.comparing.recorded import verify
    from services.indexing.comparing.vectors import VectorsUnreadable

    local = None if wiring.settings.chroma_url else wiring.settings.data_dir
    try:
        found = await verify(recorded, chroma, target)
        if repair and found.findings:
            await _repair(wiring, recorded, target, found.findings)
            found = await verify(recorded, chroma, target)
    except VectorsUnreadable as fault:
        raise RequestError(f"{fault}. {await vectors_away(local, chroma, target)}") from fault
    if found.is_graph_damaged:
        missed = f"{found.unreached} of {found.sampled} sampled rows are not found by their own vectors"
        note(f"{missed}. {await vectors_away(local, chroma, target)}")
    return found


async def _with_index(
    found: "Verified", search: "Index | None", chroma: "ChromaClient", target: "Target", repair: bool
) -> "Verified":
    """Compare the sparse index, too, and mend it from its topic."""
    from dataclasses import replace

    from schemas.errors import TransientError

    there = await chroma.collection(target.tenant, target.database, target.collection)
    if search is None or there is None or not found.sparse:
        return found
    try:
        index = await search.audit(there.id, found.sparse, repair)
    except TransientError as error:
        note(f"the sparse index was not compared: {error}")
        return found
    return replace(found, index=index)


async def _repair(
    wiring: "Wiring", recorded: "Recorded", target: "Target", findings: "Sequence[Finding]"
) -> None:
    """Record the documents as incomplete, then run their sources."""
    from headrace.client.connect import require_gateway
    from headrace.client.gateway import ApiError, GatewayClient
    from headrace.client.progress import counted
    from headrace.client.sync import follow
    from services.indexing.comparing.recorded import by_source, doubt

    gateway = await require_gateway(wiring.settings)
    await doubt(wiring.cluster, wiring.codec, recorded, findings)
    sources, others = by_source(findings)
    async with GatewayClient(gateway.url, gateway.key) as client:
        for source_id in sources:
            try:
                source = await client.source(source_id)
                if source.source_type == "file_upload":
                    _say_uploads([one for one in findings if one.state.document.source_id == source_id])
                    continue
                invocation = await client.create_invocation(source_id, target.collection)
            except ApiError as error:
                note(f"source {source_id} cannot be run: {error}")
                continue
            last = await follow(client, invocation, lambda progress: None, note)
            note(f"source {source_id}: {counted(last.counts.indexed, 'document')} indexed again")
    if others:
        _say_uploads(others)


def _say_uploads(findings: "Sequence[Finding]") -> None:
    for finding in findings:
        if not finding.state.deleted:
            note(f"{finding.state.document.document_key}: upload or send it again; no source can read it")


def _show(found: "Verified", as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "documents": found.documents,
                "rows": found.rows,
                "sparse_rows": found.sparse,
                "sparse_index": found.index.model_dump() if found.index else None,
                "unknown_rows": found.unknown,
                "changed_meanwhile": found.changed,
                "unreached_rows": found.unreached,
                "sampled_rows": found.sampled,
                "findings": [_as_json(finding) for finding in found.findings],
            }
        )
        return
    if found.findings:
        rows = [
            (
                one.state.document.document_key,
                len(one.missing),
                len(one.surplus),
                len(one.wrong),
                len(one.sparse),
                _remark(one),
            )
            for one in found.findings[:_SHOWN]
        ]
        print_rows(("document", "missing", "surplus", "wrong", "sparse", ""), rows, "")
    for line in _summary(found):
        typer.echo(line)


def _summary(found: "Verified") -> list[str]:
    from headrace.client.progress import counted

    compared = f"{counted(found.documents, 'document')} and {counted(found.rows, 'row')} compared"
    if found.sparse:
        compared = f"{counted(found.documents, 'document')}, {counted(found.rows, 'row')} and "
        compared += f"{counted(found.sparse, 'sparse row')} compared"
    lines = [f"{compared}; documents that differ: {len(found.findings):,}"]
    if not found.findings:
        lines = [f"{compared}, all as recorded"]
    if len(found.findings) > _SHOWN:
        lines.append(f"{_SHOWN} of them shown; --json shows all")
    if found.unknown:
        lines.append(f"{counted(found.unknown, 'row')} of no document that was indexed here; left alone")
    if found.changed:
        lines.append(f"{counted(found.changed, 'document')} changed meanwhile, and were left out")
    if found.findings:
        lines.append("`--repair` has them indexed again")
    if found.index is not None:
        lines.append(_index_line(found.index))
    return lines


def _index_line(index: "AuditResponse") -> str:
    if not (index.missing or index.wrong or index.surplus):
        return f"the sparse index has all {index.rows:,} of its rows"
    differ = f"{index.missing:,} missing, {index.wrong:,} wrong, {index.surplus:,} surplus"
    return f"the sparse index has other rows: {differ}; `--repair` mends it from its topic"


def _remark(finding: "Finding") -> str:
    if finding.without_vector:
        return f"{len(finding.without_vector):,} without a vector: no query finds them"
    if finding.elsewhere:
        return "was in an earlier collection of this name"
    if finding.incomplete:
        return "parts are missing or failed"
    return "was deleted" if finding.state.deleted else ""


def _as_json(finding: "Finding") -> dict[str, Any]:
    return {
        "document_key": finding.state.document.document_key,
        "document_id": finding.key,
        "source_id": finding.state.document.source_id,
        "version_key": finding.state.document.version_key,
        "missing": sorted(finding.missing),
        "surplus": sorted(finding.surplus),
        "wrong": sorted(finding.wrong),
        "without_vector": sorted(finding.without_vector),
        "sparse": sorted(finding.sparse),
        "incomplete": finding.incomplete,
        "elsewhere": finding.elsewhere,
        "deleted": finding.state.deleted,
    }
