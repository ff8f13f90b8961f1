"""A sandbox that parses nothing: it answers what it is told to and remembers what it was given."""

import asyncio

from services.parsing.document import ParsedDocument
from services.parsing.sandbox.pool import Sandbox


class Recorded(Sandbox):
    """Answers `document` for every file, once `gate` (if there is one) is open."""

    def __init__(self, document: ParsedDocument) -> None:
        self.document = document
        self.calls: list[tuple[bytes, str | None, str | None]] = []
        self.gate: asyncio.Event | None = None
        self.started = self.closed = False

    def start(self) -> None:
        self.started = True

    async def parse(
        self,
        data: bytes,
        filename: str | None,
        content_type: str | None,
        main_content: bool = False,
        run: str | None = None,
    ) -> ParsedDocument:
        self.calls.append((data, filename, content_type))
        if self.gate:
            await self.gate.wait()
        return self.document

    def close(self) -> None:
        self.closed = True
