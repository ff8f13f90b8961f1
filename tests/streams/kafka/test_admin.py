"""The admin client of a process: shared, given up while others ask, and freed when it has answered."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from streams.kafka.admin import SharedAdmin
from tests.waiting import eventually

QUESTION = {TopicPartition("a", 0): OffsetSpec.latest()}  # type: ignore[no-untyped-call]


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a broker that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


class Clients:
    """The clients that were made, what they were asked, and whether all was answered when they were freed."""

    def __init__(self) -> None:
        self.made: list[AdminClient] = []
        self.asked: list[Future[Any]] = []
        self.freed: list[bool] = []

    def connect(self, properties: dict[str, Any]) -> AdminClient:
        clients = self

        class Counted(AdminClient):
            def list_offsets(  # type: ignore[override]
                self, *what: Any, **options: Any
            ) -> dict[TopicPartition, Future[Any]]:
                found = super().list_offsets(*what, **options)
                clients.asked += found.values()
                return dict(found)

            def __exit__(self, *raised: Any) -> bool | None:
                clients.freed.append(all(one.done() for one in clients.asked))
                return super().__exit__(*raised)

        self.made.append(Counted(properties))
        return self.made[-1]


async def test_a_client_that_is_given_up_while_others_ask_answers_them_and_is_freed_then(silent: str) -> None:
    clients = Clients()
    shared = SharedAdmin({"bootstrap.servers": silent}, clients.connect)

    def ask() -> Future[Any]:
        [asked] = shared.list_offsets(QUESTION, request_timeout=1).values()
        assert isinstance(asked, Future)
        assert asked.done()
        return asked

    asking = [asyncio.create_task(asyncio.to_thread(ask)) for _ in range(3)]
    await eventually(lambda: len(clients.asked) == 3)
    shared.renew()
    assert clients.freed == []

    for asked in await asyncio.gather(*asking):
        with pytest.raises(KafkaException, match="Timed out"):
            asked.result(0)
    await eventually(lambda: clients.freed == [True])
    await asyncio.to_thread(ask)
    assert (len(clients.made), clients.freed) == (2, [True])
    shared.close()
    assert clients.freed == [True, True]


async def test_what_refers_to_a_client_that_was_given_up_does_not_keep_it(silent: str) -> None:
    """The frames of an error do, until the garbage collector finds them, in whatever thread it runs."""
    clients = Clients()
    shared = SharedAdmin({"bootstrap.servers": silent}, clients.connect)
    with pytest.raises(KafkaException):
        await asyncio.to_thread(shared.list_topics, timeout=0.1)
    [client] = clients.made

    await asyncio.to_thread(shared.close)

    with pytest.raises(RuntimeError, match="closed"):
        client.list_topics(timeout=0.1)


@pytest.mark.pythons  # what an ending interpreter still does differs by version
def test_a_process_that_ends_frees_its_client(silent: str) -> None:
    code = f"""
from confluent_kafka.admin import AdminClient
from streams.kafka.admin import SharedAdmin

class Told(AdminClient):
    def __exit__(self, *raised):
        print("freed")
        return super().__exit__(*raised)

try:
    SharedAdmin({{"bootstrap.servers": {silent!r}}}, Told).list_topics(timeout=0.1)
except Exception as error:
    print(type(error).__name__)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert (ended.returncode, ended.stdout.split()) == (0, ["KafkaException", "freed"]), ended.stderr


@pytest.mark.parametrize(
    ("method", "instead"),
    [
        ("list_consumer_group_offsets", "committed_offsets"),
        ("alter_consumer_group_offsets", "commit_offsets"),
        ("describe_consumer_groups", "group_of"),
    ],
)
def test_a_question_that_may_crash_the_process_is_not_asked(method: str, instead: str) -> None:
    shared = SharedAdmin({"bootstrap.servers": "127.0.0.1:9"})
    with pytest.raises(AttributeError, match=instead):
        getattr(shared, method)([])
