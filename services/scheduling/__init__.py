"""Scheduling: asks for the runs of sources whose schedule is due.

    sources, schedules ─► view ─┐
    invocations ────────────────┼─► decide ─► progress, runs.<type>, schedules: one transaction
    the clock ──────────────────┘

The member of the group `scheduling` that owns a partition of `sources` decides for the sources in it. Runs,
the state and the position of the partition are one transaction with the group's generation, and the ids of
runs follow from source and due time: whoever dies or freezes at whatever moment, a due time makes one run.

    decision.py  what becomes of a schedule now. Pure
    view.py      schedules and their states, as a table by due time
    stage.py     who decides when: one look at all that is due

It runs in the connectors' process: where no connector is, no run could be carried out.
"""

from services.scheduling.stage import SchedulingStage
from services.scheduling.view import ScheduleView

__all__ = ["ScheduleView", "SchedulingStage"]
