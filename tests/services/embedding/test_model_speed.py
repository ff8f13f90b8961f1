"""The speed of a model is told when it is loaded."""

from collections.abc import Sequence

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.embedding.metrics import tell_speed


async def test_a_slow_model_is_known_before_a_large_run(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 104.0])
    monkeypatch.setattr("services.embedding.metrics.time.perf_counter", lambda: next(clock))
    monkeypatch.setattr("services.embedding.metrics.os.cpu_count", lambda: 4)
    embedded: list[str] = []

    async def embed(texts: Sequence[str]) -> None:
        embedded.extend(texts)

    with capture_logs() as logs:
        await tell_speed("slow", embed)

    assert [len(text) for text in embedded] == [1000] * 8
    [said] = [line for line in logs if line.get("model") == "slow"]
    assert (said["model"], said["chunks_per_second"], said["hours_for_100_000_chunks"]) == ("slow", 2.0, 13.9)
    assert REGISTRY.get_sample_value("headrace_model_chunks_per_second", {"model": "slow"}) == 2.0
