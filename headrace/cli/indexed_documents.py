"""`headrace collections`, `documents`: what can be searched, and what failed on its way there."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.ask import Named, OfDatabase, OfSource, ask, whole_id
from headrace.cli.output import console, note, print_fields, print_json, print_rows, visible, why
from headrace.cli.settings import AsJson, DataDir
from headrace.usage_error import UsageError

if TYPE_CHECKING:
    from headrace.client.gateway import GatewayClient
    from schemas.api import DocumentChunk, DocumentDetail, DocumentSummary, RetryResponse

collections = typer.Typer(help="Collections: list.", no_args_is_help=True)
documents = typer.Typer(
    help="Documents of collections: list, show with their chunks, retry, delete.", no_args_is_help=True
)

DocumentId = Annotated[
    str, typer.Argument(help="Id of the document, or its first characters.", show_default=False)
]

#: The database of a collection that is named without one.
_DEFAULT_DATABASE = "default_database"


class DocumentState(StrEnum):
    """State of a document."""

    INDEXED = "indexed"
    INDEXING = "indexing"
    FAILED = "failed"
    DELETED = "deleted"


@collections.command("list")
def list_collections(database: OfDatabase = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List collections by database and name. `chunks` counts all rows of the collection in Chroma."""
    from headrace.client.gateway import to_json

    found = ask(data_dir, lambda client: client.collections(database_name=database))
    if as_json:
        print_json(to_json(found))
        return
    columns = ("collection", "database", "documents", "failed", "chunks", "model")
    rows = [
        (
            *(one.name, one.database_name),
            *(sum(one.documents.values()), one.documents.get("failed", 0)),
            *(one.rows, one.embedding_model),
        )
        for one in found
    ]
    print_rows(columns, rows, "no collections yet: headrace sync PATH -c COLLECTION makes one")


@documents.command("list")
def list_documents(
    source: OfSource = None,
    database: OfDatabase = None,
    collection: Annotated[
        str | None,
        typer.Option(
            "--collection", "-c", help=f"Only of this collection; of {_DEFAULT_DATABASE} without -d."
        ),
    ] = None,
    state: Annotated[
        DocumentState | None, typer.Option(help="Only in this state.", show_default="all but deleted")
    ] = None,
    prefix: Annotated[
        str | None, typer.Option(help="Only those whose key begins with this.", show_default=False)
    ] = None,
    contains: Annotated[
        str | None, typer.Option(help="Only those whose key has this in it.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option("-n", help="Maximum number to show.", min=1)] = 100,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List documents by collection and key."""
    from headrace.client.gateway import to_json

    query = {
        "database_name": database or (_DEFAULT_DATABASE if collection else None),
        "collection_name": collection,
        "state": state.value if state else None,
        "prefix": prefix,
        "contains": contains,
    }

    async def listed(client: "GatewayClient") -> "tuple[list[DocumentSummary], bool]":
        of = None if source is None else await whole_id(Named.SOURCE, client, source)
        some = await _some(client, limit, {"source_id": of, **query})
        if collection and not some[0]:  # nothing there is not the same as no such place
            await client.require_collection(database or _DEFAULT_DATABASE, collection)
        return some

    found, more = ask(data_dir, listed)
    if as_json:
        print_json(to_json(found))
    else:
        columns = ("id", "state", "database", "collection", "document", "chunks", "indexed")
        rows = [
            (d.id, d.state, d.database_name, d.collection_name, d.document_key, d.chunks, d.indexed_at)
            for d in found
        ]
        print_rows(columns, rows, "no documents")
    if more:
        note(f"there are more than {limit:,}; -n shows more of them")


async def _some(
    client: "GatewayClient", limit: int, query: "dict[str, str | None]"
) -> "tuple[list[DocumentSummary], bool]":
    """The first `limit` documents, and whether there are more."""
    found: list[DocumentSummary] = []
    async for one in client.all_documents(**query, limit=str(min(1000, limit + 1))):
        if len(found) == limit:
            return found, True
        found.append(one)
    return found, False


@documents.command("show")
def show_document(
    document_id: DocumentId,
    first: Annotated[int, typer.Option(help="The first chunk to show, counted from 0.", min=0)] = 0,
    limit: Annotated[int, typer.Option("-n", help="Maximum number of chunks.", min=0, max=300)] = 20,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show a document with its history, and its chunks as they are indexed."""
    from headrace.client.gateway import to_json

    found = ask(data_dir, lambda client: client.document(document_id, first, limit))
    if as_json:
        print_json(to_json(found))
        return
    _print_facts(found)
    for chunk in found.chunk_list:
        _print_chunk(chunk)
    if limit and found.next_chunk is not None:
        note(f"{found.chunks - found.next_chunk:,} more chunks: --first {found.next_chunk}")


def _print_facts(found: "DocumentDetail") -> None:
    key = found.document_key
    print_fields(
        [
            ("id", found.id),
            ("document", found.document_key),
            ("collection", f"{found.database_name} / {found.collection_name}"),
            ("source", found.source_id),
            ("state", found.state),
            ("error", why(found.error, found.document_key)),
            ("failed", found.failed_at),
            ("indexed", found.indexed_at),
            ("chunks", found.chunks),
            ("parts", f"{found.parts_done} of {found.parts}" if found.parts > 1 else None),
            ("version", found.version_key),
            ("custom id", found.custom_id),
            ("model", found.embedding_model),
            ("run", found.invocation_id),
            *([("notice", "its collection was deleted since, with its chunks")] if found.gone else []),
        ]
    )
    rows = [
        (e.at, e.status, e.invocation_id, why(e.error, key) or e.reason or "; ".join(e.warnings))
        for e in found.history
    ]
    if rows:
        print()
        print_rows(("when", "became", "run", "why"), rows, "")


def _print_chunk(chunk: "DocumentChunk") -> None:
    """The chunk below a line that says where it stands."""
    from rich.text import Text

    lines = None if chunk.start_line is None else f"lines {chunk.start_line}–{chunk.end_line}"
    page = None if chunk.page is None else f"page {chunk.page}"
    context = visible(chunk.context.splitlines()[0]) if chunk.context else None
    place = " · ".join(filter(None, (f"chunk {chunk.number}", page, lines, context)))
    out = console(wrap=False)
    out.print(Text(f"\n--- {place}", style="cyan"))
    out.print(Text(visible(chunk.text.rstrip("\n"), keep="\n\t")))


@documents.command("retry")
def retry_documents(
    document_ids: Annotated[
        list[str],
        typer.Argument(
            help="Ids of failed documents (`list --state failed`), or their first characters.",
            show_default=False,
        ),
    ],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Process failed documents again: their records, or their source if there are none."""
    from headrace.client.gateway import to_json

    done = ask(data_dir, lambda client: _retried(client, document_ids))
    if as_json:
        print_json(to_json(done))
        return
    for id_, one in zip(document_ids, done, strict=True):
        print(f"{id_}: {visible(one.message)}")


async def _retried(client: "GatewayClient", document_ids: list[str]) -> "list[RetryResponse]":
    return [await client.retry_document(id_) for id_ in document_ids]


@documents.command("delete")
def delete_document(document_id: DocumentId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Delete a document from its collection. A source that still has it brings it back."""
    from headrace.client.gateway import to_json

    if not document_id:
        raise UsageError("the id is empty; `headrace documents list` has ids")
    done = ask(data_dir, lambda client: client.delete_document(document_id))
    print_json(to_json(done)) if as_json else print(f"{visible(done.document_key)}: {visible(done.message)}")
