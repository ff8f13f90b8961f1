"""A faust-streaming app beside Headrace: posts a webhook when an invocation ends.

    pip install --group examples
    WEBHOOK_URL=https://example.org/hook python -m examples.faust_notifier worker --without-web

The topics are open: nothing here is Headrace's runtime, only its schemas. What can be relied on:

- Each end is posted at least once: the offset is committed after the receiver has answered 2xx, and a
  receiver that is away is tried again for as long as it takes.
- An end is one (invocation, finished_at). A summary is written again when a late replay changes its counts,
  which posts nothing more. Only after a restart may an end be posted twice; `Idempotency-Key` tells.
- Only committed records are read: `invocations` is written in transactions, and what an aborted one holds
  never happened. faust reads committed records only together with transactions of its own, hence `Transport`.
"""

import asyncio
import os
from collections import OrderedDict
from pathlib import Path
from typing import Any

import aiohttp
import faust
from faust.serializers.codecs import Codec
from faust.transport.drivers import aiokafka
from yarl import URL

from schemas.codec import SingleObjectCodec
from schemas.events import FINAL_STATUSES, Event, Invocation
from streams.kafka.client_config import read_client_config

#: What the broker of `headrace up` asks for: HEADRACE_KAFKA_CONFIG names D/kafka/client.properties.
CONFIG = os.environ.get("HEADRACE_KAFKA_CONFIG")
PROPERTIES = read_client_config(Path(CONFIG)) if CONFIG else {}
BROKER = "kafka://" + os.environ.get(
    "HEADRACE_KAFKA_BOOTSTRAP_SERVERS", PROPERTIES.get("bootstrap.servers", "localhost:9092")
)
PREFIX = os.environ.get("HEADRACE_TOPIC_PREFIX", "headrace.")
WEBHOOK_URL = os.environ.get("WEBHOOK_URL", "http://localhost:8080/")
#: Ends that are remembered, 100 bytes each.
_REMEMBERED = 10_000
_LONGEST_WAIT_SECONDS = 30.0


class HeadraceCodec(Codec):
    """Headrace's events as a serializer of faust."""

    def _loads(self, s: bytes) -> Event:
        return SingleObjectCodec().decode(s)

    def _dumps(self, obj: Event) -> bytes:
        return SingleObjectCodec().encode(obj, "")


class _Thread(aiokafka.AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # noqa: SLF001  (faust has no option for it)
        return consumer


class _Consumer(aiokafka.Consumer):
    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)


def credentials() -> faust.SASLCredentials | None:
    """User and password for the broker, when it asks for them."""
    if "sasl.password" not in PROPERTIES:
        return None
    return faust.SASLCredentials(
        username=PROPERTIES["sasl.username"],
        password=PROPERTIES["sasl.password"],
        mechanism=PROPERTIES["sasl.mechanism"],
    )


class Transport(aiokafka.Transport):
    """faust's transport, reading committed records only."""

    Consumer = _Consumer


app = faust.App(
    "headrace-notifier",
    broker=BROKER,
    broker_credentials=credentials(),
    topic_disable_leader=True,
    store="memory://",
)
app.transport = Transport([URL(BROKER)], app)
invocations = app.topic(f"{PREFIX}invocations", key_serializer="raw", value_serializer=HeadraceCodec())
posted: OrderedDict[str, None] = OrderedDict()


@app.agent(invocations)
async def notify(stream: Any) -> None:
    """Post every invocation that has ended, one after the other on each partition."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        async for invocation in stream:
            if not isinstance(invocation, Invocation) or invocation.status not in FINAL_STATUSES:
                continue
            end = f"{invocation.id}/{invocation.finished_at}"
            if end in posted:
                continue
            await post(session, end, invocation)
            posted[end] = None
            if len(posted) > _REMEMBERED:
                posted.popitem(last=False)


async def post(session: aiohttp.ClientSession, end: str, invocation: Invocation) -> None:
    """Post until the receiver takes it: faust counts a record as done also when its agent raises."""
    chosen = {"id", "source_id", "database", "collection", "status", "counts", "error", "finished_at"}
    body = invocation.model_dump(mode="json", include=chosen)
    seconds = 0.2
    while True:
        try:
            headers = {"Idempotency-Key": end}
            async with session.post(WEBHOOK_URL, json=body, headers=headers) as answer:
                answer.raise_for_status()
                return
        except (aiohttp.ClientError, TimeoutError) as error:
            app.log.warning("webhook not taken, next try in %.1f s: %s", seconds, error)
        await asyncio.sleep(seconds)
        seconds = min(2 * seconds, _LONGEST_WAIT_SECONDS)


if __name__ == "__main__":
    app.main()
