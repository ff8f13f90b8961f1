"""Signals that end a command: it reports what continues without it, and its exit status names the signal."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from headrace.local.running_file import Interrupted, stopping_signals

T = TypeVar("T")


def run_until_signal(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run`; SIGINT, SIGTERM and SIGHUP cancel `main`. Raises Interrupted then.

    While a system is started here, its supervisor takes the signals and raises the same.
    """

    async def run() -> T:
        caught: list[signal.Signals] = []
        task = asyncio.current_task()
        assert task is not None

        def stop(number: signal.Signals) -> None:
            caught.append(number)
            task.cancel()

        for number in stopping_signals():
            asyncio.get_running_loop().add_signal_handler(number, stop, number)
        try:
            return await main
        except asyncio.CancelledError:
            if caught:
                raise Interrupted(caught[0]) from None
            raise

    return asyncio.run(run())


def exit_status(interrupted: Interrupted) -> int:
    """128 and the number of the signal, as Unix has it."""
    return 128 + interrupted.signal
