"""The Confluent wire format, with a registry that answers over real HTTP."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from schemas.codec import SingleObjectCodec, records
from schemas.errors import ContractError, RequestError, TransientError
from schemas.events import CancelRequested, Event, RunListed
from schemas.inbox.registry import FramedValues
from schemas.registry import RegistryCodec

pytest.importorskip(
    "confluent_kafka.schema_registry",
    reason="NOT TESTED: the extra `registry` is not installed",
    exc_type=ImportError,
)

EVENT = CancelRequested(invocation_id="i")


@dataclass
class Registry:
    """The part of a schema registry's API that a producer and a consumer need."""

    url: str = ""
    ids: dict[tuple[str, str], int] = field(default_factory=dict)
    schemas: dict[int, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    refuse_with: int | None = None

    def add(self, subject: str, schema: str) -> int:
        known = next((n for n, text in self.schemas.items() if text == schema), 100 + len(self.schemas))
        self.schemas[known] = schema
        self.ids[subject, schema] = known
        return known

    async def lookup(self, request: web.Request) -> web.Response:
        subject, schema = request.match_info["subject"], (await request.json())["schema"]
        if (subject, schema) not in self.ids:
            return _error(404, 40401, f"Subject '{subject}' not found.")
        number = self.ids[subject, schema]
        return web.json_response({"subject": subject, "id": number, "version": 1, "schema": schema})

    async def register(self, request: web.Request) -> web.Response:
        found = self.add(request.match_info["subject"], (await request.json())["schema"])
        return web.json_response({"id": found})

    async def schema(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        if number not in self.schemas:
            return _error(404, 40403, "Schema not found")
        text = self.schemas[number]
        kind = {"schemaType": "JSON"} if "$schema" in text else {}
        return web.json_response({"schema": text, **kind})

    @web.middleware
    async def note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path}")
        if self.refuse_with:
            return _error(self.refuse_with, self.refuse_with * 100 + 1, "refused")
        return await handler(request)


def _error(status: int, code: int, message: str) -> web.Response:
    return web.json_response({"error_code": code, "message": message}, status=status)


@pytest.fixture
async def registry() -> AsyncIterator[Registry]:
    made = Registry()
    app = web.Application(middlewares=[made.note])
    app.router.add_post("/subjects/{subject}/versions", made.register)
    app.router.add_post("/subjects/{subject}", made.lookup)
    app.router.add_get("/schemas/ids/{id}", made.schema)
    async with TestServer(app) as server:
        made.url = f"http://{server.host}:{server.port}"
        yield made


async def encode(codec: RegistryCodec, event: Event, topic: str) -> bytes:
    return await asyncio.to_thread(codec.encode, event, topic)


async def decode(codec: RegistryCodec, value: bytes) -> Event:
    return await asyncio.to_thread(codec.decode, value)


async def test_a_record_type_is_registered_once_a_topic_and_its_frame_is_the_confluent_one(
    registry: Registry,
) -> None:
    codec = RegistryCodec(registry.url)

    values = [await encode(codec, EVENT, "progress") for _ in range(3)]

    assert set(values) == {b"\0" + (100).to_bytes(4, "big") + b"\x02i"}
    subject = "headrace.progress-headrace.CancelRequested"
    assert registry.requests == [f"POST /subjects/{subject}", f"POST /subjects/{subject}/versions"]
    assert json.loads(registry.schemas[100])["name"] == "CancelRequested"


async def test_a_schema_that_is_registered_is_looked_up_so_that_rights_to_read_suffice(
    registry: Registry,
) -> None:
    known = registry.add("mine.progress-headrace.CancelRequested", records()[CancelRequested].text)

    value = await encode(RegistryCodec(registry.url, prefix="mine."), EVENT, "progress")

    assert int.from_bytes(value[1:5], "big") == known
    assert len(registry.requests) == 1


async def test_another_process_fetches_the_schema_once_and_reads(registry: Registry) -> None:
    value = await encode(RegistryCodec(registry.url), EVENT, "progress")
    registry.requests.clear()
    reader = RegistryCodec(registry.url)

    assert [await decode(reader, value) for _ in range(3)] == [EVENT] * 3
    assert registry.requests == ["GET /schemas/ids/100"]


async def test_values_of_anybodys_schema_are_read_by_its_type(registry: Registry) -> None:
    registry.schemas |= {5: '{"$schema": "any"}', 6: records()[CancelRequested].text}
    values = FramedValues(RegistryCodec(registry.url))

    found = [
        await asyncio.to_thread(values.read, b"\0" + number.to_bytes(4, "big") + body)
        for number, body in ((5, b'{"a": 1}'), (6, b"\x02i"))
    ]

    assert found == [{"a": 1}, {"invocation_id": "i"}]
    with pytest.raises(ContractError, match="no schema 7"):
        await asyncio.to_thread(values.read, b"\0\0\0\0\7")


async def test_single_object_frames_are_read_too_so_that_a_cluster_can_be_migrated(
    registry: Registry,
) -> None:
    value = SingleObjectCodec().encode(EVENT, "progress")

    assert await decode(RegistryCodec(registry.url), value) == EVENT
    assert registry.requests == []


async def test_a_later_version_of_a_schema_is_read_by_the_class_of_today(registry: Registry) -> None:
    newer = json.loads(records()[CancelRequested].text)
    newer["fields"].append({"name": "reason", "type": "string", "default": ""})
    known = registry.add("any", json.dumps(newer))

    value = b"\0" + known.to_bytes(4, "big") + b"\x02i" + b"\x06why"

    assert await decode(RegistryCodec(registry.url), value) == EVENT


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ('{"type": "record", "name": "Order", "namespace": "shop", "fields": []}', "shop.Order"),
        ('"string"', "not an Avro schema"),
        ("no json", "not an Avro schema"),
    ],
)
async def test_values_of_foreign_schemas_are_contract_errors(
    registry: Registry, schema: str, said: str
) -> None:
    known = registry.add("foreign", schema)

    with pytest.raises(ContractError, match=said):
        await decode(RegistryCodec(registry.url), b"\0" + known.to_bytes(4, "big") + b"\x02i")


