"""Checks of the servers: Kafka, Chroma, blob store, gateway, and their clocks."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version

import aiohttp

from headrace.admin.doctor.check import Check, Verdict, fault, ok, warning
from headrace.admin.doctor.kafka import broker_check, topic_checks
from headrace.admin.topics import quiet
from headrace.wiring import Wiring
from schemas.errors import IngestError

#: Clocks that differ by more break signatures and time stamps: AWS refuses requests after 15 minutes, JWTs
#: of GitHub Apps are refused after one.
_CLOCK_S = 30.0
_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)


async def server_checks(wiring: Wiring, chroma_url: str | None, gateway: str | None) -> AsyncIterator[Check]:
    """Check the servers. Topics and groups are skipped if no broker answers.

    Args:
        chroma_url: None checks no Chroma.
        gateway: URL of a gateway; None checks none.
    """
    wiring.cluster = quiet(wiring.cluster)
    broker = await asyncio.to_thread(broker_check, wiring.cluster)
    yield broker
    if broker.verdict is not Verdict.FAULT:
        for check in await asyncio.to_thread(lambda: list(topic_checks(wiring))):
            yield check
    yield await _blobs(wiring)
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        if chroma_url:
            for check in await _chroma(session, chroma_url, wiring.chroma_token):
                yield check
        if gateway:
            for check in await _gateway(session, gateway):
                yield check


async def _blobs(wiring: Wiring) -> Check:
    place = wiring.settings.blob_url or str(wiring.data / "blobs")
    try:
        await wiring.blobs.probe()
    except IngestError as error:
        advice = "check HEADRACE_BLOB_URL, and the rights and credentials there"
        return fault("blob store", str(error), advice)
    return ok("blob store", f"{place} takes, returns and deletes a blob")


async def _chroma(session: aiohttp.ClientSession, url: str, token: str | None) -> list[Check]:
    headers = {"x-chroma-token": token} if token else {}
    began = time.monotonic()
    try:
        async with session.get(f"{url.rstrip('/')}/api/v2/version", headers=headers) as answer:
            words = (await answer.text()).strip().strip('"')
            dated, status = answer.headers.get("Date"), answer.status
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        what = f"no answer at {url}: {error or type(error).__name__}"
        return [fault("Chroma", what, "is it running, and is HEADRACE_CHROMA_URL right?")]
    if status != 200:
        return [fault("Chroma", f"{url} answers {status}: {words[:200]}", "check HEADRACE_CHROMA_API_KEY")]
    took = 1000 * (time.monotonic() - began)
    found = f"API version {words} at {url}, answers in {took:.0f} ms"
    if not words.startswith("1."):
        wanted = f"this release is tested with the versions around {version('chromadb')}"
        return [warning("Chroma", found, wanted), *_clock("Chroma", dated)]
    return [ok("Chroma", found), *_clock("Chroma", dated)]


async def _gateway(session: aiohttp.ClientSession, url: str) -> list[Check]:
    try:
        async with session.get(f"{url.rstrip('/')}/health") as answer:
            body = await answer.json(content_type=None)
            dated, status = answer.headers.get("Date"), answer.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        what = f"no answer at {url}: {error or type(error).__name__}"
        return [fault("gateway", what, "is it running? `headrace up`, or HEADRACE_URL")]
    if status != 200:
        return [fault("gateway", f"{url}: {body.get('message') or body}", "its log says more")]
    stages = body.get("stages") or []
    if stages:
        return [
            warning("gateway", "; ".join(stages), "the log of that service says why"),
            *_clock("gateway", dated),
        ]
    return [ok("gateway", f"{url} is healthy"), *_clock("gateway", dated)]


def _clock(whose: str, dated: str | None) -> list[Check]:
    """Compare a server's clock with ours. Its date has whole seconds."""
    if dated is None:
        return []
    there = parsedate_to_datetime(dated)
    apart = abs((datetime.now(UTC) - there).total_seconds())
    if apart > _CLOCK_S:
        what = f"the clock of {whose} and this machine's differ by {apart:.0f} s"
        return [warning("clock", what, "let NTP set both: signed requests and schedules depend on them")]
    return [ok("clock", f"as that of {whose}")]
