"""The types of sources: one module each, and one line in the table here.

A module says what its configuration is, in the HTTP API and on topics, and how a source and its invocations
are shown. From the table follow the members of `schemas.events.Source` and of the API's bodies, the topics
`runs.<type>`, and what the gateway and the command know of a type. How its documents are listed and read is a
package of `services.connectors` with a line in the table there.

    source_type                                   what a type has to say
    folder, file_upload, s3, github, web_scrape   served
"""

from typing import Any

from schemas.sources.file_upload import FILE_UPLOAD
from schemas.sources.folder import FOLDER
from schemas.sources.github import GITHUB
from schemas.sources.s3 import S3_BUCKET
from schemas.sources.source_type import SourceType, with_members
from schemas.sources.web_scrape import WEB_SCRAPE

#: Every type by its name. Add a type at the end: the order is that of the fields of `schemas.events.Source`.
SOURCE_TYPES: dict[str, SourceType[Any, Any]] = {
    kind.name: kind
    for kind in (
        FOLDER,
        FILE_UPLOAD,
        S3_BUCKET,
        GITHUB,
        WEB_SCRAPE,
    )
}


def served() -> dict[str, SourceType[Any, Any]]:
    """The types that this release can sync, by name."""
    return {name: kind for name, kind in SOURCE_TYPES.items() if kind.config is not None}


__all__ = [
    "FILE_UPLOAD",
    "FOLDER",
    "GITHUB",
    "S3_BUCKET",
    "SOURCE_TYPES",
    "WEB_SCRAPE",
    "SourceType",
    "served",
    "with_members",
]
