"""`github`: a repository on GitHub, GitHub Enterprise, Gitea or another git server that speaks HTTP."""

import re
from typing import Annotated, Any

from pydantic import Field

from schemas.base import WHOLE, Body, Event, OwnBody
from schemas.errors import RequestError
from schemas.globs import normalized, require_choice
from schemas.limits import MAX_GLOB_LENGTH, MAX_GLOBS
from schemas.sources.source_type import RunForm, Scheduled, ShownRun, SourceType, refuse_fields

#: Branches that one source can follow.
MAX_FOLLOWED = 100
#: What an invocation shows as the branch until the default branch is known; git's own name for it.
DEFAULT_BRANCH = "HEAD"

_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")
_URL = re.compile(r"https?://(?:[^@/]*@)?(?P<host>[^/]+)/(?P<path>.+)", re.IGNORECASE)
_SSH = re.compile(r"(?:ssh://)?(?:[^@/:]+@)(?P<host>[^/:]+)(?::\d+/|[:/])(?P<path>.+)", re.IGNORECASE)
_SHA = re.compile(r"[0-9a-f]{4,40}|[0-9a-f]{64}")
#: The id of a GitHub App, or its client id.
APP_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
#: What git forbids in the name of a branch (git-check-ref-format).
_NO_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/$|^/|\.$|\.lock(?:/|$)|(?:^|/)\.|^-|^@$")

Glob = Annotated[str, Field(max_length=MAX_GLOB_LENGTH)]


class FollowedBranch(Event):
    """A branch that a push brings into a collection; `HEAD` is the default branch."""

    branch: str
    target_collection_name: str


class GithubConfig(Event):
    """A repository: `owner/repo` on the server of the deployment, or a URL until that is checked.

    `credential_id` is a saved token; with `app_id` the saved private key of that GitHub App. Patterns are
    those of `schemas.globs`.
    """

    repository: str
    app_id: str | None = None
    credential_id: int | None = None
    include_globs: list[str] | None = None
    follow: list[FollowedBranch] = Field(default_factory=list)


class GithubOptions(Event):
    """Which commit a run reads: the newest of a branch, or one by its hash, which may be cut short. Neither
    means the default branch. `after` is what a push has made of the branch: a server may tell of a push
    before it shows it, so a run waits a while for that commit."""

    branch: str | None = None
    sha: str | None = None
    after: str | None = None


class Followed(OwnBody):
    """A branch that a push brings into a collection (ours)."""

    branch: str = Field(min_length=1, max_length=1024, description="`HEAD` is the default branch.")
    target_collection_name: str = Field(min_length=1, max_length=512)


class GithubSource(Body):
    """A repository. `credential_id` and `follow` are ours."""

    repository: str = Field(max_length=2048)
    app_id: str | None = None
    include_globs: list[Glob] | None = Field(
        default=None, max_length=MAX_GLOBS, json_schema_extra={"uniqueItems": True}
    )
    credential_id: Annotated[int, Field(ge=1), WHOLE] | None = Field(
        default=None, description="A saved token, or the saved private key of the app."
    )
    follow: list[Followed] | None = Field(
        default=None, max_length=MAX_FOLLOWED, description="Branches that a push brings into a collection."
    )


class GitSha(OwnBody):
    """A commit."""

    sha: str


class GitBranch(OwnBody):
    """A branch: its newest commit when the run starts."""

    branch: str


GitRefIdentifier = GitSha | GitBranch


class GithubJob(Body):
    """What a run read from a repository; `commit` (ours) once it is known."""

    git_ref_identifier: GitRefIdentifier
    commit: str | None = None


