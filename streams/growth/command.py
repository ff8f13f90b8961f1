"""The steps of `headrace topics grow`."""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.codec import Codec
from schemas.errors import FencedError, IngestError, RequestError, TransientError
from schemas.events import Era, TopicLayout
from streams.growth.checking import check, require_rights
from streams.growth.draining import standing, wait_drained, wait_late, wait_left
from streams.growth.journal import GrowthJournal, Left
from streams.growth.moving import (
    Copied,
    add_partitions,
    copy_partition,
    grown_topics,
    pass_moved,
    remove_before,
    require_readable,
)
from streams.growth.placing import PLACED
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.state.layout import (
    DRAINING,
    GROWING,
    MOVED,
    PARTLY,
    SETTLED,
    STOPPING,
    base_of,
    read_layout,
    under_way,
)
from streams.state.reader import end_offsets, first_offsets
from streams.topics import BY_NAME, DOCUMENTS, RUNS, STAGE_HEALTH, Topic

#: Told of each step.
Told = Callable[[str], None]

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


def require_growable(
    cluster: Cluster, codec: Codec, partitions: int, leave: frozenset[str] = frozenset()
) -> TopicLayout:
    """The layout. Changes nothing. Blocks.

    Raises RequestError if `grow` would be refused, TransientError if a broker would not add partitions.
    """
    layout, counts = read_layout(cluster, codec), partition_counts(admin(cluster), cluster)
    check(cluster, layout, counts, partitions, leave)
    require_rights(cluster, counts, layout, partitions)
    return layout


def plan_growth(
    cluster: Cluster, codec: Codec, partitions: int, leave: frozenset[str] = frozenset()
) -> GrowthPlan:
    """What `grow` would do. Changes nothing. Blocks.

    Args:
        leave: whole names of topics with our prefix that are none of ours, and stay as they are.

    Raises RequestError if it would be refused, TransientError without a broker.
    """
    layout = require_growable(cluster, codec, partitions, leave)
    counts = partition_counts(admin(cluster), cluster)
    places = [(topic.name, p) for topic in PLACED for p in range(layout.partitions)]
    ends, firsts = end_offsets(cluster, places), first_offsets(cluster, places)
    return GrowthPlan(
        before=layout.partitions,
        after=partitions,
        topics=sum(counts[name] < partitions for name in grown_topics(counts)),
        records=sum(ends[place] - firsts[place] for place in places),
        waits=[*standing(cluster).works()],
        resumes=layout.phase != SETTLED,
    )


def grow(
    cluster: Cluster,
    codec: Codec,
    partitions: int,
    told: Told,
    leave: frozenset[str] = frozenset(),
    ends: threading.Event | None = None,
    continues: bool = False,
) -> TopicLayout:
    """Give all topics but the inbox this many partitions, and move what is kept to where it belongs then.

    Gateways refuse changes meanwhile, the services end and wait. A command that dies is run again, with the
    same number. Blocks, for as long as runs and documents are on their way.

    Args:
        ends: of a gateway, set when its process is to end: another one goes on then.
        continues: only go on with a growth that is under way.

    Raises RequestError if it is refused, TransientError if it could not go on; if nothing was changed yet,
    all goes on as before. FencedError if another command goes on or has given it up, Left after `ends`.
    """
    require_growable(cluster, codec, partitions, leave)
    journal = GrowthJournal(cluster, codec, ends)
    # Whoever grew is fenced now, and may have ended, or have been given up, before.
    if continues and journal.layout.phase == SETTLED:
        return journal.layout
    check(cluster, journal.layout, partition_counts(admin(cluster), cluster), partitions, leave)
    layout = journal.begin(resumes=ends is not None)
    say = _both(journal, told)
    if layout.phase != GROWING:
        try:
            stop_all(cluster, journal, partitions, say)
            require_readable(cluster, codec, layout.partitions, journal.beat)
            _note_ends(cluster, journal)
        except (Left, FencedError):
            raise
        except BaseException as error:
            give_up_surely(cluster, codec, journal, error)
            raise
    _rebuild(cluster, codec, journal, say)
    return journal.layout


def _both(journal: GrowthJournal, told: Told) -> Told:
    """Tells each step, and notes it for whoever looks at the layout."""

    def say(step: str) -> None:
        told(step)
        journal.say(step)

    return say


def finish_growth(
    cluster: Cluster, codec: Codec, told: Told, alone: bool = False, comes_back: bool = False
) -> bool:
    """Finish what a command that has died had begun to move, if anything; for a system whose services do not
    run yet. Blocks. Raises TransientError, and RequestError for a system of its own that was moved.

    Args:
        alone: nobody else uses the cluster. What has not moved anything yet is then given up: services that
            wait for its end would keep the system from starting, and `--cancel` needs one that runs.
        comes_back: a system that was moved goes on here.
    """
    if partition_counts(admin(cluster), cluster).keys() < BY_NAME.keys():
        return False
    broken_off = {GROWING} | ({DRAINING, STOPPING} if alone else set()) | ({MOVED} if comes_back else set())
    layout = read_layout(cluster, codec)
    if layout.phase == MOVED and alone and not comes_back:  # its services would wait for ever
        raise RequestError(under_way(layout))
    if layout.phase not in broken_off:
        return False
    journal = GrowthJournal(cluster, codec)
    if journal.layout.phase == GROWING:  # else another command has finished it just now, or it is given up
        _rebuild(cluster, codec, journal, _both(journal, told))
        return True
    if journal.layout.phase in broken_off:
        give_up(journal)
    return False


