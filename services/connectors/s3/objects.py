"""Decide which listed objects are documents, and describe them without reading them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from schemas.events import MetadataValue
from schemas.meta_files import is_meta_file
from schemas.sources.s3 import S3Config, S3Options
from services.connectors.lister import Entry, Item, Known, LeftOut, Skipped, Unreadable

#: Storage classes whose objects must be restored before they can be read; GLACIER_IR answers at once.
ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
FOLDER_MARKER = "folder marker"
#: Why a source in metadata mode leaves objects out.
NOT_NAMED = "no .meta.json names them for this collection"
#: Types that stores return for an unknown type.
_NO_TYPE = frozenset({"binary/octet-stream", "application/octet-stream", "application/x-directory"})


def version_of(etag: str, size: int) -> str | None:
    """ETag and size: equal while the object is unchanged. The ETag is not treated as a hash.

    None if the store returns no ETag; then the content decides.
    """
    return f"{etag}-{size}" if etag else None


def etag_of(version: str | None) -> str | None:
    """The ETag of a version."""
    return None if version is None else version.rsplit("-", 1)[0]


@dataclass(frozen=True, slots=True)
class Given:
    """The options that a run of a single object set; stored, so that runs over all objects keep them."""

    custom_id: str | None = None
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)

    @classmethod
    def of(cls, options: S3Options) -> "Given":
        """The options of a run. Null means that there is no such key."""
        metadata = {name: value for name, value in options.metadata.items() if value is not None}
        return cls(options.custom_id, metadata)

    @classmethod
    def kept(cls, memo: bytes | None) -> "Given":
        """The stored options of an object."""
        return cls(**json.loads(memo)) if memo else cls()

    def memo(self) -> bytes | None:
        """The memo to store; None for nothing."""
        if self.custom_id is None and not self.metadata:
            return None
        kept = {"custom_id": self.custom_id, "metadata": dict(self.metadata)}
        return json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()

    def item(self, key: str, etag: str, size: int) -> Item:
        """The document of an object."""
        return Item(key, version_of(etag, size), size, self.metadata, self.custom_id, self.memo())


#: The options of an object; None if the source does not want it.
Wanted = Callable[[str], Given | None]


class Objects:
    """Turns listed objects into documents.

    Args:
        wanted: which objects to index, and with which options; by default all, with their stored options.
        faults: why a `.meta.json` file is invalid, by key.
    """

    def __init__(
        self,
        config: S3Config,
        known: Known,
        wanted: Wanted | None = None,
        faults: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._wanted: Wanted = wanted or (lambda key: Given.kept(known.memo(key)))
        self._meta, self._faults = config.auto_sync != "none", faults

    def entries(self, contents: Sequence[Mapping[str, Any]]) -> list[Entry]:
        """The entries of a page, without folder markers, which are not documents."""
        objects = [one for one in contents if not is_folder_marker(str(one["Key"]), int(one.get("Size", 0)))]
        found = [entry for one in objects if (entry := self._entry(one)) is not None]
        unwanted = len(objects) - len(found)
        return [*found, LeftOut(NOT_NAMED, unwanted)] if unwanted else found

    def _entry(self, found: Mapping[str, Any]) -> Entry | None:
        """The document of an object, or why it is not one; None if the object is not wanted."""
        key, size = str(found["Key"]), int(found.get("Size", 0))
        if self._meta and is_meta_file(key):
            if key in self._faults:
                return Unreadable(key, self._faults[key], alone=True)
            return Skipped(key, "describes other objects")
        given = self._wanted(key)
        if given is None:
            return None
        if _is_archived(found):  # what is indexed stays
            return Skipped(key, f"archived ({found['StorageClass']}): restore it to index it", keep=True)
        return given.item(key, str(found.get("ETag", "")).strip('"'), size)


def is_folder_marker(key: str, size: int) -> bool:
    """Whether this is an empty object with which consoles show a folder. With content it is a document."""
    return key.endswith("/") and not size


def content_type_of(key: str, told: str | None) -> str | None:
    """The media type for names without a suffix; a suffix is more reliable than the uploader's guess."""
    if PurePosixPath(key).suffix or not told or told in _NO_TYPE:
        return None
    return told


def _is_archived(found: Mapping[str, Any]) -> bool:
    if found.get("StorageClass") not in ARCHIVED:
        return False
    restored: Mapping[str, Any] = found.get("RestoreStatus") or {}
    return bool(restored.get("IsRestoreInProgress", True)) or "RestoreExpiryDate" not in restored
