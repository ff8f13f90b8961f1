"""Tracking: exact progress of every invocation, however often and in whatever order it is reported.

    from services.tracking import InvocationState

    state = InvocationState(created)
    for event, timestamp_ms in log:
        state.fold(event, timestamp_ms)
    state.summary().counts

    progress ──► TrackingStage ──► fold.py      the effect of an event on an invocation
                   (stage.py)          └─► bitmaps.py   which ordinals passed which stage
                       └──► invocations, progress-blocks

The stage is the only writer of `invocations`; outputs and offsets of a batch are one Kafka transaction.
"""

from services.tracking.fold import InvocationState
from services.tracking.stage import TrackingStage

__all__ = ["InvocationState", "TrackingStage"]
