"""The data folder: where it is, what marks it, who may enter it."""

import stat
from pathlib import Path

import pytest

from schemas.errors import RequestError
from streams.data_dir import MARKER, default_data_dir, is_data_dir, open_data_dir


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_data_are_kept_in_the_users_data_directory_wherever_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        assert default_data_dir() == tmp_path / "share" / "headrace"


def test_a_folder_that_has_data_of_its_own_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".headrace").mkdir()
    monkeypatch.chdir(tmp_path)

    assert default_data_dir() == Path(".headrace")


def test_a_new_data_folder_is_marked_ignored_by_git_and_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "share" / "headrace"
    open_data_dir(folder)

    assert is_data_dir(folder)
    assert (folder / ".gitignore").read_text() == "*\n"
    assert mode(folder) == 0o700


def test_one_of_an_earlier_release_is_marked_and_closed_when_it_is_opened(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("1 everything: headrace\n")
    tmp_path.chmod(0o755)
    open_data_dir(tmp_path)
    (tmp_path / ".gitignore").write_text("# mine\n")
    open_data_dir(tmp_path)

    assert is_data_dir(tmp_path)
    assert mode(tmp_path) == 0o700
    assert (tmp_path / ".gitignore").read_text() == "# mine\n"


def test_a_folder_of_other_things_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("pass")
    tmp_path.chmod(0o755)

    with pytest.raises(RequestError, match=f"{tmp_path} holds files .*HEADRACE_DATA_DIR"):
        open_data_dir(tmp_path)

    assert mode(tmp_path) == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["main.py"]


def test_the_root_of_a_file_system_of_its_own_is_empty(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    open_data_dir(tmp_path)

    assert (tmp_path / MARKER).is_file()


def test_a_place_where_no_folder_can_be_is_named_with_what_to_do() -> None:
    with pytest.raises(
        RequestError, match=r"the data folder /proc/x cannot be written: .*; choose another one"
    ):
        open_data_dir(Path("/proc/x"))
