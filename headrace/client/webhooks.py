"""Calls about completion webhooks: endpoints and their deliveries."""

from collections.abc import Mapping
from typing import Any

from headrace.client.requests import Requests
from schemas import api

_PATH = "/webhook-endpoints"


class WebhookCalls(Requests):
    """Endpoints that are told when runs end; for admin keys."""

    async def webhooks(self) -> list[api.EndpointSummary]:
        """The endpoints, the oldest first."""
        return await self._get(_PATH, list[api.EndpointSummary])

    async def webhook(self, endpoint_id: str) -> api.EndpointSummary:
        """One endpoint."""
        return await self._get(f"{_PATH}/{endpoint_id}", api.EndpointSummary)

    async def create_webhook(self, payload: Mapping[str, Any]) -> api.CreatedEndpoint:
        """Create an endpoint (`schemas.api.CreateEndpointPayload`). Only this response has its secret."""
        return await self._post(_PATH, payload, api.CreatedEndpoint)

    async def change_webhook(self, endpoint_id: str, payload: Mapping[str, Any]) -> api.EndpointSummary:
        """Change an endpoint (`schemas.api.ChangeEndpointPayload`)."""
        async with self._request("PATCH", f"{_PATH}/{endpoint_id}", body=payload) as answer:
            return self._read(api.EndpointSummary, await answer.read())

    async def rotate_webhook(self, endpoint_id: str) -> api.CreatedEndpoint:
        """Give an endpoint another secret, which only this response has."""
        return await self._post(f"{_PATH}/{endpoint_id}/rotate", {}, api.CreatedEndpoint)

    async def delete_webhook(self, endpoint_id: str) -> None:
        """Delete an endpoint. What is pending for it fails."""
        await self._send("DELETE", f"{_PATH}/{endpoint_id}")

    async def test_webhook(self, endpoint_id: str) -> api.DeliverySummary:
        """Send a test event. The delivery is attempted after the call."""
        return await self._post(f"{_PATH}/{endpoint_id}/test", {}, api.DeliverySummary)

    async def delivery_page(self, endpoint_id: str, **query: str | None) -> api.DeliveryPage:
        """One page of deliveries, newest first; the filters are those of `GET …/deliveries`."""
        return await self._get(f"{_PATH}/{endpoint_id}/deliveries", api.DeliveryPage, query)

    async def delivery(self, endpoint_id: str, delivery_id: str) -> api.DeliverySummary:
        """One delivery."""
        return await self._get(f"{_PATH}/{endpoint_id}/deliveries/{delivery_id}", api.DeliverySummary)

    async def redeliver(self, endpoint_id: str, delivery_id: str) -> api.DeliverySummary:
        """Attempt a delivery again. It is attempted after the call."""
        path = f"{_PATH}/{endpoint_id}/deliveries/{delivery_id}/retry"
        return await self._post(path, {}, api.DeliverySummary)
