"""What is a repository on the command line, and which options fit it."""

import pytest

from headrace.cli.origins.repositories import (
    following,
    is_repository,
    not_asked_about,
    ref_identifier,
    repository,
    require_fitting,
)
from headrace.usage_error import UsageError


@pytest.mark.parametrize(
    ("path", "server", "expected"),
    [
        ("github:owner/repo", "https://github.com", True),
        ("https://github.com/owner/repo", "https://github.com", True),
        ("https://github.com/owner/repo/", "https://ghe.example", True),
        ("https://ghe.example/owner/repo.git", "https://ghe.example", True),
        ("https://ghe.example/git/owner/repo", "https://ghe.example/git", True),
        ("https://example.org/owner/repo.git", "https://github.com", True),
        ("git@github.com:owner/repo.git", "https://github.com", True),
        ("https://github.com/owner/repo/wiki", "https://github.com", False),
        ("https://github.com/owner", "https://github.com", False),
        ("https://github.com/owner/repo?tab=readme", "https://github.com", False),
        ("https://example.org/owner/repo", "https://github.com", False),
        ("notes", "https://github.com", False),
        ("./github:owner/repo", "https://github.com", False),
    ],
)
def test_a_repository_is_told_from_a_website_and_a_folder(path: str, server: str, expected: bool) -> None:
    assert is_repository(path, server) is expected


def test_a_source_has_what_was_asked_for() -> None:
    assert repository("github:owner/repo", "https://github.com", ["*.md"], 3).model_dump(
        exclude_unset=True
    ) == {
        "repository": "owner/repo",
        "app_id": None,
        "include_globs": ["*.md"],
        "credential_id": 3,
    }


@pytest.mark.parametrize(
    "path", ["github:owner", "github:", "git@host:", "https://x:secret@github.com/a/b/c.git?d"]
)
def test_what_names_no_repository_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="PATH must be owner/repo") as refusal:
        repository(path, "https://github.com", None, None)
    assert "secret" not in str(refusal.value)


def test_branch_and_commit_are_what_a_run_is_asked_for() -> None:
    assert ref_identifier(None, None) is None
    assert ref_identifier("next", None) == {"branch": "next"}
    assert ref_identifier(None, "abcd") == {"sha": "abcd"}
    with pytest.raises(UsageError, match="either --branch or --sha"):
        ref_identifier("next", "abcd")
    with pytest.raises(UsageError, match="--sha must be 4 to 40"):
        ref_identifier(None, "main")
    with pytest.raises(UsageError, match="--branch is not the name of a branch"):
        ref_identifier("-x", None)


def test_a_source_follows_the_branch_that_is_synced() -> None:
    form = repository("github:owner/repo", "https://github.com", None, None)

    for branch, followed in ((None, "HEAD"), ("next", "next")):
        [one] = following(form, branch, None, "docs").follow or []
        assert (one.branch, one.target_collection_name) == (followed, "docs")
    with pytest.raises(UsageError, match="--follow needs a branch"):
        following(form, None, "abcd", "docs")


def test_a_sync_leaves_access_and_followed_branches_as_they_are() -> None:
    assert not_asked_about(None, False, None) == ("app_id", "credential_id", "follow", "include_globs")
    assert not_asked_about(3, True, []) == ()


def test_options_that_do_not_fit_are_refused() -> None:
    require_fitting(True, (None, None), ("main", None, 1))
    require_fitting(False, (["*"], True), (None, None, None))
    with pytest.raises(UsageError, match="not for repositories"):
        require_fitting(True, (None, True), (None, None, None))
    with pytest.raises(UsageError, match="need a repository"):
        require_fitting(False, (None, None), ("main", None, None))
