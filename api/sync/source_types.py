"""The types of sources in one table: which are available here, and what is checked of their payloads.

A new type enters here with its check, in `schemas.events.Source` with its config, and in `streams.topics`
with the topic of its runs.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from api.errors import BadRequest
from schemas.api import (
    SOURCE_TYPES,
    CreateSourcePayload,
    FileUploadJob,
    FileUploadSource,
    FolderJob,
    IndexJobMetadata,
    SourceVariants,
)
from schemas.api import FolderSource as FolderPayload
from schemas.events import FileUploadConfig, FolderConfig, Invocation, Source


@dataclass(frozen=True)
class Configs:
    """The config of a source: one of them is set."""

    folder: FolderConfig | None = None
    file_upload: FileUploadConfig | None = None


@dataclass(frozen=True)
class SourceType:
    """What the gateway does for a type.

    Args:
        configure: the config of a payload. Raises BadRequest for one that cannot be served.
        variant: how a kept source shows its config.
        metadata: how an invocation shows what it reads.
    """

    configure: Callable[[CreateSourcePayload, Sequence[Path]], Configs]
    variant: Callable[[Source], SourceVariants]
    metadata: Callable[[Invocation], IndexJobMetadata]


def source_type(name: str) -> SourceType:
    """Raises BadRequest for a type of the contract that this deployment does not have."""
    found = AVAILABLE.get(name)
    if found is None:
        raise BadRequest(
            f"source type {name} is not available in this deployment; available are {', '.join(AVAILABLE)}"
        )
    return found


def require_type_name(name: str) -> str:
    """Raises BadRequest for a filter that names no type."""
    if name not in SOURCE_TYPES:
        raise BadRequest(f"source_type {name!r} is none of {', '.join(SOURCE_TYPES)}")
    return name


def require_below_roots(path: str, roots: Sequence[Path]) -> Path:
    """The real path of a folder or file, symlinks resolved. Raises BadRequest unless it is below a root."""
    if not roots:
        raise BadRequest("folder sources are not allowed here: HEADRACE_FOLDER_ROOTS names no folder")
    if "\0" in path or not Path(path).is_absolute():
        raise BadRequest(f"folder.path must be an absolute path, found {path!r}")
    try:
        real = Path(path).resolve()
        allowed = [root.resolve() for root in roots]
        inside, there = any(real.is_relative_to(root) for root in allowed), real.exists()
        readable = real.is_dir() or real.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of symlinks, a name too long, not UTF-8
        raise BadRequest(f"folder.path {path[:200]!r} cannot be read on the server") from error
    if not inside:  # first, so that nobody learns what else is on the disk
        shown = ", ".join(str(root) for root in roots)
        raise BadRequest(
            f"folder.path {path!r} is not below HEADRACE_FOLDER_ROOTS ({shown}); start `headrace up` "
            "with it, or a folder above it, in that variable"
        )
    if not there:
        raise BadRequest(f"folder.path {path!r} does not exist on the server")
    if not readable:
        raise BadRequest(f"folder.path {path!r} is neither a folder nor a file")
    return real


def _require_pattern(glob: str) -> None:
    """Raises BadRequest for what can match nothing: git takes a bracket that is never closed in silence."""
    try:
        matches = any(pattern.include is not None for pattern in GitIgnoreSpec.from_lines([glob]).patterns)
    except (ValueError, re.error):
        matches = False
    if not matches:
        raise BadRequest(
            f"folder.include_globs has {'an empty pattern' if not glob else repr(glob[:200])}, which matches "
            "nothing; expected a pattern as in .gitignore, such as *.md"
        )


def _configure_folder(payload: CreateSourcePayload, roots: Sequence[Path]) -> Configs:
    folder = payload.folder
    assert folder is not None  # the table's key says so
    for glob in folder.include_globs or ():
        _require_pattern(glob)
    path = require_below_roots(folder.path, roots)
    globs = sorted(set(folder.include_globs)) if folder.include_globs else None
    return Configs(folder=FolderConfig(path=str(path), include_globs=globs))


def _refuse_file_upload(payload: CreateSourcePayload, roots: Sequence[Path]) -> Configs:
    raise BadRequest("a file_upload source is made by the first POST /api/v1/add-file, not here")


def _folder_variant(source: Source) -> SourceVariants:
    assert source.folder is not None
    folder = FolderPayload(path=source.folder.path, include_globs=source.folder.include_globs)
    return SourceVariants(folder=folder)


def _folder_metadata(run: Invocation) -> IndexJobMetadata:
    return IndexJobMetadata(database_name=run.database, collection_name=run.collection, folder=FolderJob())


def _file_upload_metadata(run: Invocation) -> IndexJobMetadata:
    upload = FileUploadJob(object_key=run.object_key, custom_id=run.custom_id)
    return IndexJobMetadata(database_name=run.database, collection_name=run.collection, file_upload=upload)


AVAILABLE: Mapping[str, SourceType] = {
    "folder": SourceType(_configure_folder, _folder_variant, _folder_metadata),
    "file_upload": SourceType(
        _refuse_file_upload,
        lambda source: SourceVariants(file_upload=FileUploadSource()),
        _file_upload_metadata,
    ),
}
