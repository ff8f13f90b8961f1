"""A folder of a git checkout is listed as `git ls-files -co --exclude-standard` lists it."""

import os
import random
import subprocess
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.connectors.folder import checkout
from services.connectors.folder.selection import Selection
from services.connectors.folder.walk import list_files
from tests.schemas.test_globs import PIECES, odd, tree
from tests.services.connectors.folder.test_walk import keys, write


def git(folder: Path, *arguments: str) -> bytes:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always"]
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True
    ).stdout


def listed_by_git(folder: Path) -> list[str]:
    """What is there of what git lists."""
    found = git(folder, "ls-files", "-co", "--exclude-standard", "-z").decode().split("\0")
    return sorted({key for key in found if (folder / key).is_file()})


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a configuration of git's."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    checkout.excludes_of_user.cache_clear()
    return tmp_path / "home"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    git(made, "init", "-q")
    return made


def test_tracked_files_that_a_pattern_names_are_listed(repository: Path) -> None:
    write(repository, {".gitignore": "*.log\nout/\n", "tracked.log": "", "other.log": "", "a.md": ""})
    write(repository, {"out/kept/b.md": "", "out/c.md": "", "out/kept/d.md": ""})
    git(repository, "add", "-f", "tracked.log", "out/kept/b.md")

    assert keys(repository, hidden=False) == ["a.md", "out/kept/b.md", "tracked.log"]
    assert sorted(keys(repository)) == listed_by_git(repository)


def test_info_exclude_and_the_users_own_excludes_count(repository: Path, home: Path) -> None:
    write(repository, {"a.md": "", "b.tmp": "", "secret.md": "", ".gitignore": "!kept.tmp\n", "kept.tmp": ""})
    (repository / ".git/info/exclude").write_text("secret.md\n")
    write(home, {".config/git/ignore": "*.tmp\n"})

    assert keys(repository, hidden=False) == ["a.md", "kept.tmp"]


def test_a_file_that_the_users_configuration_names_holds_in_place_of_the_usual_one(
    repository: Path, home: Path
) -> None:
    write(repository, {"a.md": "", "b.tmp": "", "c.bak": ""})
    write(
        home,
        {".config/git/ignore": "*.tmp\n", "mine": "*.bak\n", ".gitconfig": "[core]\nexcludesFile = ~/mine\n"},
    )

    assert keys(repository) == ["a.md", "b.tmp"]


def test_patterns_above_the_folder_count(repository: Path) -> None:
    write(
        repository,
        {".gitignore": "build/\n/sub/only.md\n", "sub/build/x": "", "sub/only.md": "", "sub/a.md": ""},
    )
    write(repository, {"sub/deep/.gitignore": "*.log\n", "sub/deep/er/b.log": "", "sub/deep/er/build/y": ""})
    write(repository, {"sub/deep/er/c.md": "", "sub/deep/er/only.md": ""})

    assert keys(repository / "sub", hidden=False) == ["a.md", "deep/er/c.md", "deep/er/only.md"]
    assert keys(repository / "sub/deep/er") == ["c.md", "only.md"]


def test_a_folder_that_its_checkout_ignores_is_no_part_of_it(repository: Path, home: Path) -> None:
    """A home that is a checkout of dot files ignores everything; `build/` is what its owner asks for."""
    write(repository, {".gitignore": "*\n", "notes/a.md": "", "notes/sub/b.md": ""})
    assert keys(repository / "notes") == ["a.md", "sub/b.md"]
    assert keys(repository / "notes/sub") == ["b.md"]
    assert keys(repository) == []


def test_a_worktree_and_a_submodule_have_rules_of_their_own(repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    write(other, {"m.md": "", ".gitignore": "*.tmp\n"})
    git(other, "add", ".")
    git(other, "commit", "-qm", "one")
    write(repository, {"a.md": "", ".gitignore": "*.md\n!a.md\n"})
    git(repository, "submodule", "add", str(other), "module")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "two")
    write(repository, {"module/new.md": "", "module/x.tmp": "", "x.md": ""})
    assert keys(repository, hidden=False) == ["a.md", "module/m.md", "module/new.md"]

    git(repository, "worktree", "add", "-q", str(tmp_path / "tree"))
    (repository / ".git/info/exclude").write_text("b.txt\n")
    write(tmp_path, {"tree/b.txt": "", "tree/c.txt": ""})
    assert keys(tmp_path / "tree", hidden=False) == ["a.md", "c.txt"]


def test_what_is_tracked_and_deleted_or_not_checked_out_is_not_listed(repository: Path) -> None:
    write(repository, {"a.md": "", "b.md": "", "far/c.md": ""})
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "one")
    (repository / "b.md").unlink()
    git(repository, "sparse-checkout", "set", "--sparse-index", "near")
    assert not (repository / "far").exists()

    assert keys(repository) == ["a.md"]


