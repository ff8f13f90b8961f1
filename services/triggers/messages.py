"""The events of a bucket in a message, whichever way it came. Pure.

    native         {"Records": [{"eventName": "ObjectCreated:Put", "s3": …}]}       also MinIO's, Ceph's
    EventBridge    {"detail-type": "Object Created", "detail": {…}}
    SNS            {"Type": "Notification", "Message": "<one of the above as text>"}
    test           {"Event": "s3:TestEvent"}                                        of a new notification

An event is a hint that something happened to a key. What is true of the object now is for the run to find, so
doubled, late and swapped events do no harm.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from schemas.errors import DocumentError

_CREATED = ("ObjectCreated:", "ObjectRestore:Completed")
_REMOVED = ("ObjectRemoved:", "LifecycleExpiration:", "LifecycleDelMarkerExpiration:")
_BRIDGE_CREATED = ("Object Created", "Object Restore Completed")
_BRIDGE_REMOVED = ("Object Deleted",)


class MessageError(DocumentError):
    """A message, or a record of one, is nothing that a bucket sends."""


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """Something happened to an object.

    Attributes:
        mark: tells this event from others of the key; the same however often and by whichever way it is
            delivered. None when the message has nothing of the kind.
        size: in bytes, where the message says it.
    """

    bucket: str
    key: str
    removed: bool = False
    mark: str | None = None
    size: int | None = None


@dataclass(slots=True)
class Events:
    """What is in a message.

    Attributes:
        ignored: events that concern no content: tags, access, storage classes.
        faults: what was not understood, beside that which was.
    """

    found: list[ObjectEvent] = field(default_factory=list)
    ignored: int = 0
    faults: list[str] = field(default_factory=list)


def events_in(body: bytes) -> Events:
    """The events of a message. Raises MessageError for one that is no message of a bucket at all."""
    return _events_of(_object(body))


def _events_of(message: Mapping[str, Any], wrapped: bool = False) -> Events:
    events = Events()
    if isinstance(message.get("Records"), list):
        for record in message["Records"]:
            _take(events, record, _native)
    elif isinstance(message.get("detail"), dict) and "detail-type" in message:
        _take(events, message, _bridged)
    elif message.get("Event") == "s3:TestEvent":
        events.ignored = 1
    elif isinstance(message.get("Message"), str) and "TopicArn" in message and not wrapped:
        if message.get("Type") == "SubscriptionConfirmation":
            raise MessageError(
                f"topic {message['TopicArn']} asks for its subscription to be confirmed: open the "
                "SubscribeURL in this message"
            )
        return _events_of(_object(message["Message"].encode("utf-8", "surrogatepass")), wrapped=True)
    else:
        names = ", ".join(sorted(map(str, message))[:10]) or "nothing"
        raise MessageError(f"no event of S3, SNS or EventBridge: it has the members {names[:300]}")
    return events


def _take(events: Events, record: Any, read: Callable[[Any], ObjectEvent | None]) -> None:
    """Read one record; what is wrong with it costs it alone."""
    try:
        event = read(record)
    except MessageError as error:
        events.faults.append(str(error))
    except (KeyError, TypeError, AttributeError) as error:
        events.faults.append(f"a record lacks a member, or has one of another kind: {error!r:.200}")
    else:
        if event is None:
            events.ignored += 1
        else:
            events.found.append(event)


def _native(record: Any) -> ObjectEvent | None:
    """A record of S3 itself. Keys are encoded as in forms; a store that does not encode them has no `+`."""
    name = _text(record["eventName"]).removeprefix("s3:")
    removed = name.startswith(_REMOVED)
    if not (removed or name.startswith(_CREATED)):
        return None
    found = record["s3"]["object"]
    version = found.get("versionId") or found.get("eTag")
    return ObjectEvent(
        bucket=_text(record["s3"]["bucket"]["name"]),
        key=_decoded(_text(found["key"])),
        removed=removed,
        mark=_mark(found.get("sequencer"), version, record.get("eventTime")),
        size=_size(found),
    )


def _bridged(message: Any) -> ObjectEvent | None:
    """An event of EventBridge. Keys are as they are."""
    if message.get("source") != "aws.s3":
        raise MessageError(f"an event of EventBridge from {message.get('source')!r:.100}, expected 'aws.s3'")
    kind, detail = message["detail-type"], message["detail"]
    if kind not in (*_BRIDGE_CREATED, *_BRIDGE_REMOVED):
        return None
    found = detail["object"]
    version = found.get("version-id") or found.get("etag")
    return ObjectEvent(
        bucket=_text(detail["bucket"]["name"]),
        key=_text(found["key"]),
        removed=kind in _BRIDGE_REMOVED,
        mark=_mark(found.get("sequencer"), version, message.get("time")),
        size=_size(found),
    )


def _mark(sequencer: Any, version: Any, time: Any) -> str | None:
    """S3's own number of the event, else version and time."""
    if isinstance(sequencer, str) and sequencer:
        return sequencer.lower()
    return f"{version or ''}@{time}" if isinstance(time, str) and time else None


def _decoded(key: str) -> str:
    try:
        return unquote_to_bytes(key.replace("+", " ")).decode()
    except UnicodeDecodeError as error:
        raise MessageError(f"the key {key[:200]!r} is not UTF-8") from error


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise MessageError(f"expected text, found {value!r:.100}")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise MessageError(f"{value[:100]!a} is not UTF-8")
    return value


def _size(found: Mapping[str, Any]) -> int | None:
    size = found.get("size")
    return size if isinstance(size, int) else None


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"it is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise MessageError(f"it is no JSON object: {body[:100]!r}")
    return found
