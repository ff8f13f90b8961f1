"""Backups of data folders: whole or not there, for their owner alone, and never restored over something."""

import io
import json
import stat
import tarfile
from pathlib import Path

import pytest

from headrace.cli.app import run
from headrace.local.backup import back_up, restore
from schemas.errors import RequestError
from streams.data_dir import open_data_dir
from streams.local import DataDirLock

KEPT = {
    "admin.key": b"hr-key\n",
    "secrets.key": b"secret\n",
    "kafka/kafka/documents-0/00000.log": bytes(range(256)) * 5_000,
    "kafka/password": b"pass\n",
    "chroma/store/chroma.sqlite3": b"rows",
    "blobs/2026-01-01/aa/aabb": b"",
}
LEFT = ("state/api-0/runs.sqlite", "cache/vectors.sqlite", "logs/api.log", "kafka/tmp/x", "running.json")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    open_data_dir(folder)
    for name, content in (KEPT | dict.fromkeys(LEFT, b"left out")).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("name", ["b.tar", "b.tar.gz"])
def test_what_is_restored_is_what_was_backed_up_without_what_is_rebuilt(
    data: Path, tmp_path: Path, name: str
) -> None:
    manifest = back_up(data, tmp_path / name)
    restored = restore(tmp_path / name, tmp_path / "new" / "data")

    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert contents(tmp_path / "new" / "data") == KEPT | {
        ".headrace-data": (data / ".headrace-data").read_bytes(),
        ".gitignore": b"*\n",
    }
    assert stat.S_IMODE((tmp_path / "new" / "data" / "admin.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) == 0o700
    assert restored == manifest
    assert (manifest.files, manifest.size) == (
        len(KEPT) + 2,
        sum(map(len, contents(tmp_path / "new" / "data").values())),
    )


def test_a_folder_in_use_or_a_wrong_place_is_refused_and_nothing_is_written(
    data: Path, tmp_path: Path
) -> None:
    with DataDirLock(data, "everything"), pytest.raises(RequestError, match="in use by process"):
        back_up(data, tmp_path / "b.tar")
    with pytest.raises(RequestError, match="in the data folder itself"):
        back_up(data, data / "b.tar")
    with pytest.raises(RequestError, match="is no folder: make it, or choose another place"):
        back_up(data, tmp_path / "missing" / "b.tar")
    with pytest.raises(RequestError, match=r"b\.zip is to end with \.tar, \.tar\.gz, \.tgz"):
        back_up(data, tmp_path / "b.zip")
    with pytest.raises(RequestError, match="is no data folder"):
        back_up(tmp_path, tmp_path / "b.tar")
    back_up(data, tmp_path / "b.tar")
    with pytest.raises(RequestError, match="exists already"):
        back_up(data, tmp_path / "b.tar")
    with pytest.raises(RequestError, match="is not empty"):
        restore(tmp_path / "b.tar", data)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar", "data"]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.95])
@pytest.mark.parametrize("name", ["b.tar", "b.tgz"])
def test_a_backup_that_was_cut_off_restores_nothing(
    data: Path, tmp_path: Path, share: float, name: str
) -> None:
    back_up(data, tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    end = whole.rstrip(b"\0")[:-1] if name == "b.tar" else whole
    (tmp_path / name).write_bytes(end[: int(len(end) * share)])

    with pytest.raises(RequestError, match="is no backup of Headrace, or is not whole"):
        restore(tmp_path / name, tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, "data"]


def test_a_changed_byte_is_found(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "b.tar")
    raw = (tmp_path / "b.tar").read_bytes()
    (tmp_path / "b.tar").write_bytes(raw.replace(b"hr-key", b"hr-kez", 1))

    with pytest.raises(RequestError, match=r"admin\.key and 0 others are not what was backed up"):
        restore(tmp_path / "b.tar", tmp_path / "new")


@pytest.mark.parametrize("name", ["data/../../evil", "/etc/evil", "elsewhere/evil"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "b.tar", "w") as archive:
        manifest = {"format": 1, "headrace": "1", "created_at": "", "files": 1, "size": 1}
        for path, text in (("manifest.json", json.dumps(manifest)), (name, "x")):
            entry = tarfile.TarInfo(path)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))

    with pytest.raises(RequestError, match="does not belong into a data folder"):
        restore(tmp_path / "b.tar", tmp_path / "new")


def test_a_format_of_a_later_release_is_named(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "b.tar")
    raw = (tmp_path / "b.tar").read_bytes()
    (tmp_path / "b.tar").write_bytes(raw.replace(b'"format": 1', b'"format": 9', 1))

    with pytest.raises(RequestError, match="in a format that is not known here"):
        restore(tmp_path / "b.tar", tmp_path / "new")


def test_what_starts_a_restored_folder_is_told_to_the_word(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    back_up(data, tmp_path / "b.tar")

    assert run(["restore", str(tmp_path / "b.tar"), "--data-dir", str(tmp_path / "a b")]) == 0

    assert f"`headrace up --data-dir '{tmp_path / 'a b'}'` starts it" in capsys.readouterr().out