@pytest.mark.parametrize("value", [b"", b"\0", b"\0\0\0", b"\0\0\0\0\x07\x02i", b"\xc3\x01"])
async def test_broken_values_are_contract_errors(registry: Registry, value: bytes) -> None:
    with pytest.raises(ContractError):
        await decode(RegistryCodec(registry.url), value)


async def test_a_truncated_body_is_a_contract_error(registry: Registry) -> None:
    codec = RegistryCodec(registry.url)
    value = await encode(codec, RunListed(invocation_id="invocation", attempt=1, total=2), "progress")

    for cut in range(5, len(value)):
        with pytest.raises(ContractError):
            await decode(codec, value[:cut])


@pytest.mark.parametrize(
    ("status", "error"), [(503, TransientError), (403, RequestError), (409, RequestError)]
)
async def test_a_refusal_says_whether_to_come_again(
    registry: Registry, status: int, error: type[Exception]
) -> None:
    registry.refuse_with = status

    with pytest.raises(error, match="refused"):
        await encode(RegistryCodec(registry.url, retries=0), EVENT, "progress")


async def test_a_registry_that_does_not_answer_is_transient() -> None:
    with pytest.raises(TransientError, match="does not answer"):
        await encode(RegistryCodec("http://127.0.0.1:9", retries=0), EVENT, "progress")


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka.schema_registry", None)
    monkeypatch.delattr("confluent_kafka.schema_registry", raising=False)

    with pytest.raises(RequestError, match=r"headrace\[registry\]"):
        RegistryCodec("http://127.0.0.1:9")


def test_an_address_that_is_none_is_refused_without_showing_its_password() -> None:
    with pytest.raises(RequestError, match="HEADRACE_SCHEMA_REGISTRY_URL") as refused:
        RegistryCodec("user:secret@registry")
    assert "secret" not in str(refused.value)
