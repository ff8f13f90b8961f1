"""Decide what an event means for the sources of its repository. Pure.

    push of a followed branch          a run of each source that follows it
    a followed branch is deleted       the source says so
    renamed, transferred               the source reads the new name, and says so
    archived, deleted, made private    the source says so
    another one has its name           the source says so, and does not read it
    the App may not read it any more   the source says so

Nothing here deletes a document: the next run finds out whether an origin is gone, and a person decides. An
event is only a hint. Its list of commits is not used: the run reads the current branch, so late, lost or
reordered events do no harm.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from api.webhooks.payloads import (
    Delete,
    InstallationChanged,
    OwnerWas,
    Payload,
    Push,
    Repo,
    RepositoryChanged,
)
from api.webhooks.repositories import renamed, repository
from schemas.events import Notice, Source
from schemas.sources.github import DEFAULT_BRANCH, GITHUB

_BRANCH = "refs/heads/"
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_STAYS = "What is indexed of it stays"

#: What begins and ends that an App can read a repository.
_LOST, _FOUND = ("deleted", "suspend"), ("created", "unsuspend", "new_permissions_accepted")


@dataclass(frozen=True, slots=True)
class BranchRun:
    """A run to request; `after` is the commit that was pushed to the branch, if known."""

    source: Source
    branch: str
    collection: str
    after: str | None = None


@dataclass(slots=True)
class Decision:
    """The actions for an event.

    Attributes:
        matched: the sources that the event concerns.
        changed: sources to store.
        learned: the same, if only the id of their repository is new.
        reason: a message for users who inspect the delivery.
    """

    matched: Sequence[Source] = ()
    runs: list[BranchRun] = field(default_factory=list)
    changed: list[Source] = field(default_factory=list)
    learned: list[Source] = field(default_factory=list)
    reason: str = ""

    def note(self, source: Source, about: str, reason: str, now: datetime) -> None:
        """Add a notice to the source."""
        if source.notice is None or (source.notice.about, source.notice.reason) != (about, reason):
            notice = Notice(about=about, reason=reason, since=now)
            self.changed.append(source.model_copy(update={"notice": notice}))

    def end(self, source: Source, *about: str) -> None:
        """Remove the source's notices about this."""
        if source.notice is not None and source.notice.about in about:
            self.changed.append(source.model_copy(update={"notice": None}))


def decide(payload: Payload, sources: Iterable[Source], now: datetime, default_host: str) -> Decision:
    """The decision on an event.

    Args:
        sources: of type github; among them all that may be concerned.
        default_host: of sources that name a repository without a host.
    """
    found = list(sources)
    decision = _DECISIONS[type(payload)](payload, found, now, default_host)
    if isinstance(payload, Push | Delete | RepositoryChanged):
        _learn(decision, payload.repository)
    if isinstance(payload, Push):
        for source in _namesakes(found, payload.repository, default_host):
            decision.note(source, "repository", _other(source, payload.repository), now)
    return decision


def _learn(decision: Decision, repo: Repo) -> None:
    """Store the id of a repository that was known only by name."""
    number = {"origin_id": str(repo.id)}
    decision.changed = [source.model_copy(update=number) for source in decision.changed]
    known = {source.id for source in decision.changed}
    new = [source for source in decision.matched if source.origin_id is None and source.id not in known]
    decision.learned = [source.model_copy(update=number) for source in new]


def _other(source: Source, repo: Repo) -> str:
    return (
        f"{repo.full_name} is another repository now (number {repo.id}; this source reads number "
        f"{source.origin_id}): it was made anew, or its name has passed on. It is not read. {_STAYS}; to "
        "read the other one instead, save the source again (PUT /api/v1/sources/ID)"
    )


def _push(push: Push, sources: Sequence[Source], now: datetime, host: str) -> Decision:
    decision = Decision(_reading(sources, push.repository, host))
    if not push.ref.startswith(_BRANCH):
        decision.reason = f"{push.ref[:200]} is no branch: branches are followed"
        return decision
    branch = push.ref.removeprefix(_BRANCH)
    if push.deleted or (push.after and not push.after.strip("0")):
        return _branch_deleted(decision, branch, push.repository, now)
    is_default = branch == push.repository.default_branch
    decision.matched = [_under_its_name(decision, source, push, host, now) for source in decision.matched]
    for source in decision.matched:
        for followed in GITHUB.of(source).follow:
            if followed.branch == branch or (followed.branch == DEFAULT_BRANCH and is_default):
                run = BranchRun(source, branch, followed.target_collection_name, _whole_hash(push.after))
                decision.runs.append(run)
        moved = any(one.id == source.id for one in decision.changed)
        if not moved and any(run.source.id == source.id for run in decision.runs):
            decision.end(source, "branch", "repository")
    followed_by = "" if decision.runs else ": no source follows it"
    decision.reason = f"branch {branch} of {push.repository.full_name}{followed_by}"
    return decision


def _under_its_name(decision: Decision, source: Source, push: Push, host: str, now: datetime) -> Source:
    """The source under the repository's current name, in case a rename event was missed."""
    before, path = repository(GITHUB.of(source).repository, host).path, push.repository.full_name
    if before == path.lower():
        return source
    _move(decision, source, before, path, now)
    return decision.changed[-1]


def _whole_hash(text: str) -> str | None:
    return text if _HASH.fullmatch(text) else None


def _delete(event: Delete, sources: Sequence[Source], now: datetime, host: str) -> Decision:
    decision = Decision(_reading(sources, event.repository, host))
    if event.ref_type != "branch":
        decision.reason = f"{event.ref_type[:40]} {event.ref[:200]} is no branch: branches are followed"
        return decision
    return _branch_deleted(decision, event.ref, event.repository, now)


