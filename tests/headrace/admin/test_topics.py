"""Topics and lag, computed and on the real broker."""

import asyncio
from dataclasses import replace

import pytest
from confluent_kafka.admin import AdminClient
from structlog.testing import capture_logs

from headrace.admin.topics import TopicState, missing_topics, settled_states, topic_faults
from headrace.cli.settings import load_settings
from headrace.wiring import Wiring
from streams.kafka.cluster import Cluster, admin, delete_topics, ensure_topics, partition_counts
from streams.state.lags import lag_by_topic
from streams.topics import CATALOGUE
from tests.conftest import Kafka
from tests.waiting import eventually

ENDS = {("documents", 0): 10, ("documents", 1): 5, ("parsed", 0): 7, ("parsed", 1): 0}
COUNTS = {"documents": 2, "parsed": 2}


def test_lag_is_what_was_not_committed() -> None:
    assert lag_by_topic({("documents", 0): 8, ("documents", 1): 5}, ENDS, COUNTS) == {"documents": 2}


def test_a_partition_without_a_commit_counts_whole() -> None:
    assert lag_by_topic({("documents", 0): 10}, ENDS, COUNTS) == {"documents": 5}


def test_a_commit_beyond_the_end_is_no_negative_lag() -> None:
    committed = {("documents", 0): 99, ("documents", 1): 5, ("somebody-elses", 0): 1}
    assert lag_by_topic(committed, ENDS, COUNTS) == {"documents": 0}


def test_the_marker_behind_the_last_transaction_is_no_record() -> None:
    counts, ends = {"invocations": 3}, {("invocations", p): 10 for p in range(3)}

    assert lag_by_topic({("invocations", p): 9 for p in range(3)}, ends, counts) == {"invocations": 0}
    assert lag_by_topic({("invocations", 0): 8, ("invocations", 1): 10}, ends, counts) == {"invocations": 12}
    assert lag_by_topic({("documents", 0): 9, ("documents", 1): 5}, ENDS, COUNTS) == {"documents": 1}


def state(name: str, cleanup: str) -> TopicState:
    return TopicState(name, 12, cleanup, None, "", {})


def test_a_topic_with_the_wrong_cleanup_is_told() -> None:
    faults = topic_faults(
        [state("sources", "delete"), state("documents", "delete"), state("invocations", "compact")]
    )

    assert faults == ["topic sources has cleanup.policy delete, expected compact"]


def test_topics_with_the_clocks_of_those_who_write_are_told_as_one() -> None:
    states = [replace(state(name, "delete"), time="CreateTime") for name in ("documents", "parsed")]

    [fault] = topic_faults([*states, state("sources", "compact")])

    assert fault.startswith("message.timestamp.type is not LogAppendTime")
    assert "of 2 topics: documents, parsed;" in fault


def test_topics_that_are_not_there_are_told() -> None:
    missing = missing_topics([state("sources", "compact")])

    assert "documents" in missing
    assert "sources" not in missing


async def test_a_service_names_the_topics_that_it_waits_for_and_goes_on_when_they_are_there(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiring = Wiring(load_settings(kafka_bootstrap_servers=kafka.bootstrap_servers, topic_prefix="waited."))
    ensure_topics(wiring.cluster, 2)
    delete_topics(wiring.cluster, ["runs.folder", "sources"])
    known = admin(wiring.cluster)
    await eventually(lambda: len(partition_counts(known, wiring.cluster)) == len(CATALOGUE) - 2)
    looked: list[int] = []

    def look(client: AdminClient, cluster: Cluster) -> dict[str, int]:
        counts = partition_counts(client, cluster)
        looked.append(len(counts))
        return counts

    monkeypatch.setattr("headrace.wiring.shared.partition_counts", look)
    with capture_logs() as logs:
        waiting = asyncio.create_task(wiring.partitions())
        await eventually(lambda: len(looked) >= 3)
        told = [line for line in logs if "missing" in line]
        # As a new release does when it starts on the data folder of an earlier one.
        await asyncio.to_thread(ensure_topics, wiring.cluster, 12)
        assert await asyncio.wait_for(waiting, 30) == 2

    [line] = told
    assert line["missing"] == ["waited.sources", "waited.runs.folder"]
    assert "`headrace topics ensure`" in line["event"]


async def test_what_ensure_made_is_listed(kafka: Kafka) -> None:
    settings = load_settings(kafka_bootstrap_servers=kafka.bootstrap_servers, topic_prefix="listed.")
    wiring = Wiring(settings)
    ensure_topics(wiring.cluster, 1)

    states = settled_states(wiring)

    assert [one.name for one in states] == [topic.name for topic in CATALOGUE]
    assert {one.partitions for one in states} == {1}
    assert not topic_faults(states)
    assert not missing_topics(states)
    by_name = {one.name: one for one in states}
    assert (by_name["sources"].cleanup, by_name["sources"].retention_ms) == ("compact", None)
    assert by_name["dead-letters"].retention_ms == 14 * 24 * 60 * 60 * 1000
