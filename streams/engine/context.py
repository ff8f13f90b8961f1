"""The context of a stage while it processes records of one partition."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from streams import tracing
from streams.engine.outputs import Output
from streams.partitions import Partition
from streams.tracing.headers import Headers


@dataclass(frozen=True, slots=True)
class RecordContext:
    """See `streams.engine.stage.Context`; outputs are emitted for a record of `place`.

    They continue the trace of the span that emits them, or that of `headers`.
    """

    place: Partition
    check: Callable[[], None]
    headers: Headers
    emit_for: Callable[[Sequence[Output], Partition, Headers], Awaitable[None]]

    def check_alive(self) -> None:
        """See `streams.engine.stage.Context`."""
        self.check()

    async def emit(self, outputs: Sequence[Output]) -> None:
        """See `streams.engine.stage.Context`."""
        await self.emit_for(outputs, self.place, tracing.current_headers() or self.headers)
