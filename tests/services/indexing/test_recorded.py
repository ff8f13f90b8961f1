"""What is recorded of a collection, read from the topics."""

import asyncio
import threading
from collections.abc import Iterator, Mapping

import pytest

from schemas.errors import TransientError
from services.indexing.comparing import recorded as recorded_module
from services.indexing.comparing.recorded import Recorded, Target
from streams.partitions import Partition
from streams.state.reader import ReadBatch, Reader
from streams.topics import DOCUMENT_STATES
from tests.conftest import Kafka
from tests.streams.broker import CODEC, Writer, fresh_cluster
from tests.waiting import eventually


async def test_a_comparison_that_is_given_up_leaves_the_topic_though_its_thread_still_reads(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    class Begun(Reader):
        def read_to(self, ends: Mapping[Partition, int]) -> Iterator[ReadBatch]:
            begun.set()
            return super().read_to(ends)

    monkeypatch.setattr(recorded_module, "Reader", Begun)
    cluster = await fresh_cluster(kafka, partitions=1)
    writer = Writer(cluster, "open")
    writer.client.begin_transaction()
    writer.write(DOCUMENT_STATES, "a", None)  # whoever reads to the end waits for its transaction
    await writer.written()
    recorded = Recorded(cluster, CODEC, Target("t", "d", "c"))
    reading = asyncio.ensure_future(asyncio.to_thread(recorded.read))
    await eventually(begun.is_set)

    await asyncio.wait_for(asyncio.to_thread(recorded.close), 20)

    with pytest.raises(TransientError, match="given up"):
        await reading
    await asyncio.to_thread(writer.client.abort_transaction, 15)
