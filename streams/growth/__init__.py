"""Give topics more partitions (`headrace topics grow`, the page of topics), or copy them to another cluster.

    intake stops ─► what is in flight ends ─► services end ─► partitions are added ─► state moves ─► go on

The partition of a key is its hash modulo the number of partitions, so most keys get another one. Three
things must follow them: the records of compacted topics, the places of consumer groups, and the order of a
document's versions, which are offsets (`streams.state.layout`). Events need not follow: all of them are read
before.

    command.py     the steps
    checking.py    what is refused
    draining.py    what is still on its way, in words
    moving.py      records of state to their new partitions, and away from the old ones
    placing.py     the key that decides a record's partition
    reading.py     a stretch of a partition, as it is
    keeper.py      the steps in a gateway, and going on with them
    renewing.py    topics that count anew
    copying.py     the same steps, with another cluster as the new place
    journal.py     the layout and the moved records, written by one command at a time

Every step can be repeated: a command that dies is run again; `headrace up` and gateways go on by themselves.
"""

from streams.growth.command import (
    GrowthPlan,
    Told,
    cancel_growth,
    finish_growth,
    grow,
    plan_growth,
    require_growable,
)
from streams.growth.copying import copy_topics
from streams.growth.keeper import SILENT_SECONDS, GrowthKeeper
from streams.growth.placing import PLACED

#: How many topics have state that moves.
MOVED_TOPICS = len(PLACED)

__all__ = [
    "MOVED_TOPICS",
    "SILENT_SECONDS",
    "GrowthKeeper",
    "GrowthPlan",
    "Told",
    "cancel_growth",
    "copy_topics",
    "finish_growth",
    "grow",
    "plan_growth",
    "require_growable",
]
