"""`headrace sources check`: what a source would sync, before it is created."""

from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.ask import ask
from headrace.cli.origins import Chosen, request_of
from headrace.cli.origins.buckets import AwsCredential, EndpointUrl, Region
from headrace.cli.origins.patterns import Exclude, Hidden, Include, OnlyMainContent
from headrace.cli.origins.repositories import GithubCredential
from headrace.cli.origins.websites import ExcludePath, IncludePath, MaxDepth, PageLimit
from headrace.cli.output import note, print_fields, print_json, print_rows
from headrace.cli.settings import AsJson, Database, DataDir, load_settings

if TYPE_CHECKING:
    from schemas.api import SourceCheck


def check_source(
    what: Annotated[
        str, typer.Argument(help="Folder, file, repository, website or bucket.", show_default=False)
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
    """Say what a source would sync, before it is created. Nothing is written.

    Takes what `headrace sync` takes.
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
    request = request_of(what, database, "check", chosen, load_settings(data_dir))
    body = {**source_payload(request), "database_name": database, "limit": limit, "seconds": seconds}
    found = ask(data_dir, lambda client: client.check_source(body))
    print_json(found.model_dump(mode="json")) if as_json else _tell(found)


def _tell(found: "SourceCheck") -> None:
    unsized = "" if found.sized == found.documents else f" ({found.sized:,} of known size)"
    print_fields(
        [
            ("reads", found.source),
            ("documents", f"{found.documents:,}" + ("" if found.complete else " so far")),
            ("bytes", f"{found.bytes:,}{unsized}"),
            *([("stopped", found.stopped)] if found.stopped else []),
        ]
    )
    print_rows(("document", "bytes"), [(one.document_key, one.size) for one in found.first], "no documents")
    reasons = [("skipped", one) for one in found.skipped] + [("unreadable", one) for one in found.unreadable]
    if reasons:
        rows = [(word, one.count, one.reason, ", ".join(one.examples)) for word, one in reasons]
        print_rows(("", "count", "why", "for example"), rows, "")
    for source_id in found.overlapping_source_ids:
        note(f"source {source_id} brings the same documents: not into the same collection")
    for remark in found.notes:
        note(remark)
