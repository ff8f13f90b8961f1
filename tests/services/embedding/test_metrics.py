"""What the metrics of batches count."""

import numpy as np
from prometheus_client import REGISTRY

from services.embedding import Embedder
from services.embedding.metrics import Device, count_batch
from services.embedding.threads import BatchThreads


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"headrace_embedding_{name}", labels) or 0.0


class Counted:
    """What has been added to a sample since."""

    def __init__(self, name: str, **labels: str) -> None:
        self._name, self._labels = name, labels
        self._before = value(name, **labels)

    def __float__(self) -> float:
        return value(self._name, **self._labels) - self._before


def test_padding_is_counted_apart_from_the_tokens_of_texts() -> None:
    texts, padding = Counted("tokens_total", kind="text"), Counted("tokens_total", kind="padding")
    batches, size = Counted("batch_tokens_count"), Counted("batch_tokens_sum")

    count_batch([7, 5, 3])
    count_batch([7, 5, 3], size=sum)  # a server pads by itself

    assert (float(texts), float(padding)) == (30, 6)
    assert (float(batches), float(size)) == (2, 36)


def test_a_device_is_idle_while_texts_wait_and_nothing_computes() -> None:
    clock = [0.0]
    device = Device(lambda: clock[0])
    idle, computing = (Counted("device_seconds_total", state=state) for state in ("idle", "computing"))

    clock[0] = 10  # nobody waits
    with device.waiting():
        clock[0] = 12  # tokenising
        with device.waiting(), device.computing():
            clock[0] = 13
            with device.computing():  # another core
                clock[0] = 15
            clock[0] = 16
        clock[0] = 16.5
    clock[0] = 30

    assert (float(idle), float(computing)) == (2.5, 4)


async def test_a_batch_that_waits_for_a_thread_is_counted_with_its_urgency() -> None:
    threads = BatchThreads(1, "test")
    bulk, urgent = (Counted("queue_seconds_count", urgency=urgency) for urgency in ("bulk", "urgent"))
    out = np.zeros((2, 1), np.float32)
    await threads.run_batches([[0], [1]], lambda batch: np.ones((1, 1), np.float32), out)
    await threads.call(lambda: None, urgent=True)
    await threads.close()

    assert (float(bulk), float(urgent)) == (2, 1)


async def test_an_embedder_counts_what_it_computes(trial: Embedder) -> None:
    texts, computing = (
        Counted("tokens_total", kind="text"),
        Counted("device_seconds_total", state="computing"),
    )

    await trial.embed_documents(["a commit log", "a broker"])

    assert float(texts) == await trial.count_tokens(["a commit log", "a broker"])
    assert float(computing) > 0
