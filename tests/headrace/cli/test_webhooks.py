"""`headrace webhooks` and `headrace documents`: what they ask of the gateway, and what they print."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from headrace.cli import ask as ask_module
from headrace.cli import indexed_documents, resources, webhooks
from headrace.cli.app import run
from schemas.api import (
    CreatedEndpoint,
    DeliveryPage,
    DeliverySummary,
    DocumentDetail,
    DocumentSummary,
    EndpointSummary,
    RetryResponse,
)

ENDPOINT = "5f0d9f2e-0000-4000-8000-000000000001"
KEY = "ded7ccf3-900c-46ff-83ac-d81c562a7c99"
DELIVERY = "msg_72347051788945f4bc1d5e40f9ff539f"
NOON = "2026-05-01T12:00:00Z"
SUMMARY: dict[str, Any] = {
    "id": ENDPOINT,
    "url": "https://hooks.example.com/x",
    "database_name": "notes",
    "source_id": None,
    "events": ["invocation.failed"],
    "description": "on call",
    "enabled": True,
    "created_at": NOON,
}
DOCUMENT: dict[str, Any] = {
    "id": "0" * 32,
    "document_key": "odd\x1b[31m.md",
    "database_name": "default_database",
    "collection_name": "docs",
    "source_id": None,
    "state": "failed",
    "chunks": 3,
    "version_key": None,
    "indexed_at": None,
    "invocation_id": None,
    "error": "page 3 is damaged",
    "failed_at": NOON,
}
CHUNK = {
    "id": "x-0",
    "number": 0,
    "text": "How to open the gate.",
    "start_line": 4,
    "end_line": 7,
    "page": 2,
    "context": "# Gates",
    "language": None,
    "metadata": {},
}


def delivery(tries: int = 0, status: int | None = None) -> DeliverySummary:
    attempts = [{"at": NOON, "status": status, "error": None, "milliseconds": 31}] * min(tries, 1)
    state = "pending" if not tries else "delivered" if status == 204 else "failed"
    body = {
        "id": DELIVERY,
        "endpoint_id": ENDPOINT,
        "event_type": "webhook.test",
        "invocation_id": None,
        "state": state,
        "tries": tries,
        "attempts": attempts,
        "next_at": None,
        "created_at": NOON,
        "ended_at": None,
    }
    return DeliverySummary.model_validate_json(json.dumps(body))


class Gateway:
    """A client, as the commands call it. A delivery is attempted when it is looked at."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.answers = 204

    async def webhooks(self) -> list[EndpointSummary]:
        return [EndpointSummary.model_validate_json(json.dumps(SUMMARY))]

    async def create_webhook(self, payload: Any) -> CreatedEndpoint:
        self.asked.append(payload)
        return CreatedEndpoint.model_validate_json(json.dumps({**SUMMARY, "secret": "whsec_marked"}))

    async def change_webhook(self, endpoint_id: str, payload: Any) -> EndpointSummary:
        self.asked.append((endpoint_id, payload))
        return (await self.webhooks())[0]

    async def rotate_webhook(self, endpoint_id: str) -> CreatedEndpoint:
        return await self.create_webhook({"rotated": endpoint_id})

    async def delete_webhook(self, endpoint_id: str) -> None:
        self.asked.append(endpoint_id)

    async def test_webhook(self, endpoint_id: str) -> DeliverySummary:
        return delivery()

    async def redeliver(self, endpoint_id: str, delivery_id: str) -> DeliverySummary:
        self.asked.append((endpoint_id, delivery_id))
        return delivery()

    async def delivery(self, endpoint_id: str, delivery_id: str) -> DeliverySummary:
        return delivery(1, self.answers)

    async def delivery_page(self, endpoint_id: str, **query: str | None) -> DeliveryPage:
        self.asked.append(query)
        return DeliveryPage(deliveries=[delivery(1, self.answers)], next_cursor=None)

    async def all_documents(self, **query: str | None) -> AsyncIterator[DocumentSummary]:
        self.asked.append({name: value for name, value in query.items() if value is not None})
        for _ in range(3):
            yield DocumentSummary.model_validate_json(json.dumps(DOCUMENT))

    async def keys(self) -> list[Any]:
        return [SimpleNamespace(id=KEY)]

    async def revoke_key(self, key_id: str) -> None:
        self.asked.append(key_id)

    async def document(self, document_id: str, first: int, chunks: int) -> DocumentDetail:
        more = {"custom_id": None, "embedding_model": "m", "sparse_key": None, "parts": 1, "parts_done": 1}
        lists = {"gone": False, "history": [], "chunk_list": [CHUNK], "next_chunk": 1}
        return DocumentDetail.model_validate_json(json.dumps({**DOCUMENT, **more, **lists}))

    async def retry_document(self, document_id: str) -> RetryResponse:
        self.asked.append(document_id)
        return RetryResponse(replayed=1, left=0, invocation_id=None, message="it is on its way again")


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gateway:
    found = Gateway()

    def ask(data_dir: Path | None, use: Callable[[Any], Awaitable[Any]]) -> Any:
        async def asked() -> Any:
            return await use(found)

        return asyncio.run(asked())

    for module in (ask_module, webhooks, indexed_documents, resources):
        monkeypatch.setattr(module, "ask", ask)
    monkeypatch.setenv("HEADRACE_DATA_DIR", str(tmp_path))
    return found


