"""The jars of the local broker: downloaded once, each checked against `jars.lock`.

`jars.lock` pins every jar as `SHA-256  group:artifact:version`, so jgo only downloads on a user's machine and
resolves nothing. To change the Kafka version, edit the coordinates below, run `python -m streams.local.jars`
to rewrite the file, and review its diff.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from schemas.errors import RequestError, TransientError

if TYPE_CHECKING:  # loaded for a download only: it takes a third of a second
    from jgo.maven import MavenContext

#: slf4j-simple writes the broker's warnings to standard error; without an SLF4J binding there is no log.
COORDINATES = "org.apache.kafka:kafka_2.13:4.3.0+org.slf4j:slf4j-simple:1.7.36"
LOCK_FILE = Path(__file__).with_name("jars.lock")

#: 46 small files: round trips take most of the time, not bytes.
DOWNLOADS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class LockedJar:
    """A jar: its Maven coordinate and expected SHA-256 (hex)."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def read_lock(lock_file: Path = LOCK_FILE) -> list[LockedJar]:
    """The pinned jars, in class path order."""
    jars = []
    for line in lock_file.read_text().splitlines():
        if not line.startswith("#"):
            sha256, coordinate = line.split()
            group, artifact, version = coordinate.split(":")
            jars.append(LockedJar(group, artifact, version, sha256))
    return jars


def kafka_jars(cache_dir: Path, lock_file: Path = LOCK_FILE) -> list[Path]:
    """The paths of the jars, which are downloaded into `cache_dir` if missing.

    Safe for several processes at once: one downloads, the others wait. The folder appears atomically.

    Raises:
        RequestError: a jar is missing in the cache or does not match its checksum, or the cache cannot be
            written.
        TransientError: a download failed.
    """
    locked = read_lock(lock_file)
    # Named by the hash of the lock file: a new version gets a new folder, and an old checkout keeps its own.
    folder = cache_dir / "kafka" / hashlib.sha256(lock_file.read_bytes()).hexdigest()[:16]
    if not folder.is_dir():  # else the cache may be one that only its owner can write
        try:
            with _only_one(cache_dir / "kafka" / "fetching"):
                if not folder.is_dir():
                    _fetch(locked, folder)
        except OSError as error:
            raise RequestError(
                f"the cache folder {cache_dir} cannot be written: {error.strerror}; choose another one with "
                "HEADRACE_CACHE_DIR"
            ) from error
    return check_jars(folder, locked)


def check_jars(folder: Path, locked: list[LockedJar]) -> list[Path]:
    """The paths of the jars in `folder`, after checking each against its checksum.

    Raises:
        RequestError: one is missing or differs; the message names it and both checksums.
    """
    for jar in locked:
        path = folder / jar.name
        seen = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no such file"
        if seen != jar.sha256:
            raise RequestError(
                f"{jar.name} in {folder} is not the pinned one: expected SHA-256 {jar.sha256}, seen {seen}. "
                "Delete that folder to fetch it anew (HEADRACE_CACHE_DIR says where the cache is)."
            )
    return [folder / jar.name for jar in locked]


def _fetch(locked: list[LockedJar], folder: Path) -> None:
    """Download all jars beside `folder`, check them, and move them into place with one rename."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="incoming-") as incoming:
        # A Maven cache of our own: nothing is read from or written to the user's ~/.m2.
        context = _maven(Path(incoming) / "m2")
        ready = Path(incoming) / "ready"
        ready.mkdir()
        with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
            for jar, path in zip(locked, pool.map(lambda jar: download(context, jar), locked), strict=True):
                path.rename(ready / jar.name)
        check_jars(ready, locked)
        ready.rename(folder)


@retry(
    retry=retry_if_exception_type(TransientError),
    stop=stop_after_attempt(4),
    wait=wait_random_exponential(multiplier=0.5, max=5),
    reraise=True,
)
def download(context: "MavenContext", jar: LockedJar) -> Path:
    import requests

    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    try:
        return artifact.resolve()
    except (requests.RequestException, OSError, RuntimeError) as error:
        # The next attempt would take a partial file for the whole jar.
        if artifact.cached_path:
            artifact.cached_path.unlink(missing_ok=True)
        raise TransientError(
            f"{jar.name} of the local broker could not be downloaded: {error}. "
            "Repositories of your own can be named in jgo's settings (~/.config/jgo.conf)."
        ) from error


def _maven(cache: Path) -> "MavenContext":
    from jgo.config import GlobalSettings
    from jgo.maven import MavenContext

    own: dict[str, str] = GlobalSettings.load().repositories or {}
    return MavenContext(repo_cache=cache, remote_repos={**own, **MavenContext().remote_repos}, timeout=30)


@contextlib.contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed, even if we are killed
        yield


def _write_lock() -> None:
    """Resolve `COORDINATES` again and write the result to `jars.lock`."""
    import jgo

    scratch = Path(tempfile.mkdtemp(prefix="headrace-jars-"))
    os.environ["M2_REPO"] = str(scratch)
    lines = [f"# {COORDINATES}"]
    for artifact in jgo.resolve(COORDINATES):
        sha256 = hashlib.sha256(artifact.resolve().read_bytes()).hexdigest()
        lines.append(f"{sha256}  {artifact.groupId}:{artifact.artifactId}:{artifact.version}")
    LOCK_FILE.write_text("\n".join([lines[0], *sorted(lines[1:], key=lambda line: line[66:])]) + "\n")
    shutil.rmtree(scratch)


if __name__ == "__main__":
    _write_lock()
