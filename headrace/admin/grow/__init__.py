"""`headrace topics grow` and `copy`: give topics more partitions, or copy them to another cluster.

    intake stops ─► what is in flight ends ─► services end ─► partitions are added ─► state moves ─► go on

The partition of a key is its hash modulo the number of partitions, so most keys get another one. Three
things must follow them: the records of compacted topics, the places of consumer groups, and the order of a
document's versions, which are offsets (`streams.state.layout`). Events need not follow: all of them are read
before.

    command.py     the steps, and what is refused
    draining.py    what is still on its way, in words
    moving.py      records of state to their new partitions, and away from the old ones
    placing.py     the key that decides a record's partition
    reading.py     a stretch of a partition, as it is
    copying.py     the same steps, with another cluster as the new place
    journal.py     the layout and the moved records, written by one command at a time

Every step can be repeated: a command that dies is run again, and `headrace up` goes on by itself.
"""

from headrace.admin.grow.command import Told, cancel_growth, finish_growth, grow, plan_growth
from headrace.admin.grow.copying import copy_topics

__all__ = ["Told", "cancel_growth", "copy_topics", "finish_growth", "grow", "plan_growth"]
