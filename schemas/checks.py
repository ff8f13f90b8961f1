"""What may be said of a document and of where it goes: checked by the API and the command, and by the first
stage for every producer.

All that is said of a document is metadata of each chunk and part of the document's state, which must fit into
a message of 1 MB together with the keys of the version before.
"""

import json
import re
from collections.abc import Mapping
from ipaddress import ip_address

from schemas.errors import DocumentTooLarge, RequestError
from schemas.events import Document, MetadataValue

#: Bytes of a document's metadata as JSON without spaces, in UTF-8.
MAX_METADATA_BYTES = 16 * 1024
#: Bytes of a document's key, version key and custom id, each. A path of Linux has at most 4,096.
MAX_NAME_BYTES = 16 * 1024
_COLLECTION = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{1,510}[a-zA-Z0-9]")


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
