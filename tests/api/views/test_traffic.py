"""Samples of the topics, while no broker answers."""

import asyncio
import threading

import pytest

from api.views import traffic
from api.views.traffic import Traffic
from schemas.errors import TransientError
from streams.kafka.cluster import Cluster


async def test_who_asks_while_no_broker_answers_is_told_so_soon_and_takes_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    back, asked = threading.Event(), 0

    def away(*_: object) -> None:
        nonlocal asked
        asked += 1
        back.wait(20)
        raise TransientError("no broker answers")

    monkeypatch.setattr(traffic, "sample_topics", away)
    monkeypatch.setattr(traffic, "PATIENCE_S", 0.05)
    monkeypatch.setattr(traffic, "FRESH_S", 0.0)
    sampled = Traffic(Cluster("127.0.0.1:1"))

    try:
        assert await asyncio.gather(*(sampled.now() for _ in range(10))) == [None] * 10
        assert asked <= 2  # this question, and that of every half a minute
    finally:
        back.set()
        await sampled.close()
