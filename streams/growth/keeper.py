"""Growth in a process that serves meanwhile: a gateway. It also raises the offsets of topics
that count again.

                    begin ─► a thread grows, as the command does ─► the process begins anew
                               │ the process ends, or dies
    every gateway looks ───────┴─► no sign of life for 75 s ─► it goes on

Of two that go on at once the later one fences the earlier one, as of two commands.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from datetime import datetime

import structlog

from schemas.codec import Codec
from schemas.errors import FencedError, IngestError, TransientError
from schemas.events import TopicLayout
from streams.growth.command import grow
from streams.growth.journal import Left
from streams.growth.renewing import cut_short, is_renewing, keep_order
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.state.layout import DRAINING, GROWING, SETTLED, STOPPING, LayoutWatch, ordered_ids
from streams.topics import LAYOUT

log = structlog.get_logger(__name__)

#: Between two looks at what others grow.
LOOK_SECONDS = 10.0
#: Longer than a request to the brokers may take: whoever is taken over from earlier might still act.
SILENT_SECONDS = 75.0
#: How long the end of a process waits for its growth to stop at a place from which another goes on.
_LEAVES_SECONDS = 3.0
_PHASES = frozenset({DRAINING, STOPPING, GROWING})


class GrowthKeeper:
    """Grows partitions in this process, and goes on with what another gateway had begun.

    Attributes:
        error: why the last growth in this process ended early; empty if it did not.
    """

    def __init__(self, cluster: Cluster, codec: Codec) -> None:
        self._cluster, self._codec = cluster, codec
        self._ends = threading.Event()
        self._growing: threading.Thread | None = None
        self._ordering: threading.Thread | None = None
        self._following: asyncio.Task[None] | None = None
        self._watch = LayoutWatch(cluster, codec)
        self._exists = False
        self._seen: tuple[datetime | None, float] = (None, float("-inf"))
        self.error = ""

    @property
    def grows(self) -> bool:
        """Whether a growth is under way in this process."""
        return _lives(self._growing)

    @property
    def _works(self) -> bool:
        return self.grows or _lives(self._ordering)

    def follow(self) -> None:
        """Look for growths that were broken off, until `close`."""
        self._following = asyncio.create_task(self._follow(), name="go on with growths")

    async def close(self) -> None:
        """Stop growing; another gateway goes on, or this one when it has started again."""
        self._ends.set()
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
        for thread in (self._ordering, self._growing):
            if thread is not None:
                await asyncio.to_thread(thread.join, _LEAVES_SECONDS)

    def begin(self, partitions: int, continues: bool = False) -> None:
        """Grow in a thread, unless one does; with `continues` only go on with what is under way.
        `plan_growth` says before whether it would be refused."""
        if self.grows:
            return
        cluster, codec, ends, ordering = self._cluster, self._codec, self._ends, self._ordering

        def work() -> None:
            if ordering is not None:  # it takes a moment, and each would fence the other
                ordering.join()
            grow(cluster, codec, partitions, _logged, ends=ends, continues=continues)

        self._growing = self._begun(work)

    def _begun(self, work: Callable[[], object]) -> threading.Thread:
        self.error = ""
        # A daemon: it must not keep the process that ends, and one that dies is gone on with.
        thread = threading.Thread(target=self._surely, args=(work,), name="grow", daemon=True)
        thread.start()
        return thread

    def _surely(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Left:
            log.info("this process ends, and another one goes on with the layout of the topics")
        except FencedError:
            log.info("another process goes on with the layout of the topics, or has given it up")
        except IngestError as error:
            self.error = str(error)
            log.error("the work on the layout of the topics ended early", error=str(error))
        except Exception as error:
            self.error = f"unexpected error, see the log of the gateway: {type(error).__name__}"
            log.exception("the growth of partitions failed")

    async def _follow(self) -> None:
        while True:
            try:
                if (layout := await self._look()) is not None:
                    await self._go_on(layout)
            except TransientError:  # the broker is away
                pass
            except Exception:  # nobody else looks
                log.exception("growths that were broken off cannot be looked for")
            await asyncio.sleep(LOOK_SECONDS)

    async def _go_on(self, layout: TopicLayout) -> None:
        if await self._is_out_of_order(layout) or (is_renewing(layout) and self.is_due(layout)):
            if not self.grows:  # one may have been asked for meanwhile
                self._ordering = self._begun(
                    lambda: keep_order(self._cluster, self._codec, _logged, self._ends)
                )
        elif layout.target is not None and self.is_due(layout):
            log.warning("going on with a growth of partitions that was broken off")
            self.begin(layout.target, continues=True)

    async def _is_out_of_order(self, layout: TopicLayout) -> bool:
        """Whether a topic was made anew or cut short, or its id is not noted yet, and nobody is at work."""
        if layout.phase != SETTLED or self._works:
            return False
        if layout.topic_ids != await asyncio.to_thread(ordered_ids, self._cluster):
            return True
        return bool(await asyncio.to_thread(cut_short, self._cluster))

    async def _look(self) -> TopicLayout | None:
        if not self._exists:
            counts = await asyncio.to_thread(partition_counts, admin(self._cluster), self._cluster)
            self._exists = LAYOUT.name in counts
        self._watch.forget()
        return await self._watch.current() if self._exists else None

    def is_due(self, layout: TopicLayout) -> bool:
        """Whether a growth that gateways go on with has given no sign of life for a while.

        By the clock of this process alone: that of another machine may be wrong.
        """
        if layout.phase not in _PHASES or not layout.resumes or self._works:
            return False
        now = time.monotonic()
        if self._seen[0] != layout.told_at or self._seen[1] < 0:
            self._seen = (layout.told_at, now)
        return now - self._seen[1] > SILENT_SECONDS


def _lives(thread: threading.Thread | None) -> bool:
    return thread is not None and thread.is_alive()


def _logged(step: str) -> None:
    log.info("layout of the topics", step=step)
