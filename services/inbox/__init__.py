"""The inbox: JSON from programs of all kinds, and rows of databases, become events on `documents`.

    inbox, topics of Debezium ─► stage ─► documents
                                   │
                       what is wrong: dead-letters

    stage.py        a record: its events, each with the id of its document as key
    values.py       the bytes of a record: JSON, or framed by a schema registry
    tables.py       the file that says which topics hold rows, and what a row means as a document
    rows.py         pure: the events that a change of a row means
    letters.py      records that could not be read, until a later one brings their document
    collections.py  what Chroma says of the collections that events name
    room.py         how many documents may be in flight
    progress.py     follows what is done

It runs in the process of the connectors: one process less is 70 MB less on a small machine.
"""

from services.inbox.collections import Collections
from services.inbox.progress import Following
from services.inbox.room import Room
from services.inbox.stage import InboxCodec, InboxStage
from services.inbox.tables import Table, read_tables
from services.inbox.values import Values

__all__ = ["Collections", "Following", "InboxCodec", "InboxStage", "Room", "Table", "Values", "read_tables"]
