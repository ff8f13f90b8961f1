"""Checks of the Kafka cluster: brokers, topics, consumer groups, dead letters."""

import time
from collections.abc import Iterable, Iterator, Mapping

from confluent_kafka import KafkaException

from headrace.admin.dead_letters import read_letters
from headrace.admin.doctor.check import Check, fault, ok, warning
from headrace.admin.topics import TopicState, missing_topics, topic_faults, topic_states
from headrace.preflight import tables_of
from headrace.wiring import Wiring
from schemas.errors import IngestError
from streams.kafka.cluster import Cluster, admin, metadata_seconds
from streams.state.lags import consumer_groups, members_by_group
from streams.topics import CATALOGUE, INBOX

_TIMEOUT_S = 10
_ADVICE = "is it running, and are HEADRACE_KAFKA_… right? See docs/deployment.md"


def broker_check(cluster: Cluster) -> Check:
    began = time.monotonic()
    try:
        known = admin(cluster).list_topics(timeout=metadata_seconds(cluster))
    except KafkaException as error:
        what = f"no broker answers at {cluster.bootstrap_servers}: {error.args[0].str()}"
        return fault("broker", what, _ADVICE)
    except IngestError as error:
        return fault("broker", str(error), _ADVICE)
    took = 1000 * (time.monotonic() - began)
    ours = [topic for name, topic in known.topics.items() if name.startswith(cluster.prefix)]
    partitions = [partition for topic in ours for partition in topic.partitions.values()]
    found = f"{len(known.brokers)} at {cluster.bootstrap_servers}, metadata in {took:.0f} ms"
    if leaderless := sum(one.leader < 0 for one in partitions):
        return fault(
            "broker", f"{found}; {leaderless} partitions have no leader", "start the missing brokers"
        )
    if lagging := sum(len(one.isrs) < len(one.replicas) for one in partitions):
        advice = "a broker is down or slow: another failure may stop writes"
        return warning("broker", f"{found}; {lagging} partitions have too few in-sync replicas", advice)
    return ok("broker", found)


def topic_checks(wiring: Wiring) -> Iterator[Check]:
    try:
        states = topic_states(wiring)
        members = members_by_group(wiring.cluster, consumer_groups(wiring.cluster), _TIMEOUT_S)
    except (IngestError, KafkaException) as error:
        yield fault("topics", str(error), _ADVICE)
        return
    yield _catalogue(states)
    yield from _lags(states, members)
    yield _letters(wiring)
    if wiring.settings.inbox_tables is not None:
        yield _rows(wiring)


def _rows(wiring: Wiring) -> Check:
    """The topics that hold rows of a database."""
    advice = 'see docs/events.md, "Rows of a database"'
    try:
        wanted = tables_of(wiring.settings)
        known = admin(wiring.cluster).list_topics(timeout=_TIMEOUT_S).topics
    except (IngestError, KafkaException) as error:
        return fault("rows", str(error), advice)
    if missing := sorted(wanted.keys() - known.keys()):
        return warning("rows", f"these topics do not exist yet: {', '.join(missing)}", advice)
    return ok("rows", f"{len(wanted)} topics")


def _letters(wiring: Wiring) -> Check:
    try:
        letters = read_letters(wiring)
    except IngestError as error:
        return fault("dead letters", str(error), "`headrace topics ensure` creates missing topics")
    if not letters:
        return ok("dead letters", "none")
    newest = letters[-1]
    found = (
        f"{len(letters):,} kept, the newest of stage {newest.stage} at {newest.failed_at:%Y-%m-%d %H:%M} UTC"
    )
    return warning("dead letters", found, "`headrace dead-letters list` shows why, `replay` sends them again")


def _catalogue(states: list[TopicState]) -> Check:
    if missing := missing_topics(states):
        return fault("topics", f"missing: {', '.join(missing)}", "`headrace topics ensure` creates them")
    if len(counts := {state.partitions for state in states if state.name != INBOX.name}) > 1:
        return fault(
            "topics",
            f"partition counts differ: {sorted(counts)}",
            "records cannot find their state: give all topics the same count (docs/deployment.md)",
        )
    if faults := topic_faults(states):
        advice = (
            "set them as expected with `kafka-configs.sh --alter`, at any time: it counts for what is "
            "written from then on. Otherwise state is lost when records expire"
        )
        return fault("topics", "; ".join(faults), advice)
    return ok("topics", f"{len(CATALOGUE)} of {states[0].partitions} partitions each")


def _lags(states: Iterable[TopicState], members: Mapping[str, int]) -> Iterator[Check]:
    """Groups with records to read and nobody to read them."""
    lags: dict[str, int] = {}
    for state in states:
        for group, lag in state.lag.items():
            lags[group] = lags.get(group, 0) + lag
    idle = {group: lag for group, lag in lags.items() if lag and not members.get(group)}
    if idle:
        told = ", ".join(f"{group} ({lag:,} records)" for group, lag in sorted(idle.items()))
        yield fault(
            "services", f"nobody reads for {told}", "start these services; their logs say why they ended"
        )
        return
    behind = {group: lag for group, lag in lags.items() if lag}
    waits = (
        f"; records to read: {', '.join(f'{g} {n:,}' for g, n in sorted(behind.items()))}" if behind else ""
    )
    yield ok("services", f"{sum(map(bool, members.values()))} of {len(members)} groups have members{waits}")
