"""The lag of a consumer: records between its position and the end of each partition."""

import time
from collections import Counter

from confluent_kafka import Consumer, TopicPartition

from streams import metrics

_REPORT_SECONDS = 5.0


class Lag:
    """Reports the lag of a stage's consumer as a metric. Belongs to the poll thread."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._ends: dict[tuple[str, int], int] = {}
        self._reported = 0.0

    def reach_end(self, end: TopicPartition) -> None:
        """Note the end of a fully read partition. The consumer's own position does not count trailing
        transaction markers."""
        self._ends[end.topic, end.partition] = end.offset

    def report(self, consumer: Consumer) -> None:
        """Set the metric, every five seconds at most."""
        if time.monotonic() - self._reported < _REPORT_SECONDS:
            return
        self._reported = time.monotonic()
        lags: Counter[int] = Counter()  # of all topics of the stage
        for at in consumer.position(consumer.assignment()):
            _, high = consumer.get_watermark_offsets(at, cached=True)
            if high >= 0 and at.offset >= 0:
                position = max(at.offset, self._ends.get((at.topic, at.partition), 0))
                lags[at.partition] += max(0, high - position)
        for partition, lag in lags.items():
            metrics.LAG.labels(self._stage, partition).set(lag)
