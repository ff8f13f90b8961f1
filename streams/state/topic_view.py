"""The base of views of topics: follows them, and lets a caller read its own writes."""

from streams.engine.log import RecordMetadata
from streams.state.views import View
from streams.state.watch import Watch


class TopicView:
    """Tables that a view keeps up to date with its topics. Subclasses add the queries."""

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
