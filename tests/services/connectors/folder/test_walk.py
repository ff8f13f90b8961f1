"""Listing a folder as git would, and reading only what is inside it."""

import errno
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from schemas.errors import DocumentError, DocumentTooLarge
from schemas.limits import MAX_FILE_BYTES
from services.connectors.folder.selection import Selection
from services.connectors.folder.walk import list_files, read_file, shown_key
from services.connectors.lister import Gone
from streams.places import Forbidden, Places


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    made.mkdir()
    return made


def write(root: Path, files: Mapping[str, str]) -> None:
    for key, text in files.items():
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def keys(root: Path, globs: list[str] | None = None, hidden: bool = True) -> list[str]:
    return list_files(root, Selection(globs, include_hidden=hidden)).keys


def test_files_are_listed_by_their_relative_paths_in_order(root: Path) -> None:
    write(root, {"b.md": "", "a/z.md": "", "a/b/c.md": "", ".hidden/notes": "", "a b.md": ""})

    assert keys(root) == [".hidden/notes", "a b.md", "a/b/c.md", "a/z.md", "b.md"]


def test_what_gitignore_names_is_left_out_and_the_file_itself_is_listed(root: Path) -> None:
    write(
        root,
        {
            ".gitignore": "*.log\n/build/\n# no\n",
            "a.log": "",
            "src/b.log": "",
            "build/x": "",
            "src/build/y": "",
        },
    )

    assert keys(root) == [".gitignore", "src/build/y"]


def test_a_deeper_gitignore_overrules_one_above(root: Path) -> None:
    write(
        root,
        {
            ".gitignore": "*.txt\n!keep.txt\n",
            "a.txt": "",
            "keep.txt": "",
            "sub/.gitignore": "!a.txt\nkeep.txt\n/only-here.md\n",
            "sub/a.txt": "",
            "sub/keep.txt": "",
            "sub/only-here.md": "",
            "sub/deeper/only-here.md": "",
            "sub/deeper/b.txt": "",
        },
    )

    assert keys(root) == [".gitignore", "keep.txt", "sub/.gitignore", "sub/a.txt", "sub/deeper/only-here.md"]


def test_what_is_in_an_ignored_folder_cannot_be_taken_back_as_in_git(root: Path) -> None:
    write(root, {".gitignore": "out/\n!out/kept.md\n", "out/kept.md": "", "out/.gitignore": "!kept.md\n"})

    assert keys(root) == [".gitignore"]


def test_the_repository_itself_is_left_out_also_where_it_is_a_file(root: Path) -> None:
    write(
        root,
        {".git/HEAD": "", "module/.git": "gitdir: ../.git/modules/module\n", "module/a.md": "", "x.git": ""},
    )

    assert keys(root) == ["module/a.md", "x.git"]


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        (["*.md"], ["a.md", "docs/b.md", "docs/deep/c.md"]),
        (["/docs/"], ["docs/b.md", "docs/deep/c.md", "docs/d.txt"]),
        (["docs/**/c.*"], ["docs/deep/c.md"]),
        (["*.md", "!c.md"], ["a.md", "docs/b.md"]),
        (["nothing"], []),
        ([], ["a.md", "docs/b.md", "docs/d.txt", "docs/deep/c.md"]),
    ],
)
def test_include_globs_choose_among_what_is_listed(root: Path, globs: list[str], expected: list[str]) -> None:
    write(root, {"a.md": "", "docs/b.md": "", "docs/deep/c.md": "", "docs/d.txt": ""})

    assert sorted(keys(root, globs)) == sorted(expected)


def test_a_link_to_a_file_inside_is_listed_and_read(root: Path) -> None:
    write(root, {"real/a.md": "text"})
    (root / "link.md").symlink_to("real/a.md")

    assert keys(root) == ["link.md", "real/a.md"]
    assert read_file(root, "link.md") == b"text"


