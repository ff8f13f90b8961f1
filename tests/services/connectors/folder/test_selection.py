"""What a source wants: patterns, and what is private unless it is asked for."""

from pathlib import Path

import pytest

from services.connectors.folder.selection import SECRETS, Private, Selection, private


@pytest.mark.parametrize(
    "path",
    [
        *("id_rsa", "keys/id_ed25519", "server.pem", "a/SERVER.KEY", "b.p12", "c.pfx", "pass.kdbx"),
        *(".env", ".env.local", "app/.envrc", "prod.env", ".netrc", ".npmrc", ".pgpass", ".git-credentials"),
        *(".aws/credentials", "home/.docker/config.json", ".kube/config", "client_secret_1.json"),
    ],
)
def test_well_known_names_of_secrets(path: str) -> None:
    assert private(path.encode()) is Private.SECRET


@pytest.mark.parametrize("path", [".hidden", ".config/notes.md", "a/.b/c.md", ".github/workflows/ci.yml"])
def test_what_begins_with_a_dot_is_hidden(path: str) -> None:
    assert private(path.encode()) is Private.HIDDEN


@pytest.mark.parametrize(
    "path", ["notes.md", "a/b.md", "environment.md", "keys.md", "config", "id_rsa.pub.md"]
)
def test_everything_else_is_not_private(path: str) -> None:
    assert private(path.encode()) is None


@pytest.mark.parametrize(
    ("include", "path"),
    [
        ([".github/"], ".github/ci.yml"),
        (["/.config/**/*.md"], ".config/a/b.md"),
        ([".*"], ".hidden"),
        ([".env"], ".env"),
        (["certs/*.pem"], "certs/a.pem"),
        (["*.md", ".notes.md"], ".notes.md"),
    ],
)
def test_an_include_pattern_that_names_private_files_brings_them_in(include: list[str], path: str) -> None:
    selection = Selection(include)
    assert selection.wants(path.encode())
    assert selection.withholds(path.encode()) is None


@pytest.mark.parametrize(
    ("include", "path", "kind"),
    [
        (["*"], ".env", Private.SECRET),
        (["*.md"], ".hidden/a.md", Private.HIDDEN),
        (["certs/"], "certs/a.pem", Private.SECRET),
        ([".github/"], ".github/.env", Private.SECRET),
        (["*.md", ".github/"], ".config/a.md", Private.HIDDEN),
        (["*", "!.env"], ".env.local", Private.SECRET),
    ],
)
def test_one_that_only_happens_to_match_does_not(include: list[str], path: str, kind: Private) -> None:
    assert Selection(include).withholds(path.encode()) is kind


def test_include_hidden_brings_everything_in() -> None:
    selection = Selection(include_hidden=True)
    assert selection.withholds(b".ssh/id_rsa") is None
    assert selection.enters(b".ssh")


def test_hidden_folders_are_entered_only_where_a_pattern_names_them() -> None:
    assert not Selection(["*.md"]).enters(b".venv")
    assert Selection(["*.md", "/.github/*.yml"]).enters(b".github")
    assert not Selection(["*.md", "/.github/*.yml"]).enters(b".venv")


def test_exclude_patterns_come_after_include_patterns() -> None:
    selection = Selection(["*.md"], ["drafts/", "/README.md"])
    assert [selection.wants(path) for path in (b"a.md", b"x/drafts/a.md", b"README.md", b"x/README.md")] == [
        True,
        False,
        False,
        True,
    ]
    assert selection.excludes_folder(b"x/drafts")
    assert not selection.excludes_folder(b"x")
    assert not Selection(exclude=["drafts/", "!drafts/a.md"]).excludes_folder(b"drafts")


def test_the_documentation_names_every_pattern_of_a_secret() -> None:
    page = (Path(__file__).parents[4] / "docs/folders.md").read_text()
    assert [pattern for pattern in SECRETS if f"`{pattern}`" not in page] == []
