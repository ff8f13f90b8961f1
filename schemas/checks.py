"""What an event may say of a document: checked by the API, and by the first stage for every producer.

All of it is metadata of each chunk and part of the document's state, which must fit into a message of 1 MB
together with the keys of the version before.
"""

import json
from collections.abc import Mapping

from schemas.errors import DocumentTooLarge
from schemas.events import Document, MetadataValue

#: Bytes of a document's metadata as JSON without spaces, in UTF-8.
MAX_METADATA_BYTES = 16 * 1024
#: Bytes of a document's key, version key and custom id, each. A path of Linux has at most 4,096.
MAX_NAME_BYTES = 16 * 1024


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
