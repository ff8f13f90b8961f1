"""What a data folder says about the system that runs on it.

data_dir/
    lock          held while it runs
    running.json  where gateway, Chroma and broker are; written when all is ready, removed at the end
    admin.key     the key that was made when none was set (`headrace.admin_key`)
    secrets.key   the keys that encrypt saved credentials, unless they are set (`headrace.secrets_key`)
"""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from streams.private import write_private


@dataclass(frozen=True, slots=True)
class RunningSystem:
    """A system that runs: its gateway, its vector store, its broker, and the process that owns it.

    `kafka_config` is the file with what clients of a broker of ours need.
    """

    url: str
    chroma_url: str
    kafka: str
    pid: int
    kafka_config: str | None = None


class Interrupted(Exception):
    """A signal stopped the system; everything has ended in order."""


def is_held(data_dir: Path) -> bool:
    """Whether a process owns the data folder now."""
    try:
        fd = os.open(data_dir / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def read_running(data_dir: Path) -> RunningSystem | None:
    """The system that runs on the folder; None when none does or it is not ready yet.

    What a killed process left behind is not believed: it is the lock that says whether somebody is there.
    """
    try:
        return (
            RunningSystem(**json.loads((data_dir / "running.json").read_text()))
            if is_held(data_dir)
            else None
        )
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_running(data_dir: Path, running: RunningSystem) -> None:
    """Say where the system is. The file appears whole."""
    write_private(data_dir / "running.json", json.dumps(asdict(running), indent=2) + "\n")


def forget_running(data_dir: Path) -> None:
    """The system is about to stop."""
    (data_dir / "running.json").unlink(missing_ok=True)