def test_links_that_lead_out_dangle_circle_or_name_folders_are_left_out(root: Path, tmp_path: Path) -> None:
    write(tmp_path, {"secret.md": "secret"})
    write(root, {"a.md": "", "folder/b.md": ""})
    (root / "out.md").symlink_to(tmp_path / "secret.md")
    (root / "up.md").symlink_to("../secret.md")
    (root / "dangling.md").symlink_to("nowhere.md")
    (root / "circle-a").symlink_to("circle-b")
    (root / "circle-b").symlink_to("circle-a")
    (root / "again").symlink_to("folder")
    (root / "parent").symlink_to("..")

    assert keys(root) == ["a.md", "folder/b.md"]


def test_what_is_no_regular_file_is_left_out(root: Path) -> None:
    os.mkfifo(root / "pipe")
    write(root, {"a.md": ""})

    assert keys(root) == ["a.md"]


def test_a_root_may_be_a_link_or_a_single_file(root: Path, tmp_path: Path) -> None:
    write(root, {"a.md": "text", "b.md": ""})
    (root / "link.md").symlink_to("a.md")
    (tmp_path / "alias").symlink_to(root)

    assert keys(tmp_path / "alias") == ["a.md", "b.md", "link.md"]
    assert read_file(tmp_path / "alias", "link.md") == b"text"
    assert keys(root / "a.md") == ["a.md"]
    assert read_file(root / "a.md", "a.md") == b"text"


@pytest.mark.parametrize("kind", ["out", "circle"])
def test_a_file_that_became_a_link_since_it_was_listed_is_not_followed(
    root: Path, tmp_path: Path, kind: str
) -> None:
    write(tmp_path, {"secret.md": "secret"})
    write(root, {"a.md": ""})
    (root / "a.md").unlink()
    (root / "a.md").symlink_to(tmp_path / "secret.md" if kind == "out" else "a.md")

    with pytest.raises(DocumentError, match=r"^a\.md: "):
        read_file(root, "a.md")


def test_a_folder_that_became_a_link_since_it_was_listed_is_not_followed(root: Path, tmp_path: Path) -> None:
    write(tmp_path, {"elsewhere/a.md": "secret"})
    (root / "folder").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(DocumentError, match="no longer a file below"):
        read_file(root, "folder/a.md")


@pytest.mark.parametrize("key", ["../secret.md", "a/../../secret.md", "/etc/hostname"])
def test_a_key_cannot_lead_out(root: Path, tmp_path: Path, key: str) -> None:
    write(tmp_path, {"secret.md": "secret"})
    (root / "a").mkdir()

    with pytest.raises(DocumentError):
        read_file(root, key)


def test_a_file_that_went_away_is_gone(root: Path) -> None:
    with pytest.raises(Gone, match=r"^gone\.md: was deleted after it was listed"):
        read_file(root, "gone.md")


def test_a_file_that_may_not_be_read_fails_with_the_reason(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, {"a.md": ""})

    def refuse(fd: int, count: int) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "read", refuse)  # a test that runs as root may read everything
    with pytest.raises(DocumentError, match=r"^a\.md: cannot be read: Permission denied"):
        read_file(root, "a.md")


def test_a_file_over_the_limit_is_refused_without_being_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (root / "huge.bin").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)  # sparse: takes no disk
    monkeypatch.setattr(os, "read", lambda fd, count: pytest.fail("was read"))

    with pytest.raises(DocumentTooLarge, match=r"huge\.bin: 209,715,201 bytes, the limit is 209,715,200"):
        read_file(root, "huge.bin")


def test_a_name_that_is_no_utf8_is_listed_and_fails_alone(root: Path) -> None:
    raw = os.fsencode(root) + b"/caf\xe9.md"
    with open(raw, "wb"):
        pass
    write(root, {"a.md": ""})

    [good, bad] = sorted(keys(root))
    assert good == "a.md"
    assert shown_key(bad) == "caf\\xe9.md"
    assert shown_key("café.md") == "café.md"
    with pytest.raises(DocumentError, match=r"^caf\\xe9\.md: the name is not UTF-8"):
        read_file(root, bad)