def cancel_growth(cluster: Cluster, codec: Codec) -> None:
    """Give up a growth that has not changed anything yet. Raises RequestError if there is none, or it has."""
    _require_cancellable(read_layout(cluster, codec))
    journal = GrowthJournal(cluster, codec)
    _require_cancellable(journal.layout)  # whoever grows is fenced now, and may have gone on before
    give_up(journal)


def _require_cancellable(layout: TopicLayout) -> None:
    if layout.phase == SETTLED:
        raise RequestError("no growth of partitions is under way")
    if layout.phase == GROWING:
        raise RequestError(
            f"partitions were added already: `headrace topics grow --partitions {layout.target}` finishes it"
        )


def stop_all(cluster: Cluster, journal: GrowthJournal, partitions: int, told: Told) -> None:
    """Return when nothing is on its way, and nobody works. Raises TransientError if somebody writes."""
    before = journal.layout
    now = datetime.now(UTC)
    journal.note(before.model_copy(update={"phase": DRAINING, "target": partitions, "since": now}))
    noted = time.monotonic()
    told("intake stops: gateways refuse changes, schedules, triggers and the inbox wait")
    wait_drained(cluster, told, journal.beat)
    wait_late(noted, journal.beat)
    told("nothing is on its way; the services end")
    journal.note(journal.layout.model_copy(update={"phase": STOPPING}))
    wait_left(cluster, told, journal.beat)
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
    try:
        _move(cluster, codec, journal, told)
    except (TransientError, RequestError) as error:
        with contextlib.suppress(IngestError):  # why the first one was raised counts
            journal.say(f"broken off: {error}")
        raise


def _move(cluster: Cluster, codec: Codec, journal: GrowthJournal, told: Told) -> None:
    layout = journal.layout
    wait_left(cluster, told, journal.beat)
    count = layout.target or layout.partitions
    add_partitions(cluster, grown_topics(partition_counts(admin(cluster), cluster)), count)
    told(f"all topics have {count} partitions; their state moves")
    for topic in PLACED:
        if topic.name not in journal.layout.copied:
            told(f"{topic.name}: {_move_topic(cluster, codec, journal, topic, count):,} records")
            journal.note(journal.layout)
    journal.note(journal.layout)  # fences a command that froze here, before it moves places that go on
    pass_moved(cluster, PLACED, journal.beat)
    journal.beat()
    remove_before(cluster, {topic: layout.ends[topic.name] for topic in _REMOVED})
    _settle(journal, count, f"all topics have {count} partitions; the services begin anew")


def _move_topic(cluster: Cluster, codec: Codec, journal: GrowthJournal, topic: Topic, count: int) -> int:
    """Write what is live on its partitions of before to those of now; how many records that are. Goes on
    behind the partitions that an earlier command has finished."""
    ends = journal.layout.ends[topic.name]
    whole = [name for name in journal.layout.copied if PARTLY not in name]
    partly = [name for name in journal.layout.copied if name.startswith(f"{topic.name}{PARTLY}")]
    done = int(partly[0].rpartition(PARTLY)[2]) if partly else 0
    moved = 0
    for partition in range(done, len(ends)):
        what = Copied(cluster, codec, topic, partition, ends[partition])
        moved += copy_partition(what, journal, count, journal.beat)
        # Noted with the next sign of life: hundreds of partitions are soon copied.
        journal.keep(copied=[*whole, f"{topic.name}{PARTLY}{partition + 1}"])
    journal.keep(copied=[*whole, topic.name])
    return moved


def give_up(journal: GrowthJournal, error: BaseException | None = None) -> None:
    """Let all go on as before."""
    reason = f": {error}" if isinstance(error, IngestError) else ""
    _settle(journal, journal.layout.partitions, f"given up{reason}")


def give_up_surely(
    cluster: Cluster, codec: Codec, journal: GrowthJournal, error: BaseException | None = None
) -> None:
    """The same, after an error that may be of the journal's transaction: it cannot write any more then."""
    try:
        give_up(journal, error)
    except TransientError:
        journal = GrowthJournal(cluster, codec)
        if journal.layout.phase in (DRAINING, STOPPING):
            give_up(journal, error)


def _settle(journal: GrowthJournal, partitions: int, last: str) -> None:
    settled = {"phase": SETTLED, "partitions": partitions, "target": None, "ends": {}, "copied": []}
    said = {"steps": [*journal.layout.steps, last], "resumes": False, "since": datetime.now(UTC)}
    journal.note(journal.layout.model_copy(update={**settled, **said}))
