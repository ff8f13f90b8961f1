"""What `headrace sync` takes: folders and files, and by their addresses repositories, websites and buckets.

One module for each kind, with its options; `request_of` chooses among them.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headrace.cli.checks import path_to_sync
from headrace.cli.origins import buckets, patterns, repositories, websites
from headrace.cli.origins.patterns import require_patterns
from headrace.usage_error import UsageError

if TYPE_CHECKING:
    from headrace.client.sync import SyncRequest
    from headrace.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The options of all kinds as they were given; None, or false, for those that were not. An empty list is
    an option that was given to choose nothing."""

    include: list[str] | None = None
    exclude: list[str] | None = None
    hidden: bool | None = None
    main_content: bool | None = None
    branch: str | None = None
    sha: str | None = None
    follow: bool = False
    github_credential: int | None = None
    max_depth: int | None = None
    page_limit: int | None = None
    include_path: list[str] | None = None
    exclude_path: list[str] | None = None
    region: str | None = None
    endpoint_url: str | None = None
    aws_credential: int | None = None
    timed: bool = False


def request_of(
    path: str, database: str, collection: str, chosen: Chosen, settings: "Settings"
) -> "SyncRequest":
    """What to sync, without what the run may do. Raises UsageError for options of another kind of origin."""
    from headrace.client.sync import SyncRequest

    of_git = repositories.is_repository(path, settings.github_url)
    path, chosen = _at_branch(path, chosen)
    chosen = replace(
        chosen,
        include=_given(chosen.include),
        exclude=_given(chosen.exclude),
        include_path=_given(chosen.include_path),
        exclude_path=_given(chosen.exclude_path),
    )
    of_bucket = buckets.is_bucket(path)
    of_site = not of_git and websites.is_url(path)
    _require_fitting(of_git, of_bucket, of_site, chosen)
    if of_git:
        form = repositories.repository(path, settings.github_url, chosen.include, chosen.github_credential)
        ref = repositories.ref_identifier(chosen.branch, chosen.sha)
        # A schedule brings the branch that the source follows into its collection, else the default one.
        if chosen.follow or (chosen.timed and (chosen.branch or chosen.sha)):
            form = repositories.following(form, chosen.branch, chosen.sha, collection)
        keeps = repositories.not_asked_about(chosen.github_credential, bool(form.follow), chosen.include)
        return SyncRequest(path, database, collection, origin=form, ref=ref, keeps=keeps)
    if of_bucket:
        bucket = buckets.bucket(path, collection, chosen.region, chosen.endpoint_url, chosen.aws_credential)
        keeps = buckets.not_asked_about(chosen.region, chosen.aws_credential, chosen.endpoint_url)
        return SyncRequest(path, database, collection, origin=bucket, keeps=keeps)
    if of_site:
        limits = chosen.max_depth, chosen.page_limit
        pages = *limits, chosen.include_path, chosen.exclude_path, chosen.main_content
        keeps = websites.not_asked_about(*pages)
        return SyncRequest(path, database, collection, origin=websites.website(path, *pages), keeps=keeps)
    return SyncRequest(
        path_to_sync(path, settings),
        database,
        collection,
        include=tuple(chosen.include or ()),
        exclude=tuple(chosen.exclude or ()),
        hidden=bool(chosen.hidden),
        main_content=bool(chosen.main_content),
        keeps=patterns.not_asked_about(chosen.include, chosen.exclude, chosen.hidden, chosen.main_content),
    )


def _given(patterns: list[str] | None) -> list[str] | None:
    """Without the empty ones, which choose nothing."""
    return None if patterns is None else [one for one in patterns if one]


def _at_branch(path: str, chosen: Chosen) -> tuple[str, Chosen]:
    """`github:owner/repo@branch` apart: the repository, and the options with the branch."""
    name, at, branch = path.partition("@")
    if not at or not name.lower().startswith("github:"):
        return path, chosen
    if chosen.branch is not None or chosen.sha is not None:
        raise UsageError(f"{path} names a branch: give no --branch or --sha beside it")
    return name, replace(chosen, branch=branch)


def _require_fitting(of_git: bool, of_bucket: bool, of_site: bool, chosen: Chosen) -> None:
    whole = (chosen.exclude, chosen.hidden)
    commit = (chosen.branch, chosen.sha, chosen.follow or None, chosen.github_credential)
    repositories.require_fitting(of_git, (*whole, chosen.main_content), commit)
    store = (chosen.region, chosen.endpoint_url, chosen.aws_credential)
    buckets.require_fitting(of_bucket, (chosen.include, *whole, chosen.main_content), store)
    pages = (chosen.max_depth, chosen.page_limit, chosen.include_path, chosen.exclude_path)
    websites.require_fitting(of_site, (chosen.include, *whole), pages)
    require_patterns(chosen.include, chosen.exclude)