def _branch_deleted(decision: Decision, branch: str, repo: Repo, now: datetime) -> Decision:
    for source in decision.matched:
        if any(followed.branch == branch for followed in GITHUB.of(source).follow):
            reason = f"branch {branch!r} of {repo.full_name} was deleted. {_STAYS} until a run is asked for"
            decision.note(source, "branch", reason, now)
    decision.reason = f"branch {branch} was deleted"
    return decision


def _repository(event: RepositoryChanged, sources: Sequence[Source], now: datetime, host: str) -> Decision:
    repo, before = event.repository, _former_path(event)
    decision = Decision(_reading(sources, repo, host, before))
    decision.reason = f"{repo.full_name}: {event.action}"
    for source in decision.matched:
        if before is not None:
            _move(decision, source, before, repo.full_name, now)
        elif event.action in _REPOSITORY_NOTICES:
            about, reason = _REPOSITORY_NOTICES[event.action]
            if event.action != "privatized" or _is_anonymous(source):
                decision.note(source, about, f"{repo.full_name} {reason}", now)
        elif event.action == "unarchived":
            decision.end(source, "repository")
        elif event.action == "publicized":
            decision.end(source, "access")
    return decision


#: What a source says after such an action, and what that is about.
_REPOSITORY_NOTICES = {
    "archived": ("repository", "was archived: nothing of it changes any more"),
    "deleted": ("repository", f"was deleted. {_STAYS}; delete the source with its documents to remove it"),
    "privatized": ("access", f"was made private. {_STAYS}; give the source a credential that may read it"),
}


def _move(decision: Decision, source: Source, before: str, path: str, now: datetime) -> None:
    """Read the repository under its new name, because somebody else may take the old one."""
    config = GITHUB.of(source)
    moved = config.model_copy(update={"repository": renamed(config.repository, path)})
    if moved != config:
        notice = Notice(about="repository", reason=f"{before} is {path} now, and read as that", since=now)
        decision.changed.append(source.model_copy(update={source.type: moved, "notice": notice}))


def _former_path(event: RepositoryChanged) -> str | None:
    """`owner/name` before a renaming or a transfer."""
    owner, _, name = event.repository.full_name.rpartition("/")
    changes = event.changes
    if event.action == "renamed" and changes.repository is not None and changes.repository.name.was:
        return f"{owner}/{changes.repository.name.was}"
    if event.action == "transferred" and changes.owner is not None:
        former = _login(changes.owner.was)
        return f"{former}/{name}" if former else None
    return None


def _login(owner: OwnerWas) -> str:
    known = owner.organization or owner.user
    return known.login if known else ""


def _installation(
    event: InstallationChanged, sources: Sequence[Source], now: datetime, host: str
) -> Decision:
    app, account = str(event.installation.app_id), event.installation.account
    host = repository(account.html_url).host if account.html_url else host
    lost, found = event.repositories_removed, event.repositories_added
    if event.action in _LOST:
        lost = event.repositories or [_everything_of(account.login)]
    elif event.action in _FOUND:
        found = event.repositories or [_everything_of(account.login)]
    by_app = [source for source in sources if GITHUB.of(source).app_id == app]
    without, again = _readers(by_app, lost, host), _readers(by_app, found, host)
    decision = Decision([*without, *again], reason=f"app {app} on {account.login}: {event.action}")
    for source in without:
        reason = (
            f"GitHub App {app} may not read {GITHUB.of(source).repository} any more. {_STAYS}; install the "
            f"app for it again (account {account.login})"
        )
        decision.note(source, "access", reason, now)
    for source in again:
        decision.end(source, "access")
    return decision


def _everything_of(login: str) -> Repo:
    """A placeholder for all repositories of an account."""
    return Repo(id=0, full_name=f"{login}/*")


def _readers(sources: Sequence[Source], repos: Sequence[Repo], host: str) -> list[Source]:
    found = {source.id: source for repo in repos for source in _reading(sources, repo, host)}
    return list(found.values())


def _reading(
    sources: Sequence[Source], repo: Repo, default_host: str, former_path: str | None = None
) -> list[Source]:
    """The sources of a repository on its host: by its id if they know it, else by its exact path."""
    host = repository(repo.html_url).host if repo.html_url else default_host
    paths = {path.lower() for path in (repo.full_name, former_path) if path}
    owner = repo.full_name[:-2].lower() if repo.full_name.endswith("/*") else None
    found = []
    for source in sources:
        named = repository(GITHUB.of(source).repository, default_host)
        known = source.origin_id
        same = named.path in paths if known is None else known == str(repo.id)
        if named.host == host and (same or (owner is not None and named.path.rpartition("/")[0] == owner)):
            found.append(source)
    return found


def _namesakes(sources: Sequence[Source], repo: Repo, default_host: str) -> list[Source]:
    """The sources of another repository that formerly had this name."""
    known = [source for source in sources if source.origin_id not in (None, str(repo.id))]
    nameless = [source.model_copy(update={"origin_id": None}) for source in known]
    named = {source.id for source in _reading(nameless, repo, default_host)}
    return [source for source in known if source.id in named]


def _is_anonymous(source: Source) -> bool:
    config = GITHUB.of(source)
    return config.app_id is None and config.credential_id is None


_DECISIONS: dict[type[Payload], Callable[[Any, Sequence[Source], datetime, str], Decision]] = {
    Push: _push,
    Delete: _delete,
    RepositoryChanged: _repository,
    InstallationChanged: _installation,
}