def test_a_folder_that_is_not_there_cannot_be_listed(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        keys(root / "nowhere")


def opened(fd: int) -> Path:
    """The path of what is open."""
    return Path(os.readlink(f"/proc/self/fd/{fd}"))


def forbid(monkeypatch: pytest.MonkeyPatch, name: str, number: int = errno.EACCES) -> None:
    """Folders of this name fail when they are listed; a test that runs as root may list everything."""
    real = os.scandir

    def scandir(fd: int) -> object:
        if opened(fd).name == name:
            raise OSError(number, os.strerror(number))
        return real(fd)

    monkeypatch.setattr(os, "scandir", scandir)


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENOTDIR])
def test_a_folder_that_goes_away_during_the_walk_is_empty(
    root: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    write(root, {"a.md": "", "b/c.md": "", "d.md": ""})
    forbid(monkeypatch, "b", number)

    listing = list_files(root)

    assert (listing.keys, listing.unreadable) == (["a.md", "d.md"], {})
    assert not listing.hides("b/c.md")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, "Permission denied"),
        (errno.EIO, "Input/output error"),
        (errno.ESTALE, "Stale file handle"),
    ],
)
def test_a_folder_that_cannot_be_listed_hides_what_is_below_it_and_nothing_else(
    root: Path, monkeypatch: pytest.MonkeyPatch, number: int, reason: str
) -> None:
    write(root, {"a.md": "", "x/b/c/d.md": "", "x/e.md": ""})
    forbid(monkeypatch, "b", number)

    listing = list_files(root)

    assert listing.keys == ["a.md", "x/e.md"]
    assert listing.unreadable == {"x/b": f"cannot be listed: {reason}"}
    assert [key for key in ("x/b/c/d.md", "x/b", "x/bb", "x/e.md", "a.md") if listing.hides(key)] == [
        "x/b/c/d.md",
        "x/b",
    ]


def test_an_ignored_folder_is_not_missed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root, {".gitignore": "lost+found/\n", "a.md": "", "lost+found/b": ""})
    forbid(monkeypatch, "lost+found")

    assert list_files(root).unreadable == {}


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_root_that_cannot_be_listed_is_an_error(
    root: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    write(root, {"a.md": ""})
    forbid(monkeypatch, "root", number)

    with pytest.raises(OSError, match=os.strerror(number)):
        list_files(root)


def test_a_root_that_is_replaced_during_the_walk_is_an_error(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, {"a/b.md": ""})
    real = os.scandir

    def scandir(fd: int) -> object:
        if opened(fd).name == "a":  # the disk goes; what lies below its mount point is another folder
            root.rename(tmp_path / "unmounted")
            root.mkdir()
        return real(fd)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(OSError, match="another folder is in its place"):
        list_files(root)


def test_a_gitignore_that_cannot_be_read_hides_its_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, {"a.md": "", "b/.gitignore": "secret.md\n", "b/secret.md": ""})
    real = os.open

    def open_(path: str, flags: int, *, dir_fd: int | None = None) -> int:
        if path == ".gitignore":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", open_)
    listing = list_files(root)

    assert listing.keys == ["a.md"]
    assert listing.unreadable == {"b": "cannot be listed: its .gitignore cannot be read: Permission denied"}


def test_a_link_whose_target_cannot_be_looked_at_is_not_taken_for_gone(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, {"real/a.md": ""})
    (root / "in.md").symlink_to("real/a.md")
    (root / "out.md").symlink_to(tmp_path / "elsewhere.md")
    real = Path.resolve

    def resolve(path: Path, strict: bool = False) -> Path:
        if path.name in ("in.md", "out.md"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, strict)

    monkeypatch.setattr(Path, "resolve", resolve)
    listing = list_files(root)

    assert listing.keys == ["real/a.md"]
    assert listing.unreadable == {"in.md": "cannot be looked at: Permission denied"}


