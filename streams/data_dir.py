"""The data folder: its location, marker and permissions."""

import contextlib
import os
from pathlib import Path

import platformdirs

from schemas.errors import RequestError

#: A folder that contains a file of this name is a data folder. Listings never enter one.
MARKER = ".headrace-data"
#: The former default, in the current folder; now it is in the user's data directory.
LOCAL = Path(".headrace")

_MARKER_TEXT = "A data folder of Headrace. No source ever takes files from below this folder.\n"
#: A data folder from before the marker existed contained all of these.
_BEFORE_THE_MARKER = ("admin.key", "lock")
#: Files and folders that releases without the marker left in their data folder.
_SIGNS = ("lock", "admin.key", "state", "journal", "blobs", "chroma", "kafka")
#: The root of a mounted file system contains this.
_ALWAYS_THERE = {"lost+found"}


def default_data_dir() -> Path:
    """`.headrace` in the current folder if it exists and is ours, else in the user's data directory."""
    with contextlib.suppress(OSError):
        if LOCAL.is_dir() and LOCAL.stat().st_uid == os.geteuid():
            return LOCAL
    return platformdirs.user_data_path("headrace", appauthor=False)


def is_data_dir(folder: Path | str | int) -> bool:
    """Whether a folder (path or file descriptor) is any data folder of Headrace; False for a file."""
    if isinstance(folder, int):
        return _holds(MARKER, folder) or all(_holds(name, folder) for name in _BEFORE_THE_MARKER)
    return _holds(f"{folder}/{MARKER}") or all(_holds(f"{folder}/{name}") for name in _BEFORE_THE_MARKER)


def _holds(path: str, folder: int | None = None) -> bool:
    return os.access(path, os.F_OK, dir_fd=folder)


def open_data_dir(folder: Path) -> None:
    """Create the data folder if it does not exist, mark it, and make it private to its owner.

    Raises RequestError for a folder with foreign content, whose mode and `.gitignore` must not change, and
    for one that cannot be created or written.
    """
    try:
        _open(folder)
    except OSError as error:
        raise RequestError(
            f"the data folder {folder} cannot be written: {error.strerror}; choose another one with "
            "--data-dir or HEADRACE_DATA_DIR"
        ) from error


def _open(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not _is_ours(folder):
        raise RequestError(
            f"{folder} holds files and is no data folder; choose an empty folder, or one that is not there, "
            "with --data-dir or HEADRACE_DATA_DIR"
        )
    if folder.stat().st_uid == os.geteuid():
        folder.chmod(0o700)
    _write_once(folder / MARKER, _MARKER_TEXT)
    _write_once(folder / ".gitignore", "*\n")


def _is_ours(folder: Path) -> bool:
    if is_data_dir(folder) or any((folder / name).exists() for name in _SIGNS):
        return True
    return {entry.name for entry in os.scandir(folder)} <= _ALWAYS_THERE


def _write_once(file: Path, text: str) -> None:
    with contextlib.suppress(FileExistsError), file.open("x") as written:
        written.write(text)
