"""A client for the gateway's HTTP API: typed by the models that the gateway answers with."""

from collections.abc import Mapping
from typing import Any

import aiohttp
from pydantic import BaseModel

from headrace.client.content import ContentCalls
from headrace.client.requests import ApiError, words
from headrace.client.webhooks import WebhookCalls
from schemas import api

__all__ = ["ApiError", "GatewayClient", "to_json"]


class GatewayClient(ContentCalls, WebhookCalls):
    """A client for one gateway; an asynchronous context manager.

    Every call raises ApiError for a status of 400 and above, TransientError without a response. Calls are not
    retried here; `reconnect_s` is how long `headrace.client.reconnect` retries them.
    """

    async def fault(self) -> str | None:
        """Which component does not answer, the gateway included; None if all do."""
        try:
            async with self._session.get(f"{self.url}/health") as answer:
                return None if answer.status == 200 else words(answer.status, await answer.text())
        except (aiohttp.ClientError, TimeoutError, OSError):
            return f"the gateway at {self.url} does not answer"

    async def remarks(self) -> list[str]:
        """The gateway's remarks on stages that are stuck or silent. Empty if it does not answer."""
        try:
            async with self._session.get(f"{self.url}/health") as answer:
                return api.HealthResponse.model_validate_json(await answer.text()).stages
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return []

    async def create_source(self, payload: Mapping[str, Any]) -> str:
        """The new source's id."""
        return (await self._post("/sources", payload, api.CreateSourceResponse)).source_id

    async def source(self, source_id: str) -> api.Source:
        """One source."""
        return await self._get(f"/sources/{source_id}", api.Source)

    async def sources(self, **query: str | None) -> list[api.Source]:
        """All sources that match, newest first."""
        return await self._all("/sources", list[api.Source], query)

    async def change_source(self, source_id: str, payload: Mapping[str, Any]) -> api.Source:
        """Change which documents of its origin a source selects."""
        async with self._request("PUT", f"/sources/{source_id}", body=payload) as answer:
            return self._read(api.Source, await answer.read())

    async def patch_source(
        self, source_id: str, payload: Mapping[str, Any], version: str | None = None
    ) -> api.ChangedSource:
        """Change single fields of a source, if it still has a version."""
        headers = None if version is None else {"If-Match": f'"{version}"'}
        path = f"/sources/{source_id}"
        async with self._request("PATCH", path, body=payload, headers=headers) as answer:
            return self._read(api.ChangedSource, await answer.read())

    async def check_source(self, payload: Mapping[str, Any]) -> api.SourceCheck:
        """What a source would sync."""
        return await self._post("/sources/check", payload, api.SourceCheck)

    async def delete_source(self, source_id: str) -> None:
        """Delete a source; its documents stay."""
        await self._send("DELETE", f"/sources/{source_id}")

    async def delete_source_and_documents(self, source_id: str) -> list[str]:
        """Delete a source and its documents. Returns the ids of the invocations that delete them."""
        path, query = f"/sources/{source_id}", {"documents": "true"}
        async with self._request("DELETE", path, query) as answer:
            return self._read(api.DeleteSourceResponse, await answer.read()).invocation_ids

    async def create_invocation(
        self,
        source_id: str,
        collection: str,
        options: Mapping[str, object] | None = None,
        key: str | None = None,
    ) -> str:
        """Run a source into a collection. Returns the invocation's id.

        `options` are members of the payload besides the collection (`schemas.api.CreateJobPayload`). `key`, a
        random text, makes the call idempotent.
        """
        body = {"target_collection_name": collection, **(options or {})}
        path, headers = f"/sources/{source_id}/invocations", {"Idempotency-Key": key} if key else {}
        return (await self._post(path, body, api.CreateJobResponse, headers)).invocation_id

    async def invocation(self, invocation_id: str) -> api.Job:
        """One invocation."""
        return await self._get(f"/invocations/{invocation_id}", api.Job)

    async def invocations(self, limit: int, **query: str | None) -> list[api.Job]:
        """The newest `limit` invocations that match."""
        return await self._get("/invocations", list[api.Job], {**query, "limit": str(limit)})

    async def cancel(self, invocation_id: str) -> None:
        """Cancel an invocation that has not started."""
        await self._send("PUT", f"/invocations/{invocation_id}")

    async def progress(self, invocation_id: str) -> api.InvocationProgress:
        """The progress of an invocation."""
        return await self._get(f"/invocations/{invocation_id}/progress", api.InvocationProgress)

    async def documents(
        self, invocation_id: str, status: str | None = None, limit: int | None = None, warned: bool = False
    ) -> list[api.DocumentOutcome]:
        """The outcomes of an invocation's documents, or of those with warnings: all, or the first `limit`."""
        path = f"/invocations/{invocation_id}/documents"
        query = {"status": status, "warnings": "true" if warned else None}
        return await self._all(path, list[api.DocumentOutcome], query, limit)

    async def search(self, payload: api.SearchPayload) -> api.SearchAnswer:
        """Search a collection."""
        return await self._post("/search", payload.model_dump(mode="json"), api.SearchAnswer)

    async def keys(self) -> list[api.KeySummary]:
        """The keys, without their secrets."""
        return await self._get("/keys", list[api.KeySummary])

    async def create_key(self, payload: Mapping[str, Any]) -> api.CreateKeyResponse:
        """Create a key. Only this response contains its secret."""
        return await self._post("/keys", payload, api.CreateKeyResponse)

    async def revoke_key(self, key_id: str) -> None:
        """Revoke a key."""
        await self._send("DELETE", f"/keys/{key_id}")

    async def credentials(self) -> list[api.CredentialSummary]:
        """The saved credentials of sources, without their secrets."""
        return await self._get("/credentials", list[api.CredentialSummary])

    async def create_credential(self, payload: Mapping[str, Any]) -> api.CredentialSummary:
        """Save a credential."""
        return await self._post("/credentials", payload, api.CredentialSummary)

    async def delete_credential(self, credential_id: int) -> None:
        """Delete a credential that no source uses."""
        await self._send("DELETE", f"/credentials/{credential_id}")

    async def rotate_credentials(self) -> api.RotatedCredentials:
        """Re-encrypt every credential with the newest key."""
        return await self._post("/credentials/rotate", {}, api.RotatedCredentials)


def to_json(value: BaseModel | list[Any]) -> Any:
    """Models as plain JSON values, without unset fields."""
    if isinstance(value, list):
        return [to_json(item) for item in value]
    return value.model_dump(mode="json", exclude_unset=True)
