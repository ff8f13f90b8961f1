"""The files in a data folder that describe the running system.

data_dir/
    lock          held while it runs
    running.json  where gateway, Chroma and broker are; written when all is ready, removed at the end
    admin.key     the key that was made when none was set (`headrace.admin_key`)
    secrets.key   the keys that encrypt saved credentials, unless they are set (`headrace.secrets_key`)
"""

import fcntl
import json
import os
import signal
from dataclasses import asdict, dataclass, field
from pathlib import Path

from streams.private import write_private


@dataclass(frozen=True, slots=True)
class RunningSystem:
    """A running system: its gateway, vector store, broker, and the process that owns it.

    `kafka_config` is the client configuration file of our own broker. `search_token` is the key of the sparse
    search endpoint, valid until it stops.
    """

    url: str
    chroma_url: str
    kafka: str
    pid: int
    kafka_config: str | None = None
    search_url: str = ""
    search_token: str = field(default="", repr=False)


class Interrupted(Exception):
    """Interrupted by a signal, after an orderly shutdown."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__(signal.Signals(number).name)
        self.signal = signal.Signals(number)


def stopping_signals() -> list[signal.Signals]:
    """The signals that stop the system, including SIGHUP unless it is ignored (`nohup`)."""
    hangup = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]
    return [signal.SIGINT, signal.SIGTERM, *hangup]


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
    """The system running on the folder; None if there is none or it is not ready yet.

    A file left by a killed process is ignored: only the lock proves that a system is running.
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
    """Write `running.json`, atomically."""
    write_private(data_dir / "running.json", json.dumps(asdict(running), indent=2) + "\n")


def forget_running(data_dir: Path) -> None:
    """Remove `running.json`, because the system is about to stop."""
    (data_dir / "running.json").unlink(missing_ok=True)
