"""The topics on the cluster, and the lag of each consumer group."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from confluent_kafka.admin import ConfigResource  # type: ignore[attr-defined]

from headrace.wiring import Wiring
from schemas.errors import TransientError
from streams.kafka.cluster import BROKERS_TIME, Cluster, admin, answer_of, partition_counts
from streams.state.lags import group_lags
from streams.topics import BY_NAME, CATALOGUE

_TIMEOUT_S = 15


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic of Headrace. `lag`: consumer group → records that it has not committed; `time`: whose clock
    its records have (`message.timestamp.type`)."""

    name: str
    partitions: int
    cleanup: str
    retention_ms: int | None
    records: str
    lag: Mapping[str, int]
    time: str = BROKERS_TIME


def topic_states(wiring: Wiring) -> list[TopicState]:
    """The existing topics, in the order of the pipeline. Blocks."""
    counts = partition_counts(admin(wiring.cluster), wiring.cluster)
    settings = _settings(wiring.cluster, counts)
    lags = group_lags(wiring.cluster, counts)
    return [
        TopicState(
            name=topic.name,
            partitions=counts[topic.name],
            cleanup=settings[topic.name]["cleanup.policy"],
            retention_ms=None if topic.compact else int(settings[topic.name]["retention.ms"]),
            records=", ".join(record.__name__ for record in BY_NAME[topic.name].records),
            lag={group: lag[topic.name] for group, lag in lags.items() if topic.name in lag},
            time=settings[topic.name]["message.timestamp.type"],
        )
        for topic in CATALOGUE
        if topic.name in counts
    ]


def quiet(cluster: Cluster) -> Cluster:
    """The cluster for clients of the command itself. An unreachable broker is reported once, as an error,
    and not by librdkafka's log lines on standard error."""
    return replace(cluster, properties={**cluster.properties, "log_level": "0"})


def missing_topics(states: Iterable[TopicState]) -> list[str]:
    """Topics of the catalogue that do not exist on the cluster."""
    present = {state.name for state in states}
    return [topic.name for topic in CATALOGUE if topic.name not in present]


def settled_states(wiring: Wiring) -> list[TopicState]:
    """The topics, after waiting until the whole catalogue exists: a broker shows new topics with a delay."""
    deadline = time.monotonic() + _TIMEOUT_S
    while missing_topics(states := topic_states(wiring)):
        if time.monotonic() > deadline:
            raise TransientError(
                f"topics were created but are not visible yet: {', '.join(missing_topics(states))}"
            )
        time.sleep(0.1)
    return states


def topic_faults(states: Iterable[TopicState]) -> list[str]:
    """Wrong settings of topics that were created by other means, or an earlier release."""
    faults, others_time = [], []
    for state in states:
        if state.time != BROKERS_TIME:
            others_time.append(state.name)
        expected = "compact" if BY_NAME[state.name].compact else "delete"
        if expected not in state.cleanup.split(","):
            faults.append(f"topic {state.name} has cleanup.policy {state.cleanup}, expected {expected}")
    if others_time:
        faults.append(
            f"message.timestamp.type is not {BROKERS_TIME} but the clock of whoever writes, of "
            f"{len(others_time)} topics: {', '.join(others_time)}; if it is slow, records expire early"
        )
    return faults


def _settings(cluster: Cluster, names: Iterable[str]) -> dict[str, dict[str, str]]:
    resources = {name: ConfigResource(ConfigResource.Type.TOPIC, cluster.name(name)) for name in names}
    if not resources:
        return {}
    asked = admin(cluster).describe_configs(list(resources.values()))
    return {
        name: {key: entry.value for key, entry in answer_of(asked[resource], f"settings of {name}").items()}
        for name, resource in resources.items()
    }
