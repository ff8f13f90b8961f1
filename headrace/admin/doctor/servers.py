"""Checks of the servers: Kafka, Chroma, blob store, gateway, and their clocks."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version

import aiohttp
from pydantic import ValidationError

from headrace.admin.doctor.check import Check, Verdict, fault, ok, warning
from headrace.admin.doctor.kafka import broker_check, topic_checks
from headrace.admin.topics import quiet
from headrace.wiring import Wiring
from schemas.api import ErrorResponse, HealthResponse
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
            for check in await gateway_checks(session, gateway):
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
            words = (await answer.text(errors="replace")).strip().strip('"')
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
        return [warning("Chroma", found, wanted), *clock_checks("Chroma", dated)]
    return [ok("Chroma", found), *clock_checks("Chroma", dated)]


async def gateway_checks(session: aiohttp.ClientSession, url: str) -> list[Check]:
    """Whether a gateway is healthy, and its clock right. Whatever answers there may be none."""
    try:
        async with session.get(f"{url.rstrip('/')}/health") as answer:
            text, dated, status = (
                await answer.text(errors="replace"),
                answer.headers.get("Date"),
                answer.status,
            )
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        what = f"no answer at {url}: {error or type(error).__name__}"
        return [fault("gateway", what, "is it running? `headrace up`, or HEADRACE_URL")]
    try:
        health = HealthResponse.model_validate_json(text)
    except ValidationError:
        if status == 200 or (said := _refusal(text)) is None:
            shown = text.strip()[:200] or "nothing"
            what = f"{url} does not answer as a Headrace gateway does ({status}): {shown}"
            return [fault("gateway", what, "check HEADRACE_URL; a proxy may answer in its place")]
        return [fault("gateway", f"{url}: {said}", "its log says more")]
    if status != 200:
        return [fault("gateway", f"{url} answers {status}: {text.strip()[:200]}", "its log says more")]
    if health.stages:
        said = "; ".join(health.stages)
        return [
            warning("gateway", said, "the log of that service says why"),
            *clock_checks("gateway", dated),
        ]
    return [ok("gateway", f"{url} is healthy"), *clock_checks("gateway", dated)]


def _refusal(text: str) -> str | None:
    """The message of a gateway's error; None if it is none."""
    try:
        return ErrorResponse.model_validate_json(text).message
    except ValidationError:
        return None


def clock_checks(whose: str, dated: str | None) -> list[Check]:
    """Compare a server's clock with ours. Its date has whole seconds."""
    if dated is None:
        return []
    try:
        there = parsedate_to_datetime(dated)
    except (ValueError, TypeError, IndexError, OverflowError):
        what = f"the `Date` of {whose} cannot be read: {dated[:80]!r}"
        return [warning("clock", what, "HTTP has dates such as Sun, 06 Nov 1994 08:49:37 GMT")]
    if there.tzinfo is None:  # `-0000`: UTC, of an unknown place
        there = there.replace(tzinfo=UTC)
    apart = abs((datetime.now(UTC) - there).total_seconds())
    if apart > _CLOCK_S:
        what = f"the clock of {whose} and this machine's differ by {apart:.0f} s"
        return [warning("clock", what, "let NTP set both: signed requests and schedules depend on them")]
    return [ok("clock", f"as that of {whose}")]
