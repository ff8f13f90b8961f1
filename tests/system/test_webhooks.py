"""A run that ends is told to an endpoint by the whole pipeline, signed; a receiver that was away gets it."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from tests.services.notifying.world import receiving
from tests.system.pipeline import DATABASE, Pipeline

pytestmark = pytest.mark.system

PATH = "/api/v1/webhook-endpoints"


async def test_the_end_of_a_run_is_told_once_also_to_a_receiver_that_failed_first(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    (tmp_path / "a.md").write_text("# A\n\nThe text.\n")
    source = await pipeline.source(tmp_path)
    answers = iter([500, 204])
    async with receiving() as receiver:
        receiver.answer = lambda request: web.Response(status=next(answers))
        body = {"url": receiver.url, "database_name": DATABASE, "source_id": source}
        status, endpoint = await pipeline.call("POST", PATH, json=body)
        assert status == 201, endpoint
        run = await pipeline.begin(source, "webhooks")
        await pipeline.ended(run)
        async with asyncio.timeout(60):
            deliveries: list[dict[str, object]] = []
            while not deliveries or deliveries[0]["state"] != "delivered":
                _, page = await pipeline.call("GET", f"{PATH}/{endpoint['id']}/deliveries")
                deliveries = page["deliveries"]
                await asyncio.sleep(0.05)

        (told,) = deliveries
        assert (told["invocation_id"], told["tries"]) == (run, 2)
        first, second = receiver.taken
        event = Webhook(endpoint["secret"]).verify(second[1], second[0])
        assert (event["type"], event["data"]["counts"]["indexed"]) == ("invocation.complete", 1)
        assert first[0]["webhook-id"] == second[0]["webhook-id"] == told["id"]
        await pipeline.call("DELETE", f"{PATH}/{endpoint['id']}")
