"""`headrace sync`: sync files, a repository, a website or a bucket, and follow the run to its end.

request.py  what to sync into which collection
sources.py  find, change or create the source
runs.py     start, follow and finish the run
result.py   the result
"""

from headrace.client.sync.request import (
    RUN_FLAGS,
    RemoteSource,
    SyncRequest,
    folder_payload,
    listing_of,
    looked_for,
    source_payload,
    wanted_source,
)
from headrace.client.sync.result import SyncResult, as_json
from headrace.client.sync.runs import begin, finish, follow
from headrace.client.sync.sources import SourceOfSync, source_of_sync

__all__ = [
    "RUN_FLAGS",
    "RemoteSource",
    "SourceOfSync",
    "SyncRequest",
    "SyncResult",
    "as_json",
    "begin",
    "finish",
    "folder_payload",
    "follow",
    "listing_of",
    "looked_for",
    "source_of_sync",
    "source_payload",
    "wanted_source",
]
