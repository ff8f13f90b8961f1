"""`folder`: a folder or a single file on the server's disk. Ours, beside the contract."""

from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import Field

from schemas.base import Event, OwnBody
from schemas.errors import RequestError
from schemas.globs import normalized, require_choice
from schemas.limits import MAX_GLOB_LENGTH, MAX_GLOBS
from schemas.sources.source_type import ShownRun, SourceType

Glob = Annotated[str, Field(max_length=MAX_GLOB_LENGTH)]


class FolderConfig(Event):
    """A folder or a single file on the server's disk.

    Patterns are those of `schemas.globs`. Without `include_hidden`, files that begin with a dot and those
    whose names are known for secrets are skipped, unless an include pattern requests them.
    """

    path: str
    include_globs: list[str] | None = None
    exclude_globs: list[str] | None = None
    include_hidden: bool = False
    main_content: bool = False


class FolderSource(OwnBody):
    """A folder or a single file on the server's disk. Patterns are those of `.gitignore`."""

    path: str = Field(min_length=1, max_length=4096)
    include_globs: list[Glob] | None = Field(
        default=None,
        max_length=MAX_GLOBS,
        description="Only these files. One that names hidden files or secrets brings them in.",
    )
    exclude_globs: list[Glob] | None = Field(
        default=None, max_length=MAX_GLOBS, description="Not these files."
    )
    include_hidden: bool = Field(
        default=False, description="Files that begin with a dot, and those whose names are known for secrets."
    )
    main_content: bool = Field(
        default=False, description="Index web pages without their navigation, footers and adverts."
    )


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
        try:
            require_choice(
                form.include_globs, form.exclude_globs, ("folder.include_globs", "folder.exclude_globs")
            )
        except ValueError as error:
            raise RequestError(str(error)) from error
        return FolderConfig(
            path=form.path,
            include_globs=normalized(form.include_globs),
            exclude_globs=normalized(form.exclude_globs),
            include_hidden=form.include_hidden,
            main_content=form.main_content,
        )

    def form_of(self, config: FolderConfig) -> FolderSource:
        """The same fields."""
        return FolderSource(**config.model_dump())

    def job_of(self, run: ShownRun) -> FolderJob:
        """Empty."""
        return FolderJob()

    def shown(self, form: FolderSource) -> str:
        """The path and what is chosen of it."""
        chosen = [*(form.include_globs or []), *(f"not {glob}" for glob in form.exclude_globs or [])]
        chosen += ["hidden files, too"] if form.include_hidden else []
        chosen += ["main content"] if form.main_content else []
        return form.path + (f" ({', '.join(chosen)})" if chosen else "")

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


FOLDER = Folder()
