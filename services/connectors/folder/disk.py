"""One thread per run for work on a disk that may never answer, so a dead mount blocks only its own runs."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from schemas.errors import RequestError

T = TypeVar("T")

#: A disk that has not answered for this long is stuck. A hard NFS mount retries for ever.
STUCK_SECONDS = 300.0


class Disk:
    """One thread that lists and reads for one run. It starts with the first call.

    The functions that it runs must report progress (`tick`). A thread in a blocked system call cannot be
    ended; it is abandoned, and ends when the disk answers. It is a daemon thread.
    """

    def __init__(self, shown: str, stuck_seconds: float | None = None) -> None:
        self._shown, self._stuck_seconds = shown, stuck_seconds or STUCK_SECONDS
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._moved_at = time.monotonic()
        self._given_up = False
        self._thread = threading.Thread(target=self._serve, name=f"disk {shown}", daemon=True)

    def close(self, last: Callable[[], None] | None = None) -> None:
        """No more work comes; the thread ends after what it is doing now, and after `last`."""
        self._work.put(last)
        self._work.put(None)

    @property
    def stuck(self) -> bool:
        """Whether a call was abandoned and the disk still has not answered it."""
        return self._given_up and self._thread.is_alive()

    @property
    def is_over(self) -> bool:
        """Whether its thread has ended."""
        return self._thread.ident is not None and not self._thread.is_alive()

    def tick(self) -> None:
        """Report progress."""
        self._moved_at = time.monotonic()

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run `function(*arguments)` in the thread; one call at a time.

        Raises what the function raises, and RequestError if there is no progress for `stuck_seconds`.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self.tick()
        if self._thread.ident is None:
            self._thread.start()
        self._work.put(lambda: _answer(loop, answer, function, arguments))
        while True:
            left = self._moved_at + self._stuck_seconds - time.monotonic()
            done, _ = await asyncio.wait([answer], timeout=max(left, 0.0))
            if done:
                return answer.result()
            if time.monotonic() - self._moved_at >= self._stuck_seconds:
                self._given_up = True
                raise RequestError(
                    f"{self._shown} does not answer: nothing could be read of it for "
                    f"{self._stuck_seconds:g} s; is it on a network disk that is away?"
                )

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            work()
            del work  # release its references while idle


def _answer(
    loop: asyncio.AbstractEventLoop,
    answer: "asyncio.Future[T]",
    function: Callable[..., T],
    arguments: tuple[Any, ...],
) -> None:
    result: Any = None
    raised: BaseException | None = None
    try:
        result = function(*arguments)
    except BaseException as error:
        raised = error

    def settle() -> None:
        if answer.done():
            return
        if raised is not None:
            answer.set_exception(raised)
        else:
            answer.set_result(result)

    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)
