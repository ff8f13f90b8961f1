"""How a run gets onto the topics."""

from collections.abc import Awaitable, Callable

from schemas.runs import Run
from streams.engine.outputs import Send
from streams.topics import PROGRESS, RUNS


async def write_run(run: Run, write: Callable[[Send], Awaitable[object]]) -> None:
    """Ask for a run; returns when the broker has both records.

    The order is written when the broker has the invocation. A connector that gets an order of an invocation
    that nobody knows holds up the source for minutes. A process that dies between the two leaves an
    invocation that stays pending, writes nothing and can be cancelled; who asked had no answer. A cause with
    an invocation id of its own is delivered again, and completes it.

    Args:
        write: produces one record and waits until the broker has it.
    """
    await write(Send(PROGRESS, run.id, run.created))
    await write(Send(RUNS[run.requested.source.type], run.requested.source.id, run.requested))