def test_a_webhook_is_created_for_what_was_named_and_its_secret_is_printed_once(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "https://hooks.example.com/x"
    assert run(["webhooks", "create", url, "-d", "notes", "-e", "failed", "-e", "cancelled"]) == 0
    assert gateway.asked == [
        {
            "url": url,
            "database_name": "notes",
            "events": ["invocation.failed", "invocation.cancelled"],
        }
    ]
    assert "whsec_marked" in capsys.readouterr().out
    assert run(["webhooks", "list"]) == 0
    shown = capsys.readouterr().out
    assert "https://hooks.example.com/x\tnotes\tfailed\tenabled\ton call" in shown
    assert "whsec" not in shown
    assert run(["webhooks", "rotate-secret", ENDPOINT]) == 0
    assert "whsec_marked" in capsys.readouterr().out


def test_a_webhook_is_paused_edited_and_deleted(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["webhooks", "edit", ENDPOINT, "--pause", "--description", ""]) == 0
    assert run(["webhooks", "delete", ENDPOINT]) == 0
    assert gateway.asked == [(ENDPOINT, {"description": "", "enabled": False}), ENDPOINT]
    assert run(["webhooks", "edit", ENDPOINT]) == 2
    assert "nothing to change" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "ended", "said"), [(204, 0, "delivered: 204 in 31 ms"), (500, 1, "failed: 500")]
)
def test_a_test_says_what_the_receiver_answered(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], status: int, ended: int, said: str
) -> None:
    gateway.answers = status
    assert run(["webhooks", "test", ENDPOINT]) == ended
    assert said in capsys.readouterr().out
    assert run(["webhooks", "redeliver", ENDPOINT, DELIVERY[:9]]) == ended
    assert gateway.asked == [{"limit": "1000"}, (ENDPOINT, DELIVERY)]


def test_deliveries_are_listed_with_the_newest_answer(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["webhooks", "deliveries", ENDPOINT, "--state", "delivered", "-n", "5"]) == 0
    assert gateway.asked == [{"state": "delivered", "limit": "5"}]
    assert f"{DELIVERY}\twebhook.test\t\tdelivered\t1\t204 in 31 ms" in capsys.readouterr().out


def test_the_first_characters_of_an_id_are_enough(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["webhooks", "edit", ENDPOINT[:8], "--pause"]) == 0
    assert run(["webhooks", "delete", ENDPOINT[:4].upper()]) == 0
    assert run(["keys", "revoke", KEY[:4]]) == 0
    assert gateway.asked == [(ENDPOINT, {"enabled": False}), ENDPOINT, KEY]
    assert f"key {KEY} is revoked" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["webhooks", "delete", "ffff"], "no webhook begins with 'ffff'; `headrace webhooks list` shows"),
        (["keys", "revoke", "ci"], "'ci' is no id of a key, nor four or more of its first characters"),
        (["webhooks", "redeliver", ENDPOINT, "msg_f"], f"`headrace webhooks deliveries {ENDPOINT}` shows"),
    ],
)
def test_an_id_of_nothing_names_the_command_that_lists_ids(
    gateway: Gateway, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert said in capsys.readouterr().err


def test_documents_are_listed_up_to_a_number_and_names_do_not_control_the_terminal(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["documents", "list", "-c", "docs", "--state", "failed", "-n", "2"]) == 0
    shown = capsys.readouterr()
    assert gateway.asked == [
        {"database_name": "default_database", "collection_name": "docs", "state": "failed", "limit": "3"}
    ]
    assert shown.out.count("odd\\x1b[31m.md") == 2
    assert "more than 2" in shown.err


def test_a_document_is_shown_with_where_its_chunks_stand(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["documents", "show", "0" * 32]) == 0
    shown = capsys.readouterr()
    assert "--- chunk 0 · page 2 · lines 4–7 · # Gates\nHow to open the gate." in shown.out
    assert "page 3 is damaged" in shown.out
    assert "2 more chunks: --first 1" in shown.err


def test_documents_are_retried_by_their_ids(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["documents", "retry", "1" * 32, "2" * 32]) == 0
    assert gateway.asked == ["1" * 32, "2" * 32]
    assert capsys.readouterr().out.count("on its way again") == 2
