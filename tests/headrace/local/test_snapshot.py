"""The files of a running system at one moment: what goes on growing is as long as it was."""

import errno
from pathlib import Path

import pytest

from headrace.local.snapshot import keep

SEGMENT, SWAPPED, BLOB = "kafka/kafka/documents-0/00000.log", "kafka/kafka/x-1/00010.log.swap", "blobs/d/aabb"
COPIED = ("chroma/store/chroma.sqlite3", "kafka/kafka/recovery-point-offset-checkpoint", "admin.key")
REBUILT = (
    "kafka/kafka/documents-0/00000.index",
    "kafka/kafka/x-1/00010.timeindex",
    "kafka/kafka/x-1/1.log.deleted",
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for path in (SEGMENT, SWAPPED, BLOB, *COPIED, *REBUILT):
        (tmp_path / "data" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / path).write_bytes(b"before")
    (tmp_path / "files").mkdir()
    return tmp_path / "data"


@pytest.mark.parametrize("links", [True, False])
def test_what_is_kept_is_what_was_there_whatever_is_written_later(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:

        def refused(*given: object) -> None:
            raise PermissionError(errno.EPERM, "no links here")

        monkeypatch.setattr("headrace.local.snapshot.os.link", refused)
    paths = [SEGMENT, SWAPPED, BLOB, *COPIED, *REBUILT, "blobs/deleted meanwhile"]
    kept = list(keep(data, tmp_path / "files", iter(paths)))
    with (data / SEGMENT).open("ab") as grown:
        grown.write(b" and after")
    (data / COPIED[0]).write_bytes(b"AFTER!")
    (data / BLOB).unlink()

    assert {one.path: one.file.read_bytes()[: one.size] for one in kept} == dict.fromkeys(
        (SEGMENT, SWAPPED, BLOB, *COPIED), b"before"
    )
    linked = {one.path for one in kept if one.file.stat().st_ino == (data / SEGMENT).stat().st_ino}
    assert linked == ({SEGMENT} if links else set())


def test_a_file_that_a_killed_backup_has_left_is_never_written_into(data: Path, tmp_path: Path) -> None:
    (tmp_path / "files" / "0").hardlink_to(data / SEGMENT)

    with pytest.raises(FileExistsError):
        list(keep(data, tmp_path / "files", iter([COPIED[0]])))
    assert (data / SEGMENT).read_bytes() == b"before"
