"""How fast a model is on this machine, told when it is loaded: a slow one is known before a large run."""

import os
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from prometheus_client import Gauge

log = structlog.get_logger(__name__)

CHUNKS_PER_SECOND = Gauge(
    "headrace_model_chunks_per_second",
    "Chunks of 1,000 characters that a model embeds in a second on this machine, measured when it was loaded",
    ["model"],
)
#: 1,000 characters of prose, about 220 tokens.
_CHUNK = ("A commit log is a sequence of records; each reader keeps the position that it has reached. " * 11)[
    :1000
]
#: Runs of more chunks than this are called large.
_LARGE = 100_000


async def tell_speed(model: str, embed: Callable[[Sequence[str]], Awaitable[object]]) -> None:
    """Embed two chunks a core, and tell how many that is a second, and how long a large run will take."""
    texts = [_CHUNK] * min(2 * (os.cpu_count() or 1), 16)
    began = time.perf_counter()
    await embed(texts)
    rate = len(texts) / max(time.perf_counter() - began, 1e-6)
    CHUNKS_PER_SECOND.labels(model).set(rate)
    log.info(
        "model loaded",
        model=model,
        chunks_per_second=round(rate, 1),
        hours_for_100_000_chunks=round(_LARGE / rate / 3600, 1),
    )
