"""`headrace sources check`: what a source would sync, before it is created."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.ask import Named, ask, ask_of, may_be_id
from headrace.cli.origins import Chosen, request_of
from headrace.cli.origins.buckets import AwsCredential, EndpointUrl, Region
from headrace.cli.origins.patterns import Exclude, Hidden, Include, OnlyMainContent
from headrace.cli.origins.repositories import GithubCredential
from headrace.cli.origins.websites import ExcludePath, IncludePath, MaxDepth, PageLimit
from headrace.cli.output import note, print_fields, print_json, print_rows
from headrace.cli.settings import AsJson, Database, DataDir, load_settings
from headrace.usage_error import UsageError

if TYPE_CHECKING:
    from headrace.client.gateway import GatewayClient
    from schemas.api import SourceCheck


def check_source(
    what: Annotated[
        str,
        typer.Argument(
            help="Folder, file, repository, website, bucket, or id of a source.", show_default=False
        ),
    ],
    database: Database = "default_database",
    include: Include = None,
    exclude: Exclude = None,
    hidden: Hidden = None,
    main_content: OnlyMainContent = None,
    github_credential: GithubCredential = None,
    max_depth: MaxDepth = None,
    page_limit: PageLimit = None,
    include_path: IncludePath = None,
    exclude_path: ExcludePath = None,
    region: Region = None,
    endpoint_url: EndpointUrl = None,
    aws_credential: AwsCredential = None,
    limit: Annotated[int, typer.Option(help="Most entries to look at.", min=1, max=100_000)] = 1000,
    seconds: Annotated[int, typer.Option(help="Most time that it may take.", min=1, max=60)] = 15,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Say what a source would sync, before it is created or run. Nothing is written.

    Takes what `headrace sync` takes, or the id of a source.
    """
    from headrace.client.sync import source_payload

    chosen = Chosen(
        include=include,
        exclude=exclude,
        hidden=hidden,
        main_content=main_content,
        github_credential=github_credential,
        max_depth=max_depth,
        page_limit=page_limit,
        include_path=include_path,
        exclude_path=exclude_path,
        region=region,
        endpoint_url=endpoint_url,
        aws_credential=aws_credential,
    )
    bounds = {"limit": limit, "seconds": seconds}
    if may_be_id(what) and not Path(what).exists():
        if chosen != Chosen():
            raise UsageError(f"{what} is a source, which has its own options: expected none beside it")
        found = ask_of(Named.SOURCE, data_dir, what, lambda client, id_: _again(client, id_, bounds))
    else:
        request = request_of(what, database, "check", chosen, load_settings(data_dir))
        body = {**source_payload(request), "database_name": database, **bounds}
        found = ask(data_dir, lambda client: client.check_source(body))
    print_json(found.model_dump(mode="json")) if as_json else _tell(found)


async def _again(client: "GatewayClient", source_id: str, bounds: dict[str, int]) -> "SourceCheck":
    """What a source that exists would sync now."""
    source = await client.source(source_id)
    form = source.form.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    body = {source.source_type: form, "database_name": source.database_name, **bounds}
    found = await client.check_source(body)
    others = [id_ for id_ in found.overlapping_source_ids if id_ != source_id]
    return found.model_copy(update={"overlapping_source_ids": others})


def _tell(found: "SourceCheck") -> None:
    unsized = "" if found.sized == found.documents else f" ({found.sized:,} of known size)"
    print_fields(
        [
            ("reads", found.source),
            ("documents", f"{found.documents:,}" + ("" if found.complete else " so far")),
            ("bytes", f"{found.bytes:,}{unsized}" if found.sized or not found.documents else "unknown"),
            *([("stopped", found.stopped)] if found.stopped else []),
        ]
    )
    print_rows(("document", "bytes"), [(one.document_key, one.size) for one in found.first], "no documents")
    reasons = [("skipped", one) for one in found.skipped] + [("unreadable", one) for one in found.unreadable]
    if reasons:
        rows = [(word, one.count, one.reason, ", ".join(one.examples)) for word, one in reasons]
        print_rows(("", "count", "why", "for example"), rows, "")
    for source_id in found.overlapping_source_ids:
        note(f"source {source_id} reads some of these documents, too: choose another collection than its own")
    for remark in found.notes:
        note(remark)
