"""Connectors: what should be in a collection, compared with what is; the difference becomes documents.

    runs.folder ─────► FolderConnector ──┐
    runs.file_upload ► UploadConnector ──┼──► documents
                                         └──► progress: RunStarted, ordinals, RunListed

    runs.py        what every run does: begin an attempt, number documents, keep within the window
    pace.py        how wide the window is now
    barrier.py     waits for what a broken-off attempt has sent
    difference.py  the core: listed against indexed
    folder.py      lists a folder (what git would) and reads its files

A new type of source is a connector here, a topic in `streams.topics.RUNS` and a config in `schemas.events`.
"""

from services.connectors.file_upload import UploadConnector
from services.connectors.folder import FolderConnector
from services.connectors.runs import InvocationView, source_documents

__all__ = ["FolderConnector", "InvocationView", "UploadConnector", "source_documents"]
