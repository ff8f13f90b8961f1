"""What every view of topics has: it follows them, and a caller can wait for what it has written."""

from streams.engine.log import RecordMetadata
from streams.state.views import View, Watch


class TopicView:
    """Tables that a view keeps true to its topics; the questions about them are asked in subclasses."""

    def __init__(self, view: View) -> None:
        self._view = view

    async def start(self) -> None:
        """Follow the topics; returns when the view has caught up with their current ends."""
        await self._view.start()

    async def close(self) -> None:
        """Stop following."""
        await self._view.close()

    def changed(self) -> Watch:
        """Wakes at every change."""
        return self._view.changed()

    async def passed(self, written: RecordMetadata) -> None:
        """Wait until the view contains a written record."""
        await self._view.passed(written.send.topic, written.partition, written.offset)
