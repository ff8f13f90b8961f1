"""Check arguments before anything starts, because a start takes many seconds."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.usage_error import UsageError
from schemas.errors import RequestError

if TYPE_CHECKING:
    from headrace.client.sync import SyncRequest
    from headrace.settings import Settings

_OPTIONS = {"path": "PATH", "include_globs": "--include", "exclude_globs": "--exclude"}
#: The beginning of an address, and of one with a slash too few.
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_ONE_SLASH = re.compile(r"(s3|https?):/?(?=[^/])", re.IGNORECASE)


def require_target(database: str, collection: str) -> None:
    """Raise UsageError for names that Chroma does not allow for databases or collections."""
    from schemas.checks import check_collection_name, check_database_name

    for option, check, name in (
        ("--database", check_database_name, database),
        ("--collection", check_collection_name, collection),
    ):
        try:
            check(name)
        except RequestError as error:
            raise UsageError(f"{option}: {error}") from None


@contextmanager
def in_options(options: Mapping[str, str], prefix: str = "") -> Iterator[None]:
    """Turns what no gateway would take into a UsageError that names options.

    Args:
        options: member of a form → option of the command.
        prefix: of a member in the words of the gateway (`s3.`).
    """
    from pydantic import ValidationError

    try:
        yield
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = str(fault["loc"][0])
        raise UsageError(f"{options.get(name, name)}: {fault['msg']}") from None
    except RequestError as error:
        message = str(error)
        for member, option in options.items():
            message = message.replace(prefix + member, option)
        raise UsageError(message) from None


def require_request(request: "SyncRequest") -> None:
    """Raise UsageError for values that no gateway accepts."""
    from headrace.client.sync import wanted_source

    require_target(request.database, request.collection)
    with in_options(_OPTIONS):
        wanted_source(request)


def path_to_sync(path: str, settings: "Settings") -> str:
    """The absolute path. On our own disk it must exist, be readable and be allowed as a source."""
    if not path:  # a shell variable that is not set; the current folder is `.`
        raise UsageError("PATH is empty; expected a folder or a file")
    local = Path(path).expanduser().absolute()
    if (found := _ONE_SLASH.match(path)) and not os.path.lexists(local):
        raise UsageError(f"{path} is no address; did you mean {found[1]}://{path[found.end() :]}?")
    if (scheme := _SCHEME.match(path)) and not os.path.lexists(local):
        raise UsageError(
            f"{path}: {scheme[0]} cannot be synced; expected a folder, a file, github:owner/repo, "
            "https://host/path or s3://bucket/prefix"
        )
    if path.startswith("www.") and not os.path.lexists(local):
        raise UsageError(f"{path} is no folder; did you mean https://{path}?")
    if settings.url is not None:
        return str(local)
    _require_readable(local)
    # `..` and links are the gateway's to resolve, on its disk; ours is the same one.
    return str(local.resolve())


def _require_readable(local: Path) -> None:
    from streams.places import Places

    try:
        there, readable = local.exists(), local.is_dir() or local.is_file()
    except OSError as error:  # a name too long, a loop of symlinks
        raise RequestError(f"{local} cannot be read: {error.strerror}") from None
    if not readable:
        shown = kind_of(local) if there else "does not exist"
        raise RequestError(f"{local} {shown}; expected a folder or a file")
    if not os.access(local, os.R_OK | (os.X_OK if local.is_dir() else 0)):
        raise RequestError(f"{local} cannot be read: Permission denied")
    if reason := Places().refusal(local.resolve()):
        raise RequestError(reason)


def kind_of(path: Path) -> str:
    """What something is that is no file, as the end of a sentence."""
    kinds = {"is a device": path.is_char_device() or path.is_block_device()}
    kinds |= {"is a named pipe": path.is_fifo(), "is a socket": path.is_socket()}
    return next((name for name, found in kinds.items() if found), "is neither a folder nor a file")
