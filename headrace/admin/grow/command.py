"""The steps of `headrace topics grow`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from headrace.admin.grow.draining import standing, wait_drained, wait_left
from headrace.admin.grow.journal import GrowthJournal
from headrace.admin.grow.moving import (
    Copied,
    add_partitions,
    copy_partition,
    grown_topics,
    pass_moved,
    remove_before,
    require_readable,
)
from headrace.admin.grow.placing import PLACED
from schemas.codec import Codec
from schemas.errors import RequestError, TransientError
from schemas.events import Era, TopicLayout
from streams.kafka.cluster import Cluster, admin, metadata_seconds, partition_counts
from streams.state.layout import (
    DRAINING,
    GROWING,
    MOVED,
    SETTLED,
    STOPPING,
    base_of,
    read_layout,
    under_way,
)
from streams.state.reader import end_offsets, first_offsets
from streams.topics import BY_NAME, CATALOGUE, DOCUMENTS, INBOX, RUNS, STAGE_HEALTH

#: Told of each step.
Told = Callable[[str], None]

#: More partitions than a broker serves well (Kafka's advice is 4,000 a broker, and there are 26 topics).
_MOST = 10_000
#: Reports are written anew every few seconds, so the old ones are not moved.
_REMOVED = (*PLACED, STAGE_HEALTH)


@dataclass(frozen=True)
class GrowthPlan:
    """What a growth would do.

    Attributes:
        before, after: partitions of each topic.
        topics: how many topics get more of them.
        records: offsets of state that would be written again, at most.
        waits: what would be waited for now.
        resumes: a growth that an earlier command has begun.
    """

    before: int
    after: int
    topics: int
    records: int
    waits: list[str]
    resumes: bool = False


def plan_growth(
    cluster: Cluster, codec: Codec, partitions: int, leave: frozenset[str] = frozenset()
) -> GrowthPlan:
    """What `grow` would do. Changes nothing. Blocks.

    Args:
        leave: whole names of topics with our prefix that are none of ours, and stay as they are.

    Raises RequestError if it would be refused, TransientError without a broker.
    """
    layout, counts = read_layout(cluster, codec), partition_counts(admin(cluster), cluster)
    _check(cluster, layout, counts, partitions, leave)
    places = [(topic.name, p) for topic in PLACED for p in range(layout.partitions)]
    ends, firsts = end_offsets(cluster, places), first_offsets(cluster, places)
    return GrowthPlan(
        before=layout.partitions,
        after=partitions,
        topics=sum(counts[name] < partitions for name in grown_topics(counts)),
        records=sum(ends[place] - firsts[place] for place in places),
        waits=standing(cluster).sentences(),
        resumes=layout.phase != SETTLED,
    )


def grow(
    cluster: Cluster, codec: Codec, partitions: int, told: Told, leave: frozenset[str] = frozenset()
) -> TopicLayout:
    """Give all topics but the inbox this many partitions, and move what is kept to where it belongs then.

    Gateways refuse changes meanwhile, the services end and wait. A command that dies is run again, with the
    same number. Blocks, for as long as runs and documents are on their way.

    Raises RequestError if it is refused, TransientError if it could not go on; if nothing was changed yet,
    all goes on as before.
    """
    layout, counts = read_layout(cluster, codec), partition_counts(admin(cluster), cluster)
    _check(cluster, layout, counts, partitions, leave)
    journal = GrowthJournal(cluster, codec)
    layout = journal.layout
    if layout.phase != GROWING:
        try:
            stop_all(cluster, journal, partitions, told)
            require_readable(cluster, codec, layout.partitions)
            _note_ends(cluster, journal)
        except BaseException:
            give_up(journal)
            raise
    _rebuild(cluster, codec, journal, told)
    return journal.layout


def finish_growth(cluster: Cluster, codec: Codec, told: Told, alone: bool = False) -> bool:
    """Finish what a command that has died had begun to move, if anything; for a system whose services do not
    run yet. Blocks. Raises TransientError, and RequestError for a system of its own that was moved.

    Args:
        alone: nobody else uses the cluster. What has not moved anything yet is then given up: services that
            wait for its end would keep the system from starting, and `--cancel` needs one that runs.
    """
    if partition_counts(admin(cluster), cluster).keys() < BY_NAME.keys():
        return False
    broken_off = (GROWING, DRAINING, STOPPING) if alone else (GROWING,)
    layout = read_layout(cluster, codec)
    if layout.phase == MOVED and alone:  # its services would wait for ever
        raise RequestError(f"{under_way(layout)}, while it runs. Now it runs there")
    if layout.phase not in broken_off:
        return False
    journal = GrowthJournal(cluster, codec)
    if journal.layout.phase == GROWING:  # else another command has finished it just now, or it is given up
        _rebuild(cluster, codec, journal, told)
        return True
    if journal.layout.phase in broken_off:
        give_up(journal)
    return False


def cancel_growth(cluster: Cluster, codec: Codec) -> None:
    """Give up a growth that has not changed anything yet. Raises RequestError if there is none, or it has."""
    layout = read_layout(cluster, codec)
    if layout.phase == SETTLED:
        raise RequestError("no growth of partitions is under way")
    if layout.phase == GROWING:
        raise RequestError(
            f"partitions were added already: `headrace topics grow --partitions {layout.target}` finishes it"
        )
    give_up(GrowthJournal(cluster, codec))


def _check(
    cluster: Cluster, layout: TopicLayout, counts: Mapping[str, int], wanted: int, leave: frozenset[str]
) -> None:
    """Raises RequestError for what cannot be done."""
    if missing := [topic.name for topic in CATALOGUE if topic.name not in counts]:
        raise RequestError(f"topics are missing: {', '.join(missing)}; `headrace topics ensure` creates them")
    if layout.phase == MOVED:
        raise RequestError(under_way(layout))
    if layout.phase != SETTLED and layout.target != wanted:
        raise RequestError(f"{under_way(layout)}; finish that first (--partitions {layout.target})")
    if layout.phase == GROWING:
        return
    have = counts[DOCUMENTS.name]
    if uneven := sorted({n for name, n in counts.items() if name != INBOX.name} - {have}):
        raise RequestError(
            f"the topics have {have} partitions, and some {', '.join(map(str, uneven))}: records would not "
            "find their state; see `headrace topics list`"
        )
    if wanted < have:
        raise RequestError(
            f"the topics have {have} partitions, and Kafka cannot take any away: expected more than {have}, "
            f"found {wanted}"
        )
    if wanted == have:
        raise RequestError(f"the topics have {have} partitions already")
    if wanted > _MOST:
        raise RequestError(f"expected at most {_MOST:,} partitions, found {wanted:,}")
    if strangers := _strangers(cluster) - leave:
        raise RequestError(
            f"no topics of ours, though so named: {', '.join(sorted(strangers))}. If a stage of yours keeps "
            "state there by our partitions, it must move it itself; --leave NAME leaves it as it is"
        )


def _strangers(cluster: Cluster) -> set[str]:
    if not cluster.prefix:
        return set()
    known = admin(cluster).list_topics(timeout=metadata_seconds(cluster)).topics
    ours = {cluster.name(topic) for topic in CATALOGUE}
    return {name for name in known if name.startswith(cluster.prefix)} - ours


def stop_all(cluster: Cluster, journal: GrowthJournal, partitions: int, told: Told) -> None:
    """Return when nothing is on its way, and nobody works. Raises TransientError if somebody writes."""
    before = journal.layout
    now = datetime.now(UTC)
    journal.note(before.model_copy(update={"phase": DRAINING, "target": partitions, "since": now}))
    told("intake stops: gateways refuse changes, schedules, triggers and the inbox wait")
    wait_drained(cluster, told)
    told("nothing is on its way; the services end")
    journal.note(journal.layout.model_copy(update={"phase": STOPPING}))
    wait_left(cluster, told)
    if behind := standing(cluster).sentences():
        raise TransientError(
            f"somebody still writes: {'; '.join(behind)}. Stop the programs of yours that write to these "
            "topics, and run the command again; nothing was changed"
        )


def _note_ends(cluster: Cluster, journal: GrowthJournal) -> None:
    layout = journal.layout
    names = [DOCUMENTS.name, *(topic.name for topic in (*RUNS.values(), *_REMOVED))]
    found = end_offsets(cluster, [(name, p) for name in names for p in range(layout.partitions)])
    ends = {name: [found[name, p] for p in range(layout.partitions)] for name in names}
    ordered = [DOCUMENTS.name, *(topic.name for topic in RUNS.values())]
    base = base_of(layout.eras) + max(max(ends[name]) for name in ordered)
    era = Era(base=base, begins=ends[DOCUMENTS.name])
    update = {"phase": GROWING, "eras": [*layout.eras, era], "ends": ends, "copied": []}
    journal.note(layout.model_copy(update=update))


def _rebuild(cluster: Cluster, codec: Codec, journal: GrowthJournal, told: Told) -> None:
    """Add partitions, and move state. Each step may be repeated."""
    layout = journal.layout
    wait_left(cluster, told)
    count = layout.target or layout.partitions
    add_partitions(cluster, grown_topics(partition_counts(admin(cluster), cluster)), count)
    told(f"all topics have {count} partitions; their state moves")
    for topic in PLACED:
        if topic.name in journal.layout.copied:
            continue
        moved = sum(
            copy_partition(Copied(cluster, codec, topic, partition, end), journal, count)
            for partition, end in enumerate(layout.ends[topic.name])
        )
        told(f"{topic.name}: {moved:,} records")
        journal.note(journal.layout.model_copy(update={"copied": [*journal.layout.copied, topic.name]}))
    journal.note(journal.layout)  # fences a command that froze here, before it moves places that go on
    pass_moved(cluster, PLACED)
    remove_before(cluster, {topic: layout.ends[topic.name] for topic in _REMOVED})
    _settle(journal, count)


def give_up(journal: GrowthJournal) -> None:
    """Let all go on as before."""
    _settle(journal, journal.layout.partitions)


def _settle(journal: GrowthJournal, partitions: int) -> None:
    settled = {"phase": SETTLED, "partitions": partitions, "target": None, "ends": {}, "copied": []}
    journal.note(journal.layout.model_copy(update={**settled, "since": datetime.now(UTC)}))
