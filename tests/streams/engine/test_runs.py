"""The order in which a run is written."""

import pytest

from schemas.errors import TransientError
from schemas.events import Event, InvocationCreated, RunRequested
from schemas.runs import make_run
from streams.engine.outputs import Send
from streams.engine.publishing.runs import write_run
from tests.schemas.test_runs import NOON, source

RUN = make_run(source(), "docs", "an-id", NOON)


class Log:
    """Takes so many records, then the process dies."""

    def __init__(self, takes: int = 2) -> None:
        self.takes = takes
        self.events: list[tuple[str, str, type[Event]]] = []

    async def write(self, send: Send) -> None:
        if len(self.events) == self.takes:
            raise TransientError("the broker is away")
        self.events.append((send.topic.name, send.key, type(send.event)))  # type: ignore[arg-type]


async def test_the_order_is_written_when_the_broker_has_the_invocation() -> None:
    log = Log()

    await write_run(RUN, log.write)

    assert log.events == [
        ("progress", "an-id", InvocationCreated),
        ("runs.folder", source().id, RunRequested),
    ]


async def test_who_dies_in_between_leaves_an_invocation_and_no_order_of_an_unknown_one() -> None:
    log = Log(takes=1)

    with pytest.raises(TransientError):
        await write_run(RUN, log.write)

    assert [kind for _, _, kind in log.events] == [InvocationCreated]
