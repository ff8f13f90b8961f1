"""What is refused before anything waits for it."""

from collections.abc import Mapping

from schemas.errors import RequestError
from schemas.events import TopicLayout
from streams.growth.moving import add_partitions, grown_topics
from streams.kafka.cluster import Cluster, admin, deployments_below, metadata_seconds
from streams.state.layout import GROWING, MOVED, SETTLED, under_way
from streams.topics import CATALOGUE, DOCUMENTS, INBOX

#: More partitions than a broker serves well (Kafka's advice is 4,000 a broker, and there are 26 topics).
_MOST = 10_000


def check(
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


def require_rights(cluster: Cluster, counts: Mapping[str, int], layout: TopicLayout, wanted: int) -> None:
    """Raise TransientError if a broker would not add partitions, while nothing waits for it."""
    if layout.phase != GROWING:
        add_partitions(cluster, grown_topics(counts), wanted, validate_only=True)


def _strangers(cluster: Cluster) -> set[str]:
    if not cluster.prefix:
        return set()
    known = admin(cluster).list_topics(timeout=metadata_seconds(cluster)).topics
    ours = {cluster.name(topic) for topic in CATALOGUE}
    others = deployments_below(admin(cluster), cluster)
    return {name for name in known if name.startswith(cluster.prefix) and not name.startswith(others)} - ours