def test_hidden_files_and_secrets_are_left_out_and_counted(root: Path) -> None:
    write(root, {"a.md": "", ".hidden": "", ".config/b.md": "", ".env": "", "keys/id_rsa": "", "c/.d.md": ""})
    (root / "link.md").symlink_to(".env")

    listing = list_files(root)
    assert listing.keys == ["a.md"]
    assert listing.left_out == {"hidden": 3, "secret": 3}
    assert len(keys(root)) == 7


def test_what_is_ignored_or_not_asked_for_is_not_counted(root: Path) -> None:
    write(root, {".gitignore": ".cache/\n", ".cache/a": "", ".b": "", "c.md": ""})

    assert list_files(root, Selection(["*.md"])).left_out == {}
    assert list_files(root).left_out == {"hidden": 2}


def test_a_hidden_folder_that_a_pattern_names_is_listed(root: Path) -> None:
    write(root, {".github/workflows/ci.yml": "", ".github/.env": "", ".venv/x.yml": "", "a.yml": ""})

    assert keys(root, ["*.yml", "/.github/"], hidden=False) == [".github/workflows/ci.yml", "a.yml"]


def test_a_root_that_is_hidden_itself_is_listed_since_it_was_named(root: Path) -> None:
    write(root, {".notes/a.md": "", ".notes/.b.md": "", ".env": "x"})

    assert keys(root / ".notes", hidden=False) == ["a.md"]
    assert keys(root / ".env", hidden=False) == [".env"]


def data_folder(folder: Path, kind: str = "marker") -> Path:
    """As `headrace up` leaves one behind."""
    write(folder, {"admin.key": "hr_secret", "lock": "", "blobs/ab/cd": "text", "logs/api.log": ""})
    if kind == "marker":
        write(folder, {".headrace-data": ""})
        (folder / "lock").unlink()
    return folder


@pytest.mark.parametrize("kind", ["marker", "earlier release"])
def test_a_data_folder_is_never_entered_wherever_it_lies(root: Path, kind: str) -> None:
    write(root, {"a.md": "", "b/c.md": ""})
    data_folder(root / ".headrace", kind)
    data_folder(root / "b/data", kind)
    (root / "linked.md").symlink_to("b/data/blobs/ab/cd")

    listing = list_files(root, Selection(include_hidden=True))
    assert listing.keys == ["a.md", "b/c.md"]
    assert listing.left_out == {"data_folder": 3}
    for key in ("b/data/admin.key", "b/data/blobs/ab/cd", "linked.md", ".headrace/logs/api.log"):
        with pytest.raises(DocumentError, match="data folder"):
            read_file(root, key)


@pytest.mark.parametrize("kind", ["marker", "earlier release"])
@pytest.mark.parametrize("place", ["", "admin.key", "blobs", "blobs/ab", "blobs/ab/cd"])
def test_a_data_folder_and_what_is_in_it_is_no_root(
    root: Path, tmp_path: Path, kind: str, place: str
) -> None:
    data_folder(root / "data", kind)
    (tmp_path / "alias").symlink_to(root / "data" / place)

    for path in (root / "data" / place, tmp_path / "alias"):
        with pytest.raises(Forbidden, match="data folder"):
            list_files(path)
        with pytest.raises(DocumentError, match="data folder"):
            read_file(path, "cd")


def test_the_folder_of_this_process_is_a_data_folder_without_any_mark(root: Path) -> None:
    write(root, {"a.md": "", "state/connectors/runs.sqlite": ""})
    places = Places(own=[root / "state"])

    assert list_files(root, places=places).keys == ["a.md"]
    with pytest.raises(DocumentError, match="data folder"):
        read_file(root, "state/connectors/runs.sqlite", places)
    with pytest.raises(Forbidden, match="data folder"):
        list_files(root / "state/connectors", places=places)


@pytest.mark.parametrize("place", ["/proc", "/proc/self", "/proc/self/environ", "/sys/kernel", "/dev/shm"])
def test_what_belongs_to_the_kernel_is_no_root_and_is_not_entered(tmp_path: Path, place: str) -> None:
    (tmp_path / "alias").symlink_to(place)
    for path in (Path(place), tmp_path / "alias"):
        with pytest.raises(Forbidden, match="kernel"):
            list_files(path)
    with pytest.raises(DocumentError, match="kernel"):
        read_file(Path("/"), "proc/self/environ")