def test_without_git_and_in_no_checkout_the_files_of_patterns_hold(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repository, {".gitignore": "*.log\n", "tracked.log": "", "a.md": "", "x.md": ""})
    (repository / ".git/info/exclude").write_text("x.md\n")
    git(repository, "add", "-f", "tracked.log")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert keys(repository, hidden=False) == ["a.md"]

    write(tmp_path, {"plain/.gitignore": "*.log\n", "plain/a.log": "", "plain/b.md": ""})
    assert keys(tmp_path / "plain", hidden=False) == ["b.md"]


def test_nothing_that_a_repository_names_is_run(repository: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    write(repository, {"a.md": "", ".gitattributes": "* filter=f diff=f\n"})
    git(repository, "add", "a.md")
    settings = (
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "core.askPass",
        "alias.ls-files",
    )
    for name in (*settings, "filter.f.clean", "filter.f.process", "diff.f.command", "core.gitProxy"):
        git(repository, "config", name, str(trap))
    git(repository, "config", "core.hooksPath", str(tmp_path))
    for hook in ("post-index-change", "fsmonitor-watchman"):
        (tmp_path / hook).write_bytes(trap.read_bytes())
        (tmp_path / hook).chmod(0o755)

    assert keys(repository, hidden=False) == ["a.md"]
    assert not (tmp_path / "sprung").exists()


def test_an_index_that_is_broken_costs_the_tracked_files_that_a_pattern_names_and_nothing_else(
    repository: Path,
) -> None:
    write(repository, {".gitignore": "*.log\n", "a.md": "", "t.log": ""})
    git(repository, "add", "-f", "t.log", "a.md")
    (repository / ".git/index").write_bytes(b"DIRC broken")

    assert keys(repository, hidden=False) == ["a.md"]


def test_a_list_of_tracked_files_that_is_too_large_is_not_read(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkout, "MAX_TRACKED_BYTES", 10)
    write(repository, {".gitignore": "*.log\n", "a.md": "", "t.log": "", "u.log": ""})
    git(repository, "add", "-f", "t.log", "u.log", "a.md")

    with capture_logs() as logs:
        assert keys(repository, hidden=False) == ["a.md"]
    assert [one["reason"] for one in logs] == ["its list is larger than 10 bytes"]


def test_a_git_folder_that_points_elsewhere_names_no_file_that_is_not_here(
    repository: Path, tmp_path: Path
) -> None:
    git(repository, "config", "core.worktree", "/")
    write(repository, {"a.md": ""})
    write(tmp_path, {"b/.git": f"gitdir: {repository}/.git\n", "b/c.md": "", "d/.git": "gitdir: /dev/zero\n"})
    write(tmp_path, {"d/e.md": ""})

    assert keys(repository) == ["a.md"]
    assert keys(tmp_path / "b") == ["c.md"]
    assert keys(tmp_path / "d") == ["e.md"]


@pytest.mark.parametrize("seed", range(15))
def test_random_checkouts_are_listed_as_by_git(seed: int, repository: Path) -> None:
    rnd = random.Random(seed)
    paths = [path for path in tree(repository, rnd) if not path.startswith(".git")]
    folders = [path for path in paths if (repository / path).is_dir()]
    for folder in ["", *rnd.sample(folders, min(4, len(folders)))]:
        made = ["".join(rnd.choices(PIECES, k=rnd.randint(1, 4))) for _ in range(rnd.randint(1, 4))]
        text = "\n".join(pattern for pattern in made if not odd(pattern))
        (repository / folder / ".gitignore").write_text(text, newline="")
    files = [path for path in paths if (repository / path).is_file()]
    git(repository, "add", "-f", "--", *(f":(literal){path}" for path in rnd.sample(files, 5)))

    assert sorted(list_files(repository, Selection(include_hidden=True)).keys) == listed_by_git(repository)
    for folder in rnd.sample(folders, min(3, len(folders))):
        if expected := listed_by_git(repository / folder):
            assert sorted(keys(repository / folder)) == expected, folder


def test_lines_that_git_passes_over_cost_nothing_and_are_told(tmp_path: Path) -> None:
    lines = b"!\n[\n*.log\nC:\\temp\\\n\xff\xfe\n\x00\n"
    os.makedirs(tmp_path / "vendor")
    (tmp_path / "vendor/.gitignore").write_bytes(lines)
    write(tmp_path, {"a.md": "", "vendor/v.md": "", "vendor/x.log": ""})

    with capture_logs() as told:
        assert keys(tmp_path, hidden=False) == ["a.md", "vendor/v.md"]
    assert [(line["line"], line["reason"]) for line in told] == [
        (1, "it is empty"),
        (2, "a bracket is never closed"),
        (4, "it ends with a backslash"),
    ]
    assert {line["file"] for line in told} == {str(tmp_path / "vendor/.gitignore")}


def test_a_git_file_of_any_size_is_read_no_further_than_a_path(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "", "b/c.md": "", "b/.git": "gitdir: nowhere\n"})
    os.truncate(tmp_path / "b/.git", 1 << 40)  # it occupies nothing

    assert list_files(tmp_path).keys == ["a.md", "b/c.md"]
