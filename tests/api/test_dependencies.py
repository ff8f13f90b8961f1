"""What handlers share."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from api.dependencies import Dependencies
from api.errors import NotAnswered
from schemas.codec import SingleObjectCodec
from schemas.errors import TransientError
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster
from streams.state import layout
from streams.state.layout import LayoutWatch
from streams.topics import SOURCES


async def test_a_write_is_refused_in_time_though_no_broker_says_whether_partitions_grow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    back = threading.Event()

    def away(*_: object) -> None:
        back.wait(20)
        raise TransientError("no broker answers")

    monkeypatch.setattr(layout, "end_offsets", away)
    parts: Any = Dependencies.__new__(Dependencies)  # without its views
    parts.gateway = SimpleNamespace(wait_s=0.1)
    parts.layout = LayoutWatch(Cluster("127.0.0.1:1"), SingleObjectCodec())

    writing = asyncio.create_task(parts.write(Send(SOURCES, "a", None)))
    try:
        await asyncio.wait([writing], timeout=10)
        assert isinstance(writing.exception(), NotAnswered)
    finally:
        back.set()
