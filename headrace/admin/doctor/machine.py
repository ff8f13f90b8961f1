"""Checks of this machine: versions, disks, Java, the embedding model."""

import asyncio
import os
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from headrace.admin.doctor.check import Check, Verdict, fault, ok, tried, warning
from headrace.embedding_models import models_of, open_embedder
from headrace.preflight import FULL_BYTES, START_BYTES, browser_of, free_bytes
from headrace.settings import Settings
from schemas.errors import RequestError
from streams.blobs import folder_of
from streams.data_dir import is_data_dir
from streams.tracing import startup

_MIB = 1024 * 1024


def machine_checks(settings: Settings) -> Iterator[Check]:
    """Check this machine, one after another: loading the model takes seconds."""
    yield _versions()
    yield _data_dir(settings.data_dir)
    yield _cache_dir(settings.cache_dir)
    yield from _disks(settings)
    if not settings.kafka_bootstrap_servers:
        yield _java(settings)
    if startup.wanted(os.environ):
        yield tried("traces", "see docs/tracing.md", _traces)
    if settings.web_browser:
        yield tried("browser", "see docs/web.md", lambda: browser_of(settings))
    yield _model(settings)


def _versions() -> Check:
    """Installed packages are in the ranges that the package declares."""
    wrong = []
    for line in requires("headrace") or ():
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(wanted.name)
        except PackageNotFoundError:
            wrong.append(f"{wanted.name} is missing")
            continue
        if not wanted.specifier.contains(found, prereleases=True):
            wrong.append(f"{wanted.name} is {found}, expected {wanted.specifier}")
    here = f"headrace {version('headrace')}, Python {platform.python_version()}"
    if wrong:
        return fault(
            "versions",
            f"{here}; {'; '.join(wrong)}",
            "install Headrace again, into an environment of its own (`uv tool install headrace`)",
        )
    return ok("versions", here)


def _traces() -> str:
    """Raises RequestError for what is missing or wrong."""
    startup.check()
    return "OTEL_* variables ask for them, and the packages are installed"


def _writable(folder: Path) -> str:
    """Raises RequestError for a folder that is not there and cannot be made, or that cannot be written."""
    found = folder.absolute()
    while not os.path.exists(found):  # Path's raises where a folder above may not be entered
        found = found.parent
    if not os.access(found, os.W_OK | os.X_OK):
        why = "it" if found == folder.absolute() else str(found)
        raise RequestError(f"{folder} cannot be used: {why} may not be written")
    return str(folder) if found == folder.absolute() else f"{folder} will be created when it is needed"


def _cache_dir(folder: Path) -> Check:
    found = tried("cache folder", "set HEADRACE_CACHE_DIR to another one", lambda: _writable(folder))
    # What is there can be used.
    return replace(found, verdict=Verdict.WARNING) if found.verdict is Verdict.FAULT else found


def _data_dir(folder: Path) -> Check:
    found = tried("data folder", "set HEADRACE_DATA_DIR to another one", lambda: _writable(folder))
    if found.verdict is Verdict.FAULT or not folder.exists():
        return found
    if not is_data_dir(folder):
        return fault(
            "data folder", f"{folder} holds other files", "set HEADRACE_DATA_DIR to an empty or new folder"
        )
    if mode := folder.stat().st_mode & 0o077:
        return warning(
            "data folder",
            f"{folder} can be entered by others (mode {mode | 0o700:o})",
            f"`chmod 700 {folder}`: it holds keys and the texts of all documents",
        )
    return found


def _disks(settings: Settings) -> Iterator[Check]:
    blobs = folder_of(settings.blob_url) if settings.blob_url else None
    for subject, place in (("disk", settings.data_dir), ("disk of blobs", blobs)):
        if place is None:
            continue
        if (free := free_bytes(place)) is None:
            yield ok(subject, f"the file system of {place} does not say how much is free")
            continue
        found = f"{free // _MIB:,} MiB free at {place}"
        if free < FULL_BYTES:
            yield fault(subject, found, "free some space: nothing can be written")
        elif free < START_BYTES:
            yield warning(subject, found, f"a start needs {START_BYTES // _MIB:,} MiB: free some space")
        else:
            yield ok(subject, found)


def _java(settings: Settings) -> Check:
    from streams.local.java import find_java

    return tried(
        "java",
        "unset HEADRACE_JAVA, or set it to the path of a Java 17 or newer",
        lambda: f"the local broker runs on {find_java(settings.java)}",
    )


def _model(settings: Settings) -> Check:
    """The default model loads and passes its proof."""

    def load() -> str:
        served = models_of(settings)
        with tempfile.TemporaryDirectory() as empty:  # the proof is done, not remembered
            fresh = settings.model_copy(update={"data_dir": Path(empty)})
            asyncio.run(open_embedder(fresh, served.default).close())
        others = len(served.models) - 1
        return f"{served.default} loads and passes its proof" + (f"; {others} more served" if others else "")

    return tried("embedding model", "see docs/embedding.md, HEADRACE_MODELS and HEADRACE_EMBEDDING_…", load)
