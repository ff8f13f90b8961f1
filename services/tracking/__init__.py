"""Tracking: exact progress of every invocation, however often and in whatever order it is reported.

    from services.tracking import InvocationState, fold

    state = InvocationState(created)
    for event, timestamp_ms in log:
        fold(state, event, timestamp_ms)
    state.summary().counts

    progress ──► TrackingStage ──► fold.py         the effect of an event on an invocation
                   (stage.py)        └─► state.py     its state, and how it is written
                       │                   └─► bitmaps.py   which ordinals passed which step
                       └──► invocations, progress-blocks

The stage is the only writer of `invocations`; outputs and offsets of a batch are one Kafka transaction.
"""

from services.tracking.fold import fold
from services.tracking.stage import TrackingStage
from services.tracking.state import InvocationState

__all__ = ["InvocationState", "TrackingStage", "fold"]
