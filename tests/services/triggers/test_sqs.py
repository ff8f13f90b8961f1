"""How a queue is followed, on a queue in memory that misbehaves when it is told to."""

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from schemas.errors import TransientError
from schemas.events import Source
from services.triggers import sqs
from services.triggers.handling import Message
from services.triggers.sqs import Queue, QueuePoller, is_allowed, region_of
from tests.waiting import eventually

AWS = "https://sqs.eu-west-1.amazonaws.com/123456789012/events"


class MemoryQueue:
    """As much of SQS as is called. Times are real; a message in hand is invisible."""

    def __init__(self, *bodies: str) -> None:
        self._ids = itertools.count()
        self.messages: dict[str, dict[str, Any]] = {}
        self.fail_deletes: list[int] = []  # how many entries of the next calls fail
        self.changes: list[tuple[str, int]] = []
        self.broken: Exception | None = None
        self.lock = threading.Lock()
        for body in bodies:
            self.put(body)

    def put(self, body: str, receives: int = 0) -> None:
        handle = str(next(self._ids))
        self.messages[handle] = {"body": body, "visible_at": 0.0, "receives": receives}

    def receive_message(self, **asked: Any) -> dict[str, Any]:
        if self.broken is not None:
            raise self.broken
        until = time.monotonic() + asked["WaitTimeSeconds"]
        while True:
            with self.lock:
                now = time.monotonic()
                found = [h for h, m in self.messages.items() if m["visible_at"] <= now]
                if found or now >= until:
                    return {"Messages": [self._handed_out(h, asked) for h in found[:10]]}
            time.sleep(0.01)

    def _handed_out(self, handle: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        message = self.messages[handle]
        message["receives"] += 1
        message["visible_at"] = time.monotonic() + asked["VisibilityTimeout"]
        count = {"ApproximateReceiveCount": str(message["receives"])}
        return {
            "MessageId": f"id-{handle}",
            "ReceiptHandle": handle,
            "Body": message["body"],
            "Attributes": count,
        }

    def delete_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:
        failing = self.fail_deletes.pop(0) if self.fail_deletes else 0
        for entry in Entries[failing:]:
            del self.messages[entry["ReceiptHandle"]]
        return {"Failed": [{"Id": one["Id"], "Code": "InternalError"} for one in Entries[:failing]]}

    def change_message_visibility_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        for entry in Entries:
            seconds = entry["VisibilityTimeout"]
            self.changes.append((entry["ReceiptHandle"], seconds))
            self.messages[entry["ReceiptHandle"]]["visible_at"] = time.monotonic() + seconds
        return {}


class Hands:
    """Handles messages as it is told."""

    def __init__(self) -> None:
        self.handled: list[str] = []
        self.given_up: list[str] = []
        self.error: Exception | None = None
        self.hold = asyncio.Event()
        self.hold.set()

    async def handle(self, message: Message) -> None:
        await self.hold.wait()
        if self.error is not None:
            raise self.error
        self.handled.append(message.body.decode())

    async def give_up(self, message: Message, error: Exception) -> None:
        self.given_up.append(message.body.decode())


async def ambient(source: Source | None) -> None:
    return None


@asynccontextmanager
async def following(
    queue: MemoryQueue, hands: Hands, monkeypatch: pytest.MonkeyPatch, visible_s: int = 60
) -> AsyncIterator[QueuePoller]:
    monkeypatch.setattr(sqs, "make_client", lambda *_: queue)
    poller = QueuePoller(
        Queue(AWS, "eu-west-1"),
        hands,  # type: ignore[arg-type]
        ambient,
        poll_s=0,
        visible_s=visible_s,
    )
    poller.start()
    try:
        yield poller
    finally:
        hands.hold.set()
        await poller.close()


async def test_messages_are_deleted_when_they_are_handled(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, hands = MemoryQueue(*(str(number) for number in range(25))), Hands()
    hands.hold.clear()

    async with following(queue, hands, monkeypatch):
        await eventually(lambda: any(m["receives"] for m in queue.messages.values()))
        assert len(queue.messages) == 25
        hands.hold.set()
        await eventually(lambda: not queue.messages)

    assert sorted(hands.handled, key=int) == [str(number) for number in range(25)]


async def test_one_message_alone_is_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, hands = MemoryQueue(), Hands()
    async with following(queue, hands, monkeypatch):
        queue.put("late")
        await eventually(lambda: not queue.messages)

    assert hands.handled == ["late"]


async def test_entries_that_were_not_deleted_are_deleted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, hands = MemoryQueue("a", "b", "c"), Hands()
    queue.fail_deletes = [2, 1]

    async with following(queue, hands, monkeypatch):
        await eventually(lambda: not queue.messages)

    assert sorted(hands.handled) == ["a", "b", "c"]  # each once


async def test_a_message_that_takes_long_stays_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, hands = MemoryQueue("slow"), Hands()
    hands.hold.clear()

    async with following(queue, hands, monkeypatch, visible_s=1):
        await eventually(lambda: len(queue.changes) >= 3, what="visibility extended three times")
        assert {seconds for _, seconds in queue.changes} == {1}
        hands.hold.set()
        await eventually(lambda: not queue.messages)

    assert hands.handled == ["slow"]


async def test_a_message_whose_runs_kafka_does_not_take_comes_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue, hands = MemoryQueue("a"), Hands()
    hands.error = TransientError("no broker answers")

    async with following(queue, hands, monkeypatch):
        await eventually(lambda: bool(queue.changes))

    assert queue.changes == [("0", 2)]
    assert queue.messages
    assert not hands.given_up


@pytest.mark.parametrize(("receives", "given_up"), [(0, []), (4, ["a"])])
async def test_a_message_that_fails_for_no_known_reason_is_given_up_in_the_end(
    monkeypatch: pytest.MonkeyPatch, receives: int, given_up: list[str]
) -> None:
    queue, hands = MemoryQueue(), Hands()
    queue.put("a", receives)
    hands.error = ZeroDivisionError("a bug")

    async with following(queue, hands, monkeypatch):
        await eventually(lambda: bool(queue.changes or not queue.messages))

    assert hands.given_up == given_up
    assert bool(queue.messages) is not bool(given_up)


async def test_what_is_in_hand_at_the_end_is_given_back_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqs, "DRAIN_SECONDS", 0.2)
    queue, hands = MemoryQueue("a", "b"), Hands()
    hands.hold.clear()

    async with following(queue, hands, monkeypatch) as poller:
        await eventually(lambda: all(m["receives"] for m in queue.messages.values()))
        await poller.close()

    assert sorted(queue.changes) == [("0", 0), ("1", 0)]
    assert not hands.handled


async def test_a_queue_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, hands = MemoryQueue("a"), Hands()
    queue.broken = ConnectionError("refused")

    async with following(queue, hands, monkeypatch):
        await asyncio.sleep(0)
        queue.broken = None
        await eventually(lambda: hands.handled == ["a"])


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        (AWS, True),
        ("https://eu-west-1.queue.amazonaws.com/1/q", True),
        ("https://sqs.cn-north-1.amazonaws.com.cn/1/q", True),
        ("http://minio:9000/1/q", True),
        ("http://sqs.eu-west-1.amazonaws.com/1/q", False),
        ("https://sqs.eu-west-1.amazonaws.com.evil.org/1/q", False),
        ("https://sqs.eu-west-1.amazonaws.com:8443/1/q", False),
        ("https://user:pass@sqs.eu-west-1.amazonaws.com/1/q", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("http://minio:9001/1/q", False),
        ("events", False),
    ],
)
def test_a_source_may_name_queues_of_aws_and_of_endpoints_that_are_allowed(url: str, allowed: bool) -> None:
    assert is_allowed(url, ["http://minio:9000"]) is allowed


def test_the_region_is_that_of_the_host() -> None:
    assert region_of(AWS, "x") == "eu-west-1"
    assert region_of("https://us-east-2.queue.amazonaws.com/1/q", "x") == "us-east-2"
    assert region_of("http://localhost:5000/1/q", "us-east-1") == "us-east-1"