def test_a_folder_that_is_not_below_the_roots_is_refused_also_when_it_is_opened(
    root: Path, tmp_path: Path
) -> None:
    write(root, {"in/a.md": "text"})
    write(tmp_path, {"out/b.md": "secret"})
    places = Places([root])
    assert list_files(root / "in", places=places).keys == ["a.md"]

    (root / "in").rename(root / "was")
    (root / "in").symlink_to(tmp_path / "out")
    with pytest.raises(Forbidden, match="HEADRACE_FOLDER_ROOTS"):
        list_files(root / "in", places=places)
    with pytest.raises(DocumentError, match="HEADRACE_FOLDER_ROOTS"):
        read_file(root / "in", "b.md", places)
    with pytest.raises(Forbidden, match="no folder"):
        list_files(root, places=Places([]))


@pytest.mark.parametrize("kind", ["link", "pipe", "data folder"])
def test_what_is_swapped_in_between_two_steps_of_opening_is_not_read(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    write(root, {"a/b/c.md": "text"})
    write(tmp_path, {"secret/c.md": "secret"})
    real = os.open

    def swap(path: str, flags: int, *, dir_fd: int | None = None) -> int:
        if path == "b" and (root / "a/b/c.md").is_file() and not (root / "a/was").exists():
            (root / "a/b").rename(root / "a/was")
            if kind == "link":
                (root / "a/b").symlink_to(tmp_path / "secret")
            elif kind == "pipe":
                (root / "a/b").mkdir()
                os.mkfifo(root / "a/b/c.md")
            else:
                write(root, {"a/b/c.md": "secret", "a/b/.headrace-data": ""})
        return real(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", swap)
    with pytest.raises(DocumentError, match=r"^a/b/c\.md: "):
        read_file(root, "a/b/c.md")


def test_a_folder_that_becomes_a_link_during_the_walk_is_not_entered(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, {"a/b.md": "", "c/d.md": ""})
    write(tmp_path, {"secret/e.md": ""})
    real = os.scandir

    def scandir(fd: int) -> object:
        if opened(fd).name == "a":
            (root / "c").rename(tmp_path / "was")
            (root / "c").symlink_to(tmp_path / "secret")
        return real(fd)

    monkeypatch.setattr(os, "scandir", scandir)
    assert keys(root) == ["a/b.md"]


def test_a_file_that_grows_while_it_is_read_is_read_up_to_the_limit(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, {"log.txt": "x"})
    monkeypatch.setattr(os, "read", lambda fd, count: b"x" * count)

    with pytest.raises(DocumentTooLarge, match="grows"):
        read_file(root, "log.txt")


def test_a_tree_deeper_than_pythons_stack_is_listed_and_read(root: Path) -> None:
    key = "d/" * 1500 + "x.md"
    for depth in range(1, 1501):
        os.mkdir(root / ("d/" * depth))
    (root / key).write_text("deep")
    try:
        assert keys(root) == [key]
        assert read_file(root, key) == b"deep"
    finally:
        subprocess.run(["rm", "-r", str(root)], check=True)  # shutil.rmtree has a recursion


def test_a_gitignore_with_hostile_patterns_beside_long_names_is_done_in_no_time(root: Path) -> None:
    write(root, {".gitignore": "*a*a*a*a*a*a*b\n" * 50, "a" * 240: "", "a" * 239: "", "a.md": ""})

    began = time.process_time()
    assert len(keys(root)) == 4
    assert time.process_time() - began < 10


def test_a_gitignore_that_is_no_file_of_patterns_hides_its_folder(root: Path) -> None:
    write(root, {"a.md": "", "b/c.md": ""})
    with (root / "b/.gitignore").open("wb") as file:
        file.truncate(1024 * 1024 + 1)

    listing = list_files(root)
    assert listing.keys == ["a.md"]
    assert "larger than" in listing.unreadable["b"]
