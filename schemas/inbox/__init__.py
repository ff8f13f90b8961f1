"""Events as JSON, for programs that have no Avro: what the topic `inbox` takes.

reading.py    bytes ─► a JSON object, or where it is broken
event.py      the fields of an event, and the JSON Schema in `schemas/json/`
documents.py  an event ─► its document, with the defaults of a deployment
registry.py   values that begin with the id of a schema in a registry
"""

from schemas.inbox.documents import Rules, Said, read_event, said_by
from schemas.inbox.event import JSON_FOLDER, InboxEvent, json_schema
from schemas.inbox.reading import read_object

__all__ = [
    "JSON_FOLDER",
    "InboxEvent",
    "Rules",
    "Said",
    "json_schema",
    "read_event",
    "read_object",
    "said_by",
]
