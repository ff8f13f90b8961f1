"""One name for a repository, however it is written."""

import pytest

from api.webhooks.repositories import Repository, renamed, repository

ACME = Repository("github.com", "acme/docs")


@pytest.mark.parametrize(
    "text",
    [
        "acme/docs",
        "Acme/Docs",
        "https://github.com/acme/docs",
        "https://github.com/acme/docs.git",
        "https://www.GitHub.com/acme/docs/",
        "https://user:token@github.com:443/acme/docs.git",
        "git@github.com:acme/docs.git",
        "github.com:acme/docs",
        "ssh://git@ssh.github.com:443/acme/docs.git",
        "git://github.com/acme/docs.git",
    ],
)
def test_all_ways_of_writing_a_repository_are_one(text: str) -> None:
    assert repository(text) == ACME


@pytest.mark.parametrize(
    "text",
    ["acme/docs-copy", "acme/doc", "acme/docs/sub", "https://git.example.org/acme/docs", "acme-docs", ""],
)
def test_what_is_only_alike_is_another(text: str) -> None:
    assert repository(text) != ACME


def test_a_repository_without_a_host_is_on_the_server_that_is_configured() -> None:
    assert repository("acme/docs", "git.example.org") == ("git.example.org", "acme/docs")


def test_an_address_of_version_6_is_a_host() -> None:
    assert repository("http://[::1]:3000/acme/docs") == ("[::1]", "acme/docs")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acme/docs", "new/name"),
        ("https://github.com/acme/docs", "https://github.com/new/name"),
        ("https://github.com/acme/docs.git", "https://github.com/new/name.git"),
        ("git@github.com:acme/docs.git", "git@github.com:new/name.git"),
        ("ssh://git@host:2222/acme/docs", "ssh://git@host:2222/new/name"),
    ],
)
def test_a_new_name_is_written_as_the_old_one_was(text: str, expected: str) -> None:
    assert renamed(text, "new/name") == expected
