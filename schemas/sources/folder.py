"""`folder`: a folder or a single file on the server's disk. Ours, beside the contract."""

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

from pathspec import GitIgnoreSpec
from pydantic import Field

from schemas.base import Event, OwnBody
from schemas.errors import RequestError
from schemas.limits import MAX_GLOB_LENGTH, MAX_GLOBS
from schemas.sources.source_type import SourceType

if TYPE_CHECKING:
    from schemas.events import Invocation


Glob = Annotated[str, Field(max_length=MAX_GLOB_LENGTH)]


class FolderConfig(Event):
    """A folder or a single file on the server's disk."""

    path: str
    include_globs: list[str] | None = None


class FolderSource(OwnBody):
    """A folder or a single file on the server's disk."""

    path: str = Field(min_length=1, max_length=4096)
    include_globs: list[Glob] | None = Field(default=None, max_length=MAX_GLOBS)


class FolderJob(OwnBody):
    """Nothing more to say: the path stands in the source."""


class Folder(SourceType[FolderSource, FolderConfig]):
    """Documents are files; a key is the path below the folder."""

    name = "folder"
    form = FolderSource
    config = FolderConfig
    job = FolderJob

    def configure(self, form: FolderSource) -> FolderConfig:
        """Raises RequestError for a path that is not absolute and for a pattern that matches nothing."""
        if "\0" in form.path or not PurePosixPath(form.path).is_absolute():
            raise RequestError(f"folder.path must be an absolute path, found {form.path!r}")
        for glob in form.include_globs or ():
            _require_pattern(glob)
        globs = sorted(set(form.include_globs)) if form.include_globs else None
        return FolderConfig(path=form.path, include_globs=globs)

    def form_of(self, config: FolderConfig) -> FolderSource:
        """The same fields."""
        return FolderSource(path=config.path, include_globs=config.include_globs)

    def job_of(self, run: "Invocation") -> FolderJob:
        """Empty."""
        return FolderJob()

    def shown(self, form: FolderSource) -> str:
        """The path and the patterns."""
        return form.path + (f" ({', '.join(form.include_globs)})" if form.include_globs else "")

    def identity(self, config: FolderConfig) -> dict[str, Any]:
        """The path; `include_globs` is null, as earlier releases hashed it for a source without patterns."""
        return {"path": config.path, "include_globs": None}

    def same_origin(self, one: FolderConfig, other: FolderConfig) -> bool:
        """The same path; which files of it is a choice that may change."""
        return one.path == other.path

    def overlaps(self, one: FolderConfig, other: FolderConfig) -> bool:
        """The same path, or one of them below the other. Patterns do not count: they may change."""
        first, second = PurePosixPath(one.path), PurePosixPath(other.path)
        return first.is_relative_to(second) or second.is_relative_to(first)


def _require_pattern(glob: str) -> None:
    """Raises RequestError for what can match nothing: git takes a bracket that is never closed in silence."""
    try:
        matches = any(pattern.include is not None for pattern in GitIgnoreSpec.from_lines([glob]).patterns)
    except (ValueError, re.error):
        matches = False
    if not matches:
        raise RequestError(
            f"folder.include_globs has {'an empty pattern' if not glob else repr(glob[:200])}, which matches "
            "nothing; expected a pattern as in .gitignore, such as *.md"
        )


FOLDER = Folder()
