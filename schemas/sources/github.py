"""`github`: a repository. Known to the contract, not served yet."""

from pydantic import Field

from schemas.base import Body, Event
from schemas.sources.source_type import Patterns, SourceType


class GithubSource(Body):
    """A repository."""

    repository: str
    app_id: str | None = None
    include_globs: Patterns | None = Field(default=None, json_schema_extra={"uniqueItems": True})


class GitSha(Body):
    """A commit."""

    sha: str


class GitBranch(Body):
    """A branch: its newest commit when the run starts."""

    branch: str


GitRefIdentifier = GitSha | GitBranch


class GithubJob(Body):
    """What a run read from a repository."""

    git_ref_identifier: GitRefIdentifier


class Github(SourceType[GithubSource, Event]):
    """Payloads are checked by their shape and refused."""

    name = "github"
    form = GithubSource
    job = GithubJob

    def shown(self, form: GithubSource) -> str:
        """The repository."""
        return form.repository


GITHUB = Github()
