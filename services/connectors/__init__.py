"""Connectors: compare a source's listing with what is indexed and send the difference as documents.

    runs.<type> ─────► SyncConnector ────┐
    runs.file_upload ► UploadConnector ──┼──► documents
                                         └──► progress: RunStarted, ordinals, RunListed

    lister.py       the protocols that a source type implements: `Origin`, `Lister`
    folder/         a folder on the server's disk
    github/         a repository, by git over HTTP
    web/            a website
    s3/             the objects of a bucket
    sync.py         a run of a source that lists, the same for all types
    reconciliation.py   one attempt: sends the difference, deletes at the end
    difference.py   merges the listing and the index as two sorted streams
    guard.py        refuses surprisingly many deletes
    scratch.py      temporary tables: sorted listings, documents to be deleted
    memos.py        what an origin notes for its next run
    binary.py       which files are no documents
    file_upload.py  a run of one uploaded file
    runs.py         what every run does: begin an attempt, number documents, limit how many are in flight
    barrier.py      waits until the records of an interrupted attempt are indexed
    preview.py      what a source would sync, before it is created
    invocations.py, states.py   what a run knows of invocations and of the collection

A new source type is a module in `schemas.sources`, a package here and a line in `ORIGINS`. Uploads have no
line, because they list nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any

from services.connectors.file_upload import UploadConnector
from services.connectors.folder import FolderOrigin
from services.connectors.github.access import GithubAccess
from services.connectors.github.origin import GithubOrigin
from services.connectors.invocations import Invocations, InvocationView
from services.connectors.lister import Access, Origin, S3Access
from services.connectors.memos import source_memos
from services.connectors.preview import Preview
from services.connectors.s3 import S3Origin
from services.connectors.states import source_documents
from services.connectors.sync import SyncConnector
from services.connectors.web.access import WebAccess
from services.connectors.web.lister import WebOrigin

#: The origin of each source type that lists.
ORIGINS: dict[str, Callable[[Access], Origin[Any]]] = {
    "folder": FolderOrigin,
    "github": GithubOrigin,
    "web_scrape": WebOrigin,
    "s3": S3Origin,
}


def origins(access: Access) -> Mapping[str, Origin[Any]]:
    """The origins of this process, by source type. `headrace.wiring` builds `access` from the settings."""
    return {name: make(access) for name, make in ORIGINS.items()}


__all__ = [
    "ORIGINS",
    "Access",
    "GithubAccess",
    "InvocationView",
    "Invocations",
    "Origin",
    "Preview",
    "S3Access",
    "SyncConnector",
    "UploadConnector",
    "WebAccess",
    "origins",
    "source_documents",
    "source_memos",
]
