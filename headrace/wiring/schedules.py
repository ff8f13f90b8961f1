"""Wire scheduling, which asks for runs in the connectors' process."""

from collections.abc import Callable
from pathlib import Path

from headrace.wiring.shared import Wiring
from schemas.events import Status
from services.scheduling import ScheduleView, SchedulingStage
from streams.engine.outputs import Send
from streams.kafka.producer import encoded


def schedules(wiring: Wiring, folder: Path, status: Callable[[str], Status | None]) -> SchedulingStage:
    """The stage, not started.

    Args:
        folder: of the process's state.
        status: of an invocation, None if it is unknown.
    """

    def check(send: Send) -> None:
        if send.event is not None:
            encoded(wiring.codec, send.event, send.topic.name)

    view = ScheduleView(wiring.cluster, wiring.codec, folder / "schedules.sqlite")
    return SchedulingStage(view, status, check)
