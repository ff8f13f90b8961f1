"""How a process takes part when partitions are grown: its intake stops, it ends, and begins anew."""

import asyncio

import structlog
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from headrace.wiring.shared import Wiring
from schemas.errors import TransientError
from schemas.events import TopicLayout
from streams.growth.renewing import cut_short, is_renewing
from streams.kafka.cluster import Cluster
from streams.partitions import Partition
from streams.state.layout import GROWING, MOVED, SETTLED, STOPPING, LayoutWatch, base_of, read_layout

log = structlog.get_logger(__name__)

#: Between two looks, each a request to the broker.
LOOK_SECONDS = 6.0
#: These own no partition and write no state: they answer while records move.
_SERVES = frozenset({"api", "searching"})

#: How long a process that begins waits for the answer of a broker that has just begun, too.
_PATIENCE_SECONDS = 60.0


class Growth:
    """Watches the layout of the topics for a process.

    Attributes:
        reason: why the process has to begin anew; empty as long as it may go on.
    """

    def __init__(self, wiring: Wiring, service: str, stop: asyncio.Event) -> None:
        self._wiring, self._service, self._stop = wiring, service, stop
        self._watch = LayoutWatch(wiring.cluster, wiring.codec)
        self._drained = False
        self.reason = ""

    async def follow(self) -> None:
        """Set `stop` when the process has to begin anew. Returns then."""
        while not self.reason:
            await asyncio.sleep(LOOK_SECONDS)
            if self._wiring.layout is None:  # it waits for topics
                continue
            try:
                layout = await self._watch.current()
            except TransientError:  # the broker is away, which others notice, too
                continue
            await self._act(layout)
        self._stop.set()

    async def _act(self, layout: TopicLayout) -> None:
        if self._wiring.draining:  # it has begun without intake
            self._drained = True
        if layout.phase != SETTLED and not self._drained:
            self._drained = True
            log.info("partitions are to be grown: nothing new is taken in", target=layout.target)
            await self._wiring.stop_intake()
        self.reason = why_anew(self._service, self._wiring.layout, layout, self._drained)


@retry(  # a broker that has just begun does not know yet what was read
    retry=retry_if_exception_type(TransientError),
    wait=wait_fixed(0.5),
    stop=stop_after_delay(_PATIENCE_SECONDS),
    reraise=True,
)
async def _cut_short(cluster: Cluster) -> dict[Partition, int]:
    return await asyncio.to_thread(cut_short, cluster)


async def require_unchanged(wiring: Wiring, orders: bool) -> None:
    """For a process that has opened its workers, which may take a minute, before they read. Raises
    TransientError if the layout is not the one that it has begun with: it would put offsets in an order of
    before, or take new work in while partitions are drained; with `orders`, which writes or reads
    `documents`, also while its offsets have yet to be raised."""
    if orders and (cut := await _cut_short(wiring.cluster)):
        name, partition = min(cut)
        raise TransientError(
            f"{name}[{partition}] ends before what was read of it: it was made anew, or has lost its last "
            "records. A gateway notices that within ten seconds, and raises its offsets"
        )
    now = await asyncio.to_thread(read_layout, wiring.cluster, wiring.codec)
    reason = why_anew("", wiring.layout, now, drained=False)
    if reason or (wiring.layout is not None and wiring.layout.phase != now.phase):
        raise TransientError(reason or "the growth of partitions was begun, or given up")


def why_anew(service: str, began: TopicLayout | None, now: TopicLayout, drained: bool) -> str:
    """Why a process that began with one layout has to begin anew with another; empty if it need not."""
    if now.phase in (STOPPING, GROWING, MOVED):
        if service in _SERVES:
            return ""
        return "the offsets of a topic are raised" if is_renewing(now) else "partitions are being grown"
    if began is not None and (began.partitions, base_of(began.eras)) != (now.partitions, base_of(now.eras)):
        if began.partitions != now.partitions:
            return f"the topics have {now.partitions} partitions now"
        return "the offsets of a topic were raised: it was made anew, or had lost its last records"
    if now.phase == SETTLED and drained and service not in _SERVES:
        return "the growth of partitions was given up"
    return ""
