"""Metrics: how full batches are, how long they wait, how busy the device is, and how fast a model is."""

import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog
from prometheus_client import Counter, Gauge, Histogram

log = structlog.get_logger(__name__)

BATCH_TOKENS = Histogram(
    "headrace_embedding_batch_tokens",
    "Tokens of a batch, padding included",
    buckets=(16, 64, 128, 256, 512, 1024, 4096, 16384, 32768, 65536),
)
TOKENS = Counter("headrace_embedding_tokens", "Tokens of batches: of texts, or padding", ["kind"])
QUEUE_SECONDS = Histogram(
    "headrace_embedding_queue_seconds",
    "Seconds that a batch waits for a free thread; urgent ones are queries",
    ["urgency"],
    buckets=(0.001, 0.01, 0.05, 0.2, 1, 5, 20, 60),
)
DEVICE_SECONDS = Counter(
    "headrace_embedding_device_seconds",
    "Seconds in which texts wait for their vectors, by what the device does: computing, or idle",
    ["state"],
)
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


def to_the_longest(lengths: Sequence[int]) -> int:
    """Tokens of a batch whose texts are padded to the longest of them."""
    return max(lengths) * len(lengths)


def count_batch(lengths: Sequence[int], size: Callable[[Sequence[int]], int] = to_the_longest) -> None:
    """Count a batch of texts with these numbers of tokens. `size`: its tokens with padding."""
    tokens, whole = sum(lengths), size(lengths)
    BATCH_TOKENS.observe(whole)
    TOKENS.labels("text").inc(tokens)
    TOKENS.labels("padding").inc(whole - tokens)


class Device:
    """Counts the seconds in which a device computes, or is idle although texts wait; for any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._waiting = self._computing = 0
        self._since = clock()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While the block runs, texts wait for their vectors."""
        self._pass(waiting=1)
        try:
            yield
        finally:
            self._pass(waiting=-1)

    @contextmanager
    def computing(self) -> Iterator[None]:
        """While the block runs, the device computes; several may run at once."""
        self._pass(computing=1)
        try:
            yield
        finally:
            self._pass(computing=-1)

    def _pass(self, waiting: int = 0, computing: int = 0) -> None:
        with self._lock:
            now = self._clock()
            if self._computing:
                DEVICE_SECONDS.labels("computing").inc(now - self._since)
            elif self._waiting:
                DEVICE_SECONDS.labels("idle").inc(now - self._since)
            self._since = now
            self._waiting += waiting
            self._computing += computing


#: Of this process: an embedding service has one GPU, the cores of its machine, or a server.
DEVICE = Device()


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
