"""Options that choose the commit and the files of a repository."""

from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.checks import in_options
from headrace.usage_error import UsageError

if TYPE_CHECKING:
    from schemas.sources.github import GithubSource

Branch = Annotated[
    str | None,
    typer.Option(
        "--branch", help="Of a repository: this branch instead of the default one.", show_default=False
    ),
]
Sha = Annotated[str | None, typer.Option("--sha", help="Of a repository: this commit.", show_default=False)]
GithubCredential = Annotated[
    int | None,
    typer.Option(
        "--github-credential",
        min=1,
        help="Of a repository: id of the saved token or GitHub App to read it with.",
        show_default=False,
    ),
]
Follow = Annotated[
    bool,
    typer.Option(
        "--follow",
        help="Of a repository: from now on, each push to this branch (--branch, else the default one) is "
        "synced into the collection; needs a webhook.",
    ),
]
_OPTIONS = {"repository": "PATH", "include_globs": "--include"}


def is_repository(path: str, server: str) -> bool:
    """Whether what is to be synced is a repository: `github:owner/repo`, an address for git, or the URL of a
    repository on GitHub or on the deployment's `server`. Pages of GitHub are websites."""
    from urllib.parse import urlsplit

    if path.lower().startswith(("github:", "git@", "ssh://")):
        return True
    if not path.lower().startswith(("http://", "https://")):
        return False
    parts, own = urlsplit(path), urlsplit(server)
    if parts.query or parts.fragment:
        return False
    if parts.path.endswith(".git"):
        return True
    hosts = {"github.com", own.netloc.lower()}
    below = parts.path
    if parts.netloc.lower() == own.netloc.lower():
        below = below.removeprefix(own.path.rstrip("/"))
    return parts.netloc.lower() in hosts and len(below.strip("/").split("/")) == 2


def repository(path: str, server: str, include: list[str] | None, credential: int | None) -> "GithubSource":
    """The source for a repository, by its short name where it is on the deployment's `server`: as the gateway
    keeps it. Raises UsageError for what no gateway would take."""
    from urllib.parse import urlsplit

    from schemas.sources.github import GITHUB, GithubSource

    own = urlsplit(server.rstrip("/"))
    with in_options(_OPTIONS, "github."):
        form = GithubSource(repository=path, include_globs=include or None, credential_id=credential)
        config = GITHUB.configure(form)
        name = config.repository.removeprefix(f"https://{own.netloc.lower()}{own.path}/")
        return GITHUB.form_of(config.model_copy(update={"repository": name}))


def following(form: "GithubSource", branch: str | None, sha: str | None, collection: str) -> "GithubSource":
    """The source, which follows a branch (None: the default one) into a collection. Raises UsageError for a
    commit."""
    from schemas.sources.github import DEFAULT_BRANCH, Followed

    if sha is not None:
        raise UsageError(
            "--follow needs a branch, and so do --schedule and --every: --sha names one commit, which never "
            "changes"
        )
    one = Followed(branch=branch or DEFAULT_BRANCH, target_collection_name=collection)
    return form.model_copy(update={"follow": [one]})


def not_asked_about(credential: int | None, follow: bool, include: list[str] | None) -> tuple[str, ...]:
    """Members of a source that a sync leaves as they are. A new token takes the place of a GitHub App."""
    access = ("app_id", "credential_id") if credential is None else ()
    return (*access, *(() if follow else ("follow",)), *(() if include is not None else ("include_globs",)))


def ref_identifier(branch: str | None, sha: str | None) -> dict[str, str] | None:
    """What a run is asked for. Raises UsageError for both, and for what is no branch or no hash."""
    from schemas.api import CreateJobPayload
    from schemas.sources.github import GITHUB

    if branch is not None and sha is not None:
        raise UsageError("give either --branch or --sha")
    if branch is None and sha is None:
        return None
    found = {"branch": branch} if branch is not None else {"sha": sha or ""}
    with in_options({"branch": "--branch", "sha": "--sha"}, "ref_identifier."):
        GITHUB.options_of(CreateJobPayload.model_validate({"ref_identifier": found}))
    return found


def require_fitting(of_git: bool, of_folder: tuple[object, ...], of_repository: tuple[object, ...]) -> None:
    """Raises UsageError for options of a folder with a repository, and the other way round."""
    if of_git and any(one is not None for one in of_folder):
        raise UsageError(
            "--exclude, --hidden and --main-content are not for repositories; --include takes patterns that "
            "begin with ! to skip files"
        )
    if not of_git and any(one is not None for one in of_repository):
        raise UsageError(
            "--branch, --sha, --follow and --github-credential need a repository: github:owner/repo"
        )
