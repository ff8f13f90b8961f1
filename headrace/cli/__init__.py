"""The command `headrace`.

Modules of this package import next to nothing when they are imported: `headrace --help` answers at once, and
each command loads what it needs.

    up.py         up, service              records.py   topics, dead-letters, blobs
    content.py    sync, query              documents.py parse, chunk
    sources.py    sources
    resources.py  invocations, keys
"""

from headrace.cli.app import main

__all__ = ["main"]
