"""Checks before a start, so that the person who starts Headrace gets errors at once."""

import contextlib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.embedding_models import models_of
from headrace.settings import Settings
from headrace.usage_error import UsageError
from schemas.errors import RequestError
from schemas.limits import TRIAL_MODEL
from schemas.models_file import OnnxConfig, ServedModels

if TYPE_CHECKING:
    from services.inbox import Table

#: Required on the disk of the data folder: a start writes 3 MB, 9 logs take 20 MB each before they are
#: rotated (183 MB), and 73 MB are for the first documents in flight.
START_BYTES = 256 * 1024 * 1024
#: Required for temporary files: the first start downloads 43 MB of jars there.
TEMPORARY_BYTES = 64 * 1024 * 1024
#: The tenant of the gateway's own key, and the only one if Chroma has one.
_ONLY_TENANT = "default_tenant"
#: What Chromium and browsers made from it are called.
_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: With less the disk counts as full: the broker cannot write a batch (1 MB) with its indexes (10 MB each,
#: where files are not sparse).
FULL_BYTES = 16 * 1024 * 1024


def check_models(settings: Settings) -> ServedModels:
    """Check every configured embedding model, as far as possible without loading it; returns what is served.

    Raises UsageError with the setting, its value and the possible values.
    """
    served = models_of(settings)
    if served.models == {TRIAL_MODEL: OnnxConfig(backend="onnx")}:  # nothing can be wrong with it
        return served
    from services.embedding.catalogue import check_config  # takes a tenth of a start to load

    for name, config in served.models.items():
        with naming_model(settings, name):
            check_config(name, config)
    return served


def check_java(settings: Settings) -> None:
    """The Java that is set for the local broker can run it. Raises UsageError with what is possible."""
    from streams.local.java import find_java

    if settings.java and not settings.kafka_bootstrap_servers:
        with _blaming("JAVA", settings.java):
            find_java(settings.java)


def check_servers(settings: Settings) -> None:
    """The servers that are to be started here are installed. Raises RequestError with what to set instead."""
    for package, given, name in (
        ("jgo", settings.kafka_bootstrap_servers, "KAFKA_BOOTSTRAP_SERVERS"),
        ("chromadb", settings.chroma_url, "CHROMA_URL"),
    ):
        if not given and importlib.util.find_spec(package) is None:
            raise RequestError(
                f"the package {package} is not installed, as in images of the services: "
                f"set HEADRACE_{name}, or use the image `all-in-one`"
            )


def browser_of(settings: Settings) -> str:
    """Path of the Chromium that renders pages, "" for none. Raises UsageError with what is missing."""
    wanted = settings.web_browser
    if not wanted:
        return ""
    with _blaming("WEB_BROWSER", wanted):
        names = _CHROMIUMS if wanted == "auto" else (wanted,)
        found = next(filter(None, map(shutil.which, names)), None)
        if found is None:
            why = f"the PATH has none of {', '.join(names)}" if wanted == "auto" else "it is no program"
            raise RequestError(f"{why}; install Chromium, or set the path of one")
        if importlib.util.find_spec("playwright") is None:
            raise RequestError("Playwright is not installed: install headrace[browser]")
        return found


def tables_of(settings: Settings) -> "dict[str, Table]":
    """Topics that hold rows of a database. Raises UsageError with the table and the field that is wrong."""
    if settings.inbox_tables is None:
        return {}
    from services.inbox.tables import read_tables  # takes a tenth of a start to load
    from streams.topics import CATALOGUE

    with _blaming("INBOX_TABLES", str(settings.inbox_tables)):
        return read_tables(settings.inbox_tables, [settings.topic_prefix + topic.name for topic in CATALOGUE])


def check_inbox(settings: Settings) -> None:
    """The inbox reaches no tenant whose databases would be those of another one. Raises UsageError with the
    setting and what to do."""
    if not settings.chroma_tenant:
        return
    allowed = ", ".join(settings.inbox_allowed)
    named = {one.partition("/")[0] for one in settings.inbox_allowed}
    for name, value, tenants in (
        ("INBOX_TENANT", settings.inbox_tenant, {settings.inbox_tenant}),
        ("INBOX_ALLOWED", allowed, named),
    ):
        with _blaming(name, value):
            if tenants - {_ONLY_TENANT}:
                raise RequestError(
                    "with HEADRACE_CHROMA_TENANT, Chroma keeps all databases under one tenant, so events of "
                    f"others would write to those of {_ONLY_TENANT!r}: name that tenant, or databases of it"
                )


@contextlib.contextmanager
def naming_model(settings: Settings, model: str) -> Iterator[None]:
    """Add the setting that names a model to its errors in the body."""
    if model in settings.embedding_models:
        name, value = "EMBEDDING_MODELS", model
    elif settings.embedding_folder is not None and model == (settings.embedding_model or TRIAL_MODEL):
        name, value = "EMBEDDING_FOLDER", str(settings.embedding_folder)
    elif model == settings.embedding_model:
        name, value = "EMBEDDING_MODEL", model
    else:
        name, value = "MODELS", str(settings.models or model)
    with _blaming(name, value):
        yield


@contextlib.contextmanager
def _blaming(name: str, value: str) -> Iterator[None]:
    try:
        yield
    except RequestError as error:
        raise UsageError(f"HEADRACE_{name} is {value!r}: {error}") from error


def check_room(data_dir: Path) -> None:
    """Check the free disk space of the data folder and of temporary files.

    Raises RequestError with the folder, its free space and what to do.
    """
    for place, setting, least in _places(data_dir, START_BYTES, TEMPORARY_BYTES):
        free = free_bytes(place)
        if free is not None and free < least:
            raise RequestError(
                f"the disk of {place} has {free:,} bytes free, a start needs {least:,}: free some space, or "
                f"set {setting} to a folder on another disk"
            )


def shortage(data_dir: Path) -> str:
    """Name the disk that is full, as the end of a sentence; empty if none is."""
    with contextlib.suppress(RequestError, OSError):
        for place, setting, least in _places(data_dir, FULL_BYTES, FULL_BYTES):
            free = free_bytes(place)
            if free is not None and free < least:
                return f"the disk of {place} ({setting}) is full: {free:,} bytes free"
    return ""


def _places(data_dir: Path, data_bytes: int, temporary_bytes: int) -> Iterator[tuple[Path, str, int]]:
    yield data_dir, "HEADRACE_DATA_DIR", data_bytes
    try:
        # SQLite, in Chroma, uses a writable TMPDIR even on a full disk; Python does not.
        given = os.environ.get("TMPDIR", "")
        usable = os.path.isdir(given) and os.access(given, os.W_OK | os.X_OK)
        yield Path(given if usable else tempfile.gettempdir()), "TMPDIR", temporary_bytes
    except FileNotFoundError as error:
        raise RequestError("no writable folder for temporary files: set TMPDIR to one") from error


def free_bytes(place: Path) -> int | None:
    """Bytes that the user may still write on the disk of a place, which need not exist; None: unknown."""
    there = next((one for one in (place, *place.absolute().parents) if one.is_dir()), None)
    if there is None:
        return None
    usage = shutil.disk_usage(there)
    return usage.free if usage.total else None  # some network and user-space file systems report 0 of 0
