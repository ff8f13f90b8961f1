"""What the local mode runs beside our own services: a real Kafka broker and a Chroma server.

    LocalBroker ──┐                     ┌── java.py    which Java runs it
                  ├── ChildProcess ─────┼── jars.py    which jars, checked against jars.lock
    LocalChroma ──┘   (process.py)      ├── class_archive.py  their classes, for a faster start
                      die with us,      ├── ports.py   a port that stays the same
                      log to a file     ├── lock.py    one owner of a data folder
                                        └── credentials.py  the broker's password

Both are installed through Python packages, listen on loopback only, keep everything in their data folder and
die with the process that started them. A data folder keeps its port, so clients reconnect by themselves after
a restart.
"""

from streams.local.broker import LocalBroker
from streams.local.chroma import LocalChroma
from streams.local.lock import DataDirLock
from streams.local.process import ChildProcess, ProcessSpec

__all__ = [
    "ChildProcess",
    "DataDirLock",
    "LocalBroker",
    "LocalChroma",
    "ProcessSpec",
]
