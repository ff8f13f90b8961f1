"""An archive of the broker's classes (class data sharing). A JVM maps it instead of reading jars, and starts
with half of the CPU.

    first start ── lists its classes ──► DATA/classes.list ──► java -Xshare:dump ──► CACHE/kafka/classes-….jsa
    later ones ── map the archive ◄──────────────────────────────────────────────────────┘

A JVM checks that an archive was made by itself, of the same jars, and is whole; otherwise it starts without.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from schemas.errors import TransientError
from streams.local.process import ChildProcess, ProcessSpec

#: Archives are an optimisation: what is wrong with one is no warning of the broker.
_SILENT = "-Xlog:disable", "-Xlog:all=error:stderr"


class ClassArchive:
    """The archive of one class path for one `java`.

    Args:
        folder: where archives are kept; shared by all data folders.
        classes: the file in which a JVM without an archive lists the classes that it loads.
    """

    def __init__(self, folder: Path, java: Path, jars: Sequence[Path], classes: Path) -> None:
        self._java, self._jars, self._classes = java, jars, classes
        self.file = folder / f"classes-{_identity(java, jars)}.jsa"

    def options(self, lists: bool) -> list[str]:
        """Options of the JVM: use the archive if there is one; otherwise, with `lists`, list the classes."""
        if self.file.exists():
            return [*_SILENT, f"-XX:SharedArchiveFile={self.file}", "-XX:+VerifySharedSpaces"]
        return [*_SILENT, f"-XX:DumpLoadedClassList={self._classes}"] if lists else []

    async def make(self) -> None:
        """Make the archive of the classes that were listed, unless there is one. Takes several seconds of
        CPU, at low priority; if cancelled, it leaves nothing behind. Raises TransientError or OSError if it
        cannot be made."""
        if self.file.exists() or not self._classes.exists():
            return
        with tempfile.TemporaryDirectory(dir=self.file.parent, prefix="classes-") as scratch:
            made = Path(scratch) / "made.jsa"
            child = ChildProcess(
                ProcessSpec("classes", self._dump(made, Path(scratch)), Path(scratch) / "log")
            )
            try:
                await child.start()
                status = await child.wait()
            finally:
                await child.kill()
            if status or not made.exists():
                raise TransientError(f"the broker's classes could not be archived: exit status {status}")
            made.rename(self.file)
            self._classes.unlink(missing_ok=True)

    def _dump(self, made: Path, scratch: Path) -> list[str]:
        # The JVM may be writing the last line.
        complete = self._classes.read_text(errors="replace").rpartition("\n")[0]
        (scratch / "classes").write_text(complete + "\n")
        nice = shutil.which("nice")
        return [
            *([nice, "-n", "19"] if nice else []),
            *(str(self._java), *_SILENT, "-Xshare:dump", "-XX:+UseSerialGC", "-Xmx512m"),
            f"-XX:SharedClassListFile={scratch / 'classes'}",
            f"-XX:SharedArchiveFile={made}",
            *("-cp", ":".join(map(str, self._jars))),
        ]


def _identity(java: Path, jars: Sequence[Path]) -> str:
    """Differs for another class path, and another version of Java."""
    home = java.resolve().parent.parent
    release = home / "release"
    version = release.read_bytes() if release.is_file() else str(home).encode()
    return hashlib.sha256(b"\0".join([version, *(str(jar).encode() for jar in jars)])).hexdigest()[:16]
