"""Events in the Confluent wire format, for clusters with a schema registry.

The frame is a zero byte and the id of the writer's schema in the registry (4 bytes, big-endian). A subject is
named after topic and record (TopicRecordName), because several records share a topic. Needs the extra
`registry`; what it brings is imported when a codec is made.
"""

import json
from typing import Any

from schemas.codec import BodyReader, SingleObjectCodec, records
from schemas.errors import ContractError, RequestError, TransientError
from schemas.events import Event

_MAGIC = b"\0"
_FRAME_BYTES = 5
#: The registry is asked once per schema, from the event loop: it gets little time, and the worker another try
#: when it is started again.
_CLIENT = {"timeout": 5, "retries.wait.ms": 200, "retries.max.wait.ms": 1000}
#: Answers that mean "later": time-outs, too many requests, and every 5xx.
_LATER = frozenset({408, 429})


class RegistryCodec:
    """Writes the Confluent wire format, reads it and single-object frames (a cluster that is migrated).

    Args:
        url: of the registry; several with commas between them, credentials as `user:password@`.
        prefix: of the topics' names on the cluster, which the subjects begin with.
        retries: of a request that is not answered.

    Raises RequestError if the extra is not installed or the URL is invalid.
    """

    def __init__(self, url: str, prefix: str = "headrace.", retries: int = 2) -> None:
        try:
            from confluent_kafka import schema_registry
        except ImportError as error:
            raise RequestError(
                "a schema registry is set (HEADRACE_SCHEMA_REGISTRY_URL), but its client is not installed "
                f"({error}): install headrace[registry]"
            ) from error
        self._library: Any = schema_registry
        try:
            properties = {"url": url, "max.retries": retries, **_CLIENT}
            self._client: Any = schema_registry.SchemaRegistryClient(properties)
        except ValueError as error:
            # Not shown: it may hold a password.
            raise RequestError("HEADRACE_SCHEMA_REGISTRY_URL must be a URL that begins with http") from error
        self._prefix = prefix
        self._single_object = SingleObjectCodec()
        self._frames: dict[tuple[str, type[Event]], bytes] = {}
        self._readers: dict[bytes, BodyReader] = {}

    def encode(self, event: Event, topic: str) -> bytes:
        """Frame and body. The first event of a type on a topic looks its schema's id up, or registers it.

        Raises TransientError when the registry does not answer, RequestError when it refuses the schema.
        """
        key = (topic, type(event))
        if key not in self._frames:
            self._frames[key] = _MAGIC + self._id(*key).to_bytes(_FRAME_BYTES - 1, "big")
        return records()[type(event)].write(event, self._frames[key])

    def decode(self, value: bytes) -> Event:
        """The event in `value`. The first value of a schema fetches it.

        Raises ContractError for bytes that no record's schema wrote, TransientError when the registry does
        not answer.
        """
        if not value.startswith(_MAGIC):
            return self._single_object.decode(value)
        frame = value[:_FRAME_BYTES]
        if frame not in self._readers:
            self._readers[frame] = self._reader(frame)
        return self._readers[frame].event(value[_FRAME_BYTES:])

    def _id(self, topic: str, event_type: type[Event]) -> int:
        subject = f"{self._prefix}{topic}-headrace.{event_type.__name__}"
        schema = self._library.Schema(records()[event_type].text, "AVRO")
        try:
            try:
                return int(self._client.lookup_schema(subject, schema).schema_id)
            except self._library.SchemaRegistryError as error:
                if error.http_status_code != 404:
                    raise
            return int(self._client.register_schema(subject, schema))
        except self._library.SchemaRegistryError as error:
            raise _refusal(error, f"the schema of subject {subject}") from error
        except Exception as error:  # whatever the HTTP client raises when nobody answers
            raise TransientError(f"the schema registry does not answer: {error!r}") from error

    def schema(self, frame: bytes) -> tuple[str, str]:
        """Type (`AVRO`, `JSON`, `PROTOBUF`) and text of the schema that a frame names. Blocks.

        Raises ContractError if there is none, TransientError when the registry does not answer, RequestError
        when it refuses.
        """
        if len(frame) < _FRAME_BYTES:
            raise ContractError(f"value {frame.hex()} ends inside its frame (00 + 4 bytes of schema id)")
        number = int.from_bytes(frame[1:], "big")
        try:
            found = self._client.get_schema(number)
        except self._library.SchemaRegistryError as error:
            if error.http_status_code == 404:
                raise ContractError(f"the schema registry has no schema {number}") from error
            raise _refusal(error, f"schema {number}") from error
        except Exception as error:
            raise TransientError(f"the schema registry does not answer: {error!r}") from error
        return str(found.schema_type), str(found.schema_str)

    def _reader(self, frame: bytes) -> BodyReader:
        _, text = self.schema(frame)
        number = int.from_bytes(frame[1:], "big")
        try:
            return BodyReader(json.loads(text))
        except ContractError as error:
            raise ContractError(f"schema {number} of the registry: {error}") from error
        except Exception as error:  # fastavro raises whatever a broken schema leads it to
            raise ContractError(
                f"schema {number} of the registry is not an Avro schema: {error!r}"
            ) from error


def _refusal(error: Any, what: str) -> Exception:
    """What a registry's answer means. 409 is an incompatible schema, 401 and 403 are credentials."""
    if error.http_status_code in _LATER or error.http_status_code >= 500:
        return TransientError(f"the schema registry cannot serve {what} now: {error}")
    return RequestError(f"the schema registry refuses {what}: {error} (HEADRACE_SCHEMA_REGISTRY_URL)")
