"""An error in a callback that nobody handles, in every service: its run ends with the reason."""

from pathlib import Path

import pytest

from tests.conftest import Chroma, Kafka
from tests.system.pipeline import running

pytestmark = [pytest.mark.system, pytest.mark.faults]

#: Ends with such an error whatever works on an event that names a document after its service, and a connector
#: whose attempt at `begun.md` has begun.
_STRAY = """
import asyncio, sys
from streams.engine.retries import Attempts

outcomes = Attempts.outcomes

def stray():
    raise ValueError("a stray error")

def poisonous(event):
    if sys.argv[1] == "tracking" and type(event).__name__ != "Progress":
        return False  # an invocation that tracking never hears of is refused by the gateway
    return f"poison-{sys.argv[1]}" in repr(event)

async def broken(self, group):
    if any(entry.record and not entry.error and poisonous(entry.record.event) for entry in group):
        asyncio.get_running_loop().call_soon(stray)
    return await outcomes(self, group)

Attempts.outcomes = broken

from services.connectors.runs import Connector
from services.connectors.invocations import Invocations

attempt, answered = Connector.attempt, Invocations.answered
begun = set()

def noted(self, record, context, window):
    if record.event.upload and record.event.upload.filename == "begun.md":
        begun.add(record.event.invocation_id)
    return attempt(self, record, context, window)

async def broken_later(self, invocation_id, token):
    found = await answered(self, invocation_id, token)
    if invocation_id in begun:
        asyncio.get_running_loop().call_soon(stray)
        await asyncio.Event().wait()
    return found

Connector.attempt, Invocations.answered = noted, broken_later
"""
SERVICES = ("connectors", "parsing", "chunking", "embedding", "indexing", "tracking")


async def test_a_stray_error_over_a_record_ends_its_run_with_the_reason(
    kafka: Kafka, chroma: Chroma, tmp_path: Path
) -> None:
    async with running(kafka.bootstrap_servers, chroma.url, tmp_path, before=_STRAY) as pipeline:
        for service in SERVICES:
            # What tracking is told of names a document only when it has failed.
            name, content = f"poison-{service}.md", b"# Title\n\nSome words.\n"
            if service == "tracking":
                name, content = f"poison-{service}.pdf", b"%PDF-1.7 and no more"
            invocation = await pipeline.upload("stray", name, content)

            ended = await pipeline.final(invocation, within=60)

            error = ended["status"]["failed"]["error"]
            assert "has ended its worker 2 times: ValueError: a stray error" in error, service
            assert pipeline.supervisor.states[f"{service}-0"].restarts == 2, (service, error)

        # The process that gives this run up has not begun the attempt that tracking knows.
        invocation = await pipeline.upload("stray", "begun.md", b"# Title\n\nSome words.\n")
        ended = await pipeline.final(invocation, within=60)
        assert "has ended its worker 2 times: ValueError: a stray" in ended["status"]["failed"]["error"]

        after = await pipeline.upload("stray", "sound.md", b"# Title\n\nSound words.\n")
        assert (await pipeline.ended(after, within=60))["indexed"] == 1
