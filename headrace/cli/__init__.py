"""The command `headrace`.

Modules of this package import almost nothing at import time, so `headrace --help` answers at once; each
command loads what it needs.

    up.py         up, service              records.py   topics, dead-letters, blobs
    content.py    sync                     documents.py parse, chunk
    query.py      query                    events.py    events
    sources.py    sources              indexed_documents.py  collections, documents
    resources.py  invocations, keys
"""

import sys

from headrace.packages import broken_package, hidden_package, start_safely

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Run the command and end the process: 0 done, 1 failed, 2 called wrongly, 128 + n signal n."""
    try:
        _main(arguments)
    except KeyboardInterrupt:  # before the command began
        sys.stderr.write("headrace: broken off\n")
        sys.exit(130)


def _main(arguments: list[str] | None) -> None:
    start_safely()
    if hidden := hidden_package():
        sys.exit(f"headrace: {hidden}")
    try:
        from headrace.cli.app import run
    except ImportError as error:
        if broken := broken_package(error):
            sys.exit(f"headrace: {broken}")
        raise
    status = run(sys.argv[1:] if arguments is None else arguments)
    if arguments is None and "confluent_kafka" in sys.modules:  # its threads may outlive the command
        from streams.processes.ending import end_process

        end_process(status)
    sys.exit(status)
