"""Calls about documents, collections, failures and dead letters."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from headrace.client.requests import Requests
from schemas import api
from schemas.errors import RequestError

#: Collections that an error names.
_MOST_NAMED = 20


class ContentCalls(Requests):
    """What is in collections, and what is not there because it failed."""

    async def all_documents(self, **query: str | None) -> AsyncIterator[api.DocumentSummary]:
        """Documents that match, over all pages; the filters are those of `GET /api/v1/documents`."""
        cursor: str | None = None
        while True:
            page = await self.document_page(cursor=cursor, **query)
            for one in page.documents:
                yield one
            if (cursor := page.next_cursor) is None:
                return

    async def document_page(self, **query: str | None) -> api.DocumentPage:
        """One page of documents."""
        return await self._get("/documents", api.DocumentPage, query)

    async def document(self, document_id: str, first_chunk: int = 0, chunks: int = 100) -> api.DocumentDetail:
        """A document with its history, and some of its chunks."""
        query = {"first_chunk": str(first_chunk), "chunks": str(chunks)}
        return await self._get(f"/documents/{document_id}", api.DocumentDetail, query)

    async def delete_document(self, document_id: str) -> api.DeletedDocument:
        """Delete a document from its collection."""
        async with self._request("DELETE", f"/documents/{document_id}") as answer:
            return self._read(api.DeletedDocument, await answer.read())

    async def retry_document(self, document_id: str) -> api.RetryResponse:
        """Process a failed document again."""
        return await self._post(f"/documents/{document_id}/retry", {}, api.RetryResponse)

    async def collections(self, **query: str | None) -> list[api.CollectionSummary]:
        """All collections, or those of `database_name`."""
        return await self._all("/collections", list[api.CollectionSummary], query)

    async def require_collection(self, database: str, collection: str) -> None:
        """Raises RequestError, which names those that are there, if no collection has this name."""
        known = [one.name for one in await self.collections(database_name=database)]
        if collection not in known:
            there = ", ".join(known[:_MOST_NAMED]) + (", …" if len(known) > _MOST_NAMED else "")
            raise RequestError(
                f"no collection {collection!r} in database {database!r}; it holds {there or 'none'}"
            )

    async def verify(
        self, database: str, collection: str, repair: bool = False
    ) -> api.CollectionVerification:
        """Begin to compare a collection with what is recorded of it, and to repair it if `repair` is set."""
        path = f"/collections/{collection}/{'repair' if repair else 'verify'}"
        return await self._post(path, {"database_name": database}, api.CollectionVerification)

    async def verification(self, database: str, collection: str) -> api.CollectionVerification:
        """The newest comparison of a collection."""
        query = {"database_name": database}
        return await self._get(f"/collections/{collection}/verification", api.CollectionVerification, query)

    async def failures(self, invocation_id: str) -> list[api.FailureGroup]:
        """Failed documents of an invocation by reason."""
        return await self._get(f"/invocations/{invocation_id}/failures", list[api.FailureGroup])

    async def retry(self, invocation_id: str, reason: str | None = None) -> api.RetryResponse:
        """Process failed documents again, all or those with one reason; until none is left to replay."""
        body = {} if reason is None else {"reason": reason}
        replayed = 0
        while True:
            done = await self._post(f"/invocations/{invocation_id}/retry", body, api.RetryResponse)
            replayed += done.replayed
            if not done.left or not done.replayed:
                return done.model_copy(update={"replayed": replayed})

    async def dead_letter_page(self, **query: str | None) -> api.DeadLetterPage:
        """One page of dead letters; the filters are those of `GET /api/v1/dead-letters`."""
        return await self._get("/dead-letters", api.DeadLetterPage, query)

    async def dead_letter(self, letter_id: str) -> api.DeadLetterDetail:
        """A dead letter with its record."""
        return await self._get(f"/dead-letters/{letter_id}", api.DeadLetterDetail)

    async def replay_dead_letters(self, payload: Mapping[str, Any]) -> api.SettledLetters:
        """Send records of dead letters again (`schemas.api.SettlePayload`)."""
        return await self._post("/dead-letters/replay", payload, api.SettledLetters)

    async def drop_dead_letters(self, payload: Mapping[str, Any]) -> api.SettledLetters:
        """Close dead letters without sending their records again."""
        return await self._post("/dead-letters/drop", payload, api.SettledLetters)