class Github(SourceType[GithubSource, GithubConfig]):
    """Documents are files; a key is the path in the repository, a version the hash of the blob."""

    name = "github"
    form = GithubSource
    config = GithubConfig
    options = GithubOptions
    job = GithubJob

    def configure(self, form: GithubSource) -> GithubConfig:
        """Raises RequestError for what names no repository, no branch, or no file at all."""
        if form.app_id is not None and not APP_ID.fullmatch(form.app_id):
            raise RequestError(f"github.app_id must be the id of a GitHub App, found {form.app_id[:80]!r}")
        if form.app_id is not None and form.credential_id is None:
            raise RequestError(
                "github.app_id needs github.credential_id: the saved private key of the app "
                "(POST /api/v1/credentials, `headrace credentials create`)"
            )
        try:
            require_choice(form.include_globs, None, ("github.include_globs", "exclude_globs"))
        except ValueError as error:
            raise RequestError(str(error)) from error
        return GithubConfig(
            repository=normal_repository(form.repository),
            app_id=form.app_id,
            credential_id=form.credential_id,
            include_globs=normalized(form.include_globs),
            follow=_followed(form.follow or ()),
        )

    def options_of(self, payload: RunForm) -> GithubOptions | None:
        """Branch or commit. Raises RequestError for what cannot be one."""
        refuse_fields(payload, self.name, ("object_key", "custom_id", "metadata"))
        asked = payload.ref_identifier
        if asked is None:
            return None
        if isinstance(asked, GitSha):
            sha = asked.sha.lower()
            if not _SHA.fullmatch(sha):
                raise RequestError(
                    f"ref_identifier.sha must be 4 to 40 or 64 hex digits, found {asked.sha[:80]!r}"
                )
            return GithubOptions(sha=sha)
        return GithubOptions(branch=normal_branch(asked.branch, "ref_identifier.branch"))

    def followed(self, config: GithubConfig) -> list[str]:
        """Those of the branches that it follows."""
        return sorted({one.target_collection_name for one in config.follow})

    def scheduled(self, config: GithubConfig, collection: str | None) -> list[Scheduled]:
        """The newest commit of each branch that is followed into the collection, or into any if the schedule
        names none; the default branch where none is."""
        found = [
            Scheduled(one.target_collection_name, GithubOptions(branch=one.branch))
            for one in sorted(config.follow, key=lambda one: one.target_collection_name)
            if collection in (None, one.target_collection_name)
        ]
        return found or super().scheduled(config, collection)

    def form_of(self, config: GithubConfig) -> GithubSource:
        """The same fields; those of ours only where they are set."""
        ours: dict[str, Any] = {}
        if config.credential_id is not None:
            ours["credential_id"] = config.credential_id
        if config.follow:
            ours["follow"] = [Followed(**one.model_dump()) for one in config.follow]
        return GithubSource(
            repository=config.repository,
            app_id=config.app_id,
            include_globs=config.include_globs,
            **ours,
        )

    def job_of(self, run: ShownRun) -> GithubJob:
        """What was asked for, and the commit that it was."""
        asked = self.asked(run.options)
        branch, commit = run.facts.get("branch"), run.facts.get("commit")
        ref: GitRefIdentifier
        if asked is not None and asked.sha is not None:
            ref = GitSha(sha=asked.sha)
        elif asked is not None and asked.branch is not None:
            ref = GitBranch(branch=asked.branch)
        else:
            ref = GitBranch(branch=branch if isinstance(branch, str) else DEFAULT_BRANCH)
        known = {"commit": commit} if isinstance(commit, str) else {}
        return GithubJob(git_ref_identifier=ref, **known)

    def asked(self, options: Event | None) -> GithubOptions | None:
        """What a run is asked for."""
        found: GithubOptions | None = getattr(options, self.name, None)
        return found

    def shown(self, form: GithubSource) -> str:
        """The repository and what is chosen of it."""
        chosen = f" ({', '.join(form.include_globs)})" if form.include_globs else ""
        return f"github:{form.repository}{chosen}"

    def identity(self, config: GithubConfig) -> dict[str, Any]:
        """The repository: what is read of it, and with whose rights, may change."""
        return {"repository": config.repository.lower()}

    def same_origin(self, one: GithubConfig, other: GithubConfig) -> bool:
        """The same repository; servers do not tell upper from lower case."""
        return one.repository.lower() == other.repository.lower()


def normal_repository(text: str) -> str:
    """`owner/repo`, or `https://host/owner/repo` where the text names a host; `.git` is cut off.

    Takes the addresses that GitHub shows, for HTTPS and for SSH. Raises RequestError for anything else.
    """
    found = _URL.fullmatch(text.strip()) or _SSH.fullmatch(text.strip())
    name = (found["path"] if found else text.strip().removeprefix("github:")).rstrip("/")
    name = name.removesuffix(".git")
    owner_and_repo = name.rpartition("/")[0].rpartition("/")[2] + "/" + name.rpartition("/")[2]
    dots = {".", ".."} & set(name.split("/"))
    if dots or not _NAME.fullmatch(owner_and_repo) or (found is None and owner_and_repo != name):
        shown = repr(_harmless(text)[:200])
        raise RequestError(
            "github.repository must be owner/repo, github:owner/repo or https://HOST/owner/repo, "
            f"found {shown}"
        )
    return f"https://{found['host'].lower()}/{name}" if found else name


def normal_branch(name: str, field: str) -> str:
    """The name without `refs/heads/`. Raises RequestError for what git would not take."""
    short = name.removeprefix("refs/heads/")
    if not short or len(short) > 1024 or _NO_BRANCH.search(short):
        raise RequestError(f"{field} is not the name of a branch: {name[:200]!r}")
    return short


def _followed(asked: "list[Followed] | tuple[()]") -> list[FollowedBranch]:
    found = [
        FollowedBranch(
            branch=normal_branch(one.branch, "github.follow.branch"),
            target_collection_name=one.target_collection_name,
        )
        for one in asked
    ]
    for collection in {one.target_collection_name for one in found}:
        branches = sorted({one.branch for one in found if one.target_collection_name == collection})
        if len(branches) > 1:
            raise RequestError(
                f"github.follow brings {branches[0]} and {branches[1]} into collection {collection!r}: each "
                "push would replace the other branch. Give each branch a collection of its own"
            )
    return list(dict.fromkeys(found))


def _harmless(text: str) -> str:
    """A URL without the password that somebody may have put into it."""
    return re.sub(r"//[^@/]*@", "//…@", text)


GITHUB = Github()
