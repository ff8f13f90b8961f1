"""Connectors: what should be in a collection, compared with what is; the difference becomes documents.

    runs.<type> ─────► SyncConnector ────┐
    runs.file_upload ► UploadConnector ──┼──► documents
                                         └──► progress: RunStarted, ordinals, RunListed

    lister.py       the seam: how a type of source lists and reads
    folder/         a folder on the server's disk
    github/         a repository, by git over HTTP
    web/            a website
    s3/             the objects of a bucket
    sync.py         a run of a source that lists, the same for all types
    reconciliation.py   one attempt at it: sends the difference, deletes at the end
    difference.py   its core: listed and indexed as two sorted streams, merged
    guard.py        whether it may delete what it would
    scratch.py      what it sorts and sets aside on disk
    memos.py        what an origin noted for its next run
    file_upload.py  a run that brings one uploaded file
    runs.py         what every run does: begin an attempt, number documents, keep within the window
    in_flight.py    how wide the window is now
    barrier.py      waits for what a broken-off attempt has sent
    invocations.py, states.py   what a run knows of itself and of the collection

A new type of source is a module in `schemas.sources`, a package here and a line in `ORIGINS`.
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
from services.connectors.s3 import S3Origin
from services.connectors.states import source_documents
from services.connectors.sync import SyncConnector
from services.connectors.web.access import WebAccess
from services.connectors.web.lister import WebOrigin

#: How each type of source is listed and read.
ORIGINS: dict[str, Callable[[Access], Origin[Any]]] = {
    "folder": FolderOrigin,
    "github": GithubOrigin,
    "web_scrape": WebOrigin,
    "s3": S3Origin,
}


def origins(access: Access) -> Mapping[str, Origin[Any]]:
    """Every type of source, opened for this process."""
    return {name: make(access) for name, make in ORIGINS.items()}


__all__ = [
    "ORIGINS",
    "Access",
    "GithubAccess",
    "InvocationView",
    "Invocations",
    "Origin",
    "S3Access",
    "SyncConnector",
    "UploadConnector",
    "WebAccess",
    "origins",
    "source_documents",
    "source_memos",
]
