"""What each event of GitHub means. Payloads hold what GitHub documents, cut down to what could matter."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.webhooks.decisions import Decision, decide
from api.webhooks.payloads import Delete, InstallationChanged, Push, RepositoryChanged
from schemas.events import Chunking, Embedding, Source, make_source
from schemas.sources.github import FollowedBranch, GithubConfig

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 13, tzinfo=UTC)
ZEROS = "0" * 40


def source(repository: str = "acme/docs", number: int = 1, **config: Any) -> Source:
    follow = config.pop("follow", {"main": "docs"})
    return make_source(
        GithubConfig(
            repository=repository,
            follow=[FollowedBranch(branch=b, target_collection_name=c) for b, c in follow.items()],
            **config,
        ),
        id=f"source-{number}",
        tenant="t",
        database="d",
        type="github",
        embedding=Embedding(model="m"),
        chunking=Chunking(),
        created_at=NOON,
    )


def repo(full_name: str = "acme/docs", host: str = "github.com") -> dict[str, Any]:
    return {"id": 7, "full_name": full_name, "html_url": f"https://{host}/{full_name}"}


def push(ref: str = "refs/heads/main", full_name: str = "acme/docs", **fields: Any) -> Push:
    body = {"ref": ref, "before": "a" * 40, "after": "b" * 40, "repository": repo(full_name), **fields}
    return Push.model_validate(body)


def changed(action: str, full_name: str = "acme/docs", **fields: Any) -> RepositoryChanged:
    return RepositoryChanged.model_validate({"action": action, "repository": repo(full_name), **fields})


def installation(action: str, **fields: Any) -> InstallationChanged:
    account = {"login": "acme", "html_url": "https://github.com/acme"}
    app = {"id": 99, "app_id": 12, "account": account}
    return InstallationChanged.model_validate({"action": action, "installation": app, **fields})


def decided(event: Any, *sources: Source, now: datetime = LATER) -> Decision:
    return decide(event, sources, now, "github.com")


def runs(decision: Decision) -> list[tuple[str, str, str]]:
    return [(run.source.id, run.branch, run.collection) for run in decision.runs]


def reasons(decision: Decision) -> list[str | None]:
    return [source.notice.reason if source.notice else None for source in decision.changed]


def noticed(event: Any, before: Source) -> Source:
    [after] = decided(event, before).changed
    return after


# ------------------------------------------------------------------------------------------------ pushes


def test_a_push_runs_every_source_that_follows_the_branch() -> None:
    both = source(number=2, follow={"main": "docs", "release/1.x": "old"})

    found = decided(push(), source(), both, source(number=3, follow={"dev": "docs"}))

    assert runs(found) == [("source-1", "main", "docs"), ("source-2", "main", "docs")]
    assert len(found.matched) == 3
    assert not found.changed


def test_a_branch_with_slashes_is_followed_by_its_whole_name() -> None:
    one = source(follow={"release/1.x": "old", "1.x": "other", "main": "docs"})

    assert runs(decided(push("refs/heads/release/1.x"), one)) == [("source-1", "release/1.x", "old")]


def test_one_branch_may_be_followed_into_two_collections() -> None:
    follow = [FollowedBranch(branch="main", target_collection_name=name) for name in ("a", "b")]
    one = source()
    two = one.model_copy(update={"github": GithubConfig(repository="acme/docs", follow=follow)})

    assert [collection for _, _, collection in runs(decided(push(), two))] == ["a", "b"]


@pytest.mark.parametrize("ref", ["refs/tags/main", "refs/notes/main", "refs/heads/Main", "main"])
def test_what_is_not_the_branch_that_is_followed_runs_nothing(ref: str) -> None:
    found = decided(push(ref), source())

    assert len(found.matched) == 1
    assert not found.runs
    assert not found.changed


@pytest.mark.parametrize("full_name", ["acme/docs-copy", "other/docs", "acme/doc"])
def test_repositories_that_are_only_alike_are_not_matched(full_name: str) -> None:
    assert not decided(push(full_name=full_name), source()).matched


def test_the_same_path_on_another_host_is_another_repository() -> None:
    event = push(repository=repo(host="git.example.org"))

    assert not decided(event, source()).matched
    assert decided(event, source("https://git.example.org:3000/acme/docs.git")).matched


def test_a_repository_is_matched_whatever_the_case_and_way_of_writing() -> None:
    assert decided(push(full_name="Acme/Docs"), source("git@github.com:acme/DOCS.git")).runs


@pytest.mark.parametrize("event", [push(deleted=True, after=ZEROS), push(after=ZEROS), push(after="0" * 64)])
def test_a_followed_branch_that_is_deleted_is_told_and_runs_nothing(event: Push) -> None:
    found = decided(event, source(), source(number=2, follow={"dev": "x"}))

    assert not found.runs
    [told] = reasons(found)
    assert told is not None
    assert "branch 'main' of acme/docs was deleted" in told
    assert "stays" in told


def test_the_two_events_of_one_deletion_are_told_once() -> None:
    event = Delete.model_validate({"ref": "main", "ref_type": "branch", "repository": repo()})
    after = noticed(event, source())

    assert not decided(push(deleted=True, after=ZEROS), after).changed


def test_a_tag_that_is_deleted_concerns_nobody() -> None:
    event = Delete.model_validate({"ref": "main", "ref_type": "tag", "repository": repo()})

    assert not decided(event, source()).changed


def test_a_branch_that_is_pushed_again_is_no_longer_told_to_be_deleted() -> None:
    found = decided(push(), noticed(push(deleted=True, after=ZEROS), source()))

    assert reasons(found) == [None]
    assert len(found.runs) == 1


# ------------------------------------------------------------------------------- what becomes of a repository


def test_a_renamed_repository_is_read_under_its_new_name() -> None:
    event = changed("renamed", "acme/handbook", changes={"repository": {"name": {"from": "docs"}}})

    after = noticed(event, source("https://github.com/Acme/Docs.git"))

    assert after.github is not None  # type: ignore[attr-defined]
    assert after.github.repository == "https://github.com/acme/handbook.git"  # type: ignore[attr-defined]
    assert after.notice is not None
    assert after.notice.reason == "acme/docs is acme/handbook now, and read as that"
    assert decided(push(full_name="acme/handbook"), after).runs
    assert not decided(event, after, source("other/docs", 2)).changed  # the same event again


@pytest.mark.parametrize("kind", ["user", "organization"])
def test_a_transferred_repository_is_read_at_its_new_owner(kind: str) -> None:
    event = changed("transferred", "new/docs", changes={"owner": {"from": {kind: {"login": "acme"}}}})

    after = noticed(event, source())

    assert after.github.repository == "new/docs"  # type: ignore[attr-defined]


def numbered(repository: str = "acme/docs", number: str = "7", **config: Any) -> Source:
    return source(repository, **config).model_copy(update={"origin_id": number})


def test_the_number_of_a_repository_is_kept_once_it_is_known() -> None:
    found = decided(push(), source())
    assert [one.origin_id for one in found.learned] == ["7"]
    assert not decided(push(), *found.learned).learned
    assert noticed(changed("archived"), source()).origin_id == "7"


def test_a_push_of_a_repository_whose_new_name_nobody_told_is_a_run_of_it() -> None:
    found = decided(push(full_name="other/handbook"), numbered("https://github.com/acme/docs"))

    [after] = found.changed
    assert after.github.repository == "https://github.com/other/handbook"  # type: ignore[attr-defined]
    assert reasons(found) == ["acme/docs is other/handbook now, and read as that"]
    assert [run.source for run in found.runs] == [after]


def test_a_push_of_another_repository_with_the_same_name_is_told_and_runs_nothing() -> None:
    found = decided(push(), numbered(number="6"))

    assert (found.runs, found.matched) == ([], [])
    assert "acme/docs is another repository now (number 7; this source reads number 6)" in str(
        reasons(found)[0]
    )
    assert found.changed[0].origin_id == "6"
    told = found.changed[0]
    assert not decided(push(), told).changed, "it is told once"
    back = {**repo(), "id": 6}
    assert reasons(decided(push(repository=back), told)) == [None]


@pytest.mark.parametrize("action", ["archived", "deleted"])
def test_what_becomes_of_a_repository_is_told_by_its_number(action: str) -> None:
    assert f"acme/docs was {action}" in str(reasons(decided(changed(action), numbered("acme/before")))[0])
    assert not decided(changed(action), numbered(number="6")).changed, "another one, of the same name"
    rename = changed("renamed", changes={"repository": {"name": {"from": "old"}}})
    assert decided(rename, numbered("acme/older")).changed[0].github.repository == "acme/docs"  # type: ignore[attr-defined]


@pytest.mark.parametrize("action", ["archived", "deleted"])
def test_a_repository_that_ends_is_told(action: str) -> None:
    [told] = reasons(decided(changed(action), source()))
    assert f"acme/docs was {action}" in str(told)


def test_an_archived_repository_that_comes_back_is_no_longer_told() -> None:
    assert reasons(decided(changed("unarchived"), noticed(changed("archived"), source()))) == [None]


def test_a_private_repository_is_told_where_nobody_signs_in() -> None:
    assert "credential" in str(reasons(decided(changed("privatized"), source()))[0])
    assert not decided(changed("privatized"), source(credential_id=3)).changed
    assert not decided(changed("privatized"), source(app_id="12")).changed


@pytest.mark.parametrize("action", ["edited", "created", "publicized"])
def test_other_changes_of_a_repository_are_nothing_to_tell(action: str) -> None:
    assert not decided(changed(action), source()).changed


# ------------------------------------------------------------------------------------------- installations


@pytest.mark.parametrize(
    "event",
    [
        installation("deleted", repositories=[{"id": 7, "full_name": "acme/docs"}]),
        installation("suspend"),
        installation("removed", repositories_removed=[{"id": 7, "full_name": "Acme/docs"}]),
    ],
)
def test_access_that_is_lost_is_told_by_the_sources_of_the_app(event: InstallationChanged) -> None:
    found = decided(event, source(app_id="12"), source(number=2), source(number=3, app_id="13"))

    assert [one.id for one in found.changed] == ["source-1"]
    assert "GitHub App 12 may not read acme/docs any more" in str(reasons(found)[0])
    assert not found.runs


@pytest.mark.parametrize(
    "event",
    [
        installation("unsuspend"),
        installation("created", repositories=[{"id": 7, "full_name": "acme/docs"}]),
        installation("added", repositories_added=[{"id": 7, "full_name": "acme/docs"}]),
    ],
)
def test_access_that_is_there_again_ends_what_was_told(event: InstallationChanged) -> None:
    lost = noticed(installation("suspend"), source(app_id="12"))

    assert reasons(decided(event, lost)) == [None]


def test_an_installation_concerns_its_own_account() -> None:
    assert not decided(installation("suspend"), source("acme2/docs", app_id="12")).matched
    assert not decided(installation("suspend"), source("acme/docs/sub", app_id="12")).matched


def test_the_default_branch_is_followed_whatever_it_is_called() -> None:
    follower = source(follow={"HEAD": "docs"})
    repository = {**repo(), "default_branch": "trunk"}

    assert runs(decided(push("refs/heads/trunk", repository=repository), follower)) == [
        ("source-1", "trunk", "docs")
    ]
    other = decided(push("refs/heads/main", repository=repository), follower)
    assert not runs(other)
    assert other.reason == "branch main of acme/docs: no source follows it"
