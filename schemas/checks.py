"""What may be said of a document and of where it goes: checked by the API and the command, and by the first
stage for every producer.

All that is said of a document is metadata of each chunk and part of the document's state, which must fit into
a message of 1 MB together with the keys of the version before.
"""

import json
import math
import re
from collections.abc import Mapping
from ipaddress import ip_address

from schemas.errors import DocumentTooLarge, RequestError
from schemas.events import Document, MetadataValue
from schemas.limits import MAX_CUSTOM_ID_BYTES, RESERVED_METADATA_KEYS

#: Bytes of a document's metadata as JSON without spaces, in UTF-8.
MAX_METADATA_BYTES = 16 * 1024
#: Bytes of a document's key, version key and custom id, each. A path of Linux has at most 4,096.
MAX_NAME_BYTES = 16 * 1024
#: Chroma's own, and characters that its server refuses to see at the beginning of a key.
RESERVED_PREFIXES = ("chroma_", "chroma:", "#", "$")

#: Control characters.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_COLLECTION = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{1,510}[a-zA-Z0-9]")
_INT64 = 1 << 63


def check_document(document: Document) -> None:
    """Raises DocumentTooLarge for a document with longer names or more metadata than the limits allow."""
    for field in ("document_key", "version_key", "custom_id"):
        size = _bytes(getattr(document, field) or "")
        if size > MAX_NAME_BYTES:
            raise DocumentTooLarge(f"{field} has {size:,} bytes, at most {MAX_NAME_BYTES:,} are possible")
    check_metadata(document.metadata)


def check_metadata(metadata: Mapping[str, MetadataValue]) -> None:
    """Raises DocumentTooLarge for more than MAX_METADATA_BYTES."""
    size = _bytes(json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))) if metadata else 0
    if size > MAX_METADATA_BYTES:
        raise DocumentTooLarge(f"metadata has {size:,} bytes, at most {MAX_METADATA_BYTES:,} are possible")


def require_text(name: str, value: str) -> str:
    """A value that is UTF-8 and not empty."""
    if not value:
        raise RequestError(f"{name} must not be empty")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise RequestError(f"{name} is not UTF-8")
    return value


def require_custom_id(value: str) -> str:
    """The base of a document's chunk ids: 1 to 120 bytes without control characters."""
    require_text("custom_id", value)
    size = len(value.encode())
    if size > MAX_CUSTOM_ID_BYTES:
        raise RequestError(f"custom_id has {size} bytes, expected at most {MAX_CUSTOM_ID_BYTES}")
    if CONTROL.search(value):
        raise RequestError("custom_id has control characters")
    return value


def metadata_of(found: Mapping[str, object]) -> dict[str, MetadataValue]:
    """Checked metadata: scalars, null, and non-empty arrays of one kind of scalar."""
    for key in found:
        if not key or key in RESERVED_METADATA_KEYS or key.startswith(RESERVED_PREFIXES):
            raise RequestError(f"metadata key {key!r} is reserved or empty; choose another name")
    metadata = {key: _value(key, value) for key, value in found.items()}
    try:
        check_metadata(metadata)  # numbers may be longer than they were sent
    except DocumentTooLarge as error:
        raise RequestError(str(error)) from error
    return metadata


def _value(key: str, value: object) -> MetadataValue:
    if isinstance(value, list):
        return _array(key, value)
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if not -_INT64 <= value < _INT64:
            raise RequestError(f"metadata {key!r}: {value} does not fit into 64 bits")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise RequestError(f"metadata {key!r} is not a finite number")
        return value
    raise RequestError(f"metadata {key!r} must be a scalar or an array of scalars, found an object")


def _array(key: str, values: list[object]) -> MetadataValue:
    """Convert integers in an array with fractions to fractions; all other values must be of one kind."""
    for value in values:
        if value is None or isinstance(value, list | dict):
            raise RequestError(f"metadata {key!r}: an array may contain only strings, numbers or booleans")
        _value(key, value)
    kinds = {type(value) for value in values}
    if kinds == {int, float}:
        return [float(value) for value in values]  # type: ignore[arg-type]
    if len(kinds) != 1:
        raise RequestError(
            f"metadata {key!r}: an array must contain at least one value, and values of one kind"
        )
    return values  # type: ignore[return-value]


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def check_collection_name(name: str) -> None:
    """Raises RequestError for what Chroma takes for no collection's name."""
    if not _COLLECTION.fullmatch(name) or ".." in name or _is_ip(name):
        raise RequestError(
            f"collection name {name[:80]!r}: expected 3 to 512 characters of a-z, A-Z, 0-9, '.', '_', '-', "
            "a letter or digit first and last, no '..' and no IP address"
        )


def check_database_name(name: str) -> None:
    """Raises RequestError for what cannot be a database's name."""
    if not 1 <= len(name) <= 512:
        raise RequestError("database_name must have 1 to 512 characters")


def _is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
