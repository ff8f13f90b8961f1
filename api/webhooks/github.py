"""`POST /webhooks/github`: a push to a branch that a source follows starts a run of the source.

A delivery is answered when the broker has acknowledged the resulting records, without waiting for tracking,
because GitHub gives up after 10 s and does not retry. The id of an invocation derives from that of the
delivery, so a redelivery starts no second run.
"""

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from aiohttp import web

from api.clock import now
from api.dependencies import PARTS, Dependencies
from api.errors import BadRequest, NotFound
from api.metrics import WEBHOOKS
from api.sync.render import json_response
from api.sync.source_types import shown
from api.webhooks.decisions import BranchRun, Decision, decide
from api.webhooks.payloads import (
    Delete,
    InstallationChanged,
    Payload,
    Push,
    Repo,
    RepositoryChanged,
    parsed,
)
from api.webhooks.signature import SignedBodies
from schemas.api import WebhookResponse
from schemas.events import RunOptions, Source
from schemas.ids import invocation_id
from schemas.runs import make_run
from schemas.sources.github import GITHUB
from streams.engine.outputs import Send
from streams.engine.publishing.runs import write_run
from streams.topics import SOURCES

log = structlog.get_logger("api")

GITHUB_PATH = "/webhooks/github"
#: Verifies deliveries; set if the deployment has a secret.
BODIES = web.AppKey("bodies", SignedBodies)

_EVENTS: Mapping[str, type[Payload]] = {
    "push": Push,
    "delete": Delete,
    "repository": RepositoryChanged,
    "installation": InstallationChanged,
    "installation_repositories": InstallationChanged,
}
_MOST_ID_CHARACTERS = 200


async def receive(request: web.Request) -> web.Response:
    """Handle one delivery. 202 with the invocations that it starts, 200 for `ping`, 204 for other events."""
    bodies = request.app.get(BODIES)
    if bodies is None:
        raise NotFound(
            "webhooks are not set up here: set HEADRACE_GITHUB_WEBHOOK_SECRET for the gateway to the secret "
            "of the hook"
        )
    body = await bodies.read(request)
    event = request.headers.get("X-GitHub-Event", "")
    if event == "ping":
        WEBHOOKS.labels("ping", "answered").inc()
        return json_response(WebhookResponse(message="the signature is right", invocation_ids=[]))
    kind = _EVENTS.get(event)
    if kind is None:
        WEBHOOKS.labels("other", "ignored").inc()
        return web.Response(status=204)
    delivery = _delivery(request)
    payload = parsed(body, request.content_type, kind)
    return await _carry_out(request.app[PARTS], event, delivery, payload)


def _delivery(request: web.Request) -> str:
    found = request.headers.get("X-GitHub-Delivery", "")
    if not (found.isascii() and found.isprintable() and 0 < len(found) <= _MOST_ID_CHARACTERS):
        raise BadRequest("the header X-GitHub-Delivery is missing, or no id: printable ASCII")
    return found


async def _carry_out(parts: Dependencies, event: str, delivery: str, payload: Payload) -> web.Response:
    if not isinstance(payload, Push):  # rare events that change sources: catch up first
        await parts.catalogue.refresh()
    sources = parts.catalogue.sources_naming(GITHUB.name, _names(payload))
    decision = decide(payload, sources, now(), parts.gateway.github_host)
    runs, refused = _alone(parts, decision)
    ids = await asyncio.gather(*(_ask(parts, run, delivery) for run in runs))
    for source in [*decision.changed, *decision.learned]:
        await _store(parts, source)
    outcome = _outcome(decision, runs)
    WEBHOOKS.labels(event, outcome).inc()
    level = log.info if decision.matched and not refused else log.warning
    level("webhook", kind=event, delivery=delivery, outcome=outcome, about=decision.reason, refused=refused)
    asked = [f"runs asked for: {len(runs)}"] if decision.runs else []
    message = "; ".join([": ".join([_message(decision), *asked]), *refused])
    return json_response(WebhookResponse(message=message, invocation_ids=list(ids)), 202)


async def _store(parts: Dependencies, decided: Source) -> None:
    """Store the changes of an event to a source. Concurrent changes by others stay."""
    async with parts.changing.of(decided.id):
        current = parts.catalogue.source(decided.id)
        if current is None:
            return
        config = GITHUB.of(current).model_copy(update={"repository": GITHUB.of(decided).repository})
        told = {GITHUB.name: config, "notice": decided.notice, "origin_id": decided.origin_id}
        changed = current.model_copy(update=told)
        await parts.catalogue.passed(await parts.write(Send(SOURCES, changed.id, changed)))


def _names(payload: Payload) -> Sequence[str]:
    """Texts of which every source that may be concerned contains at least one."""
    if isinstance(payload, InstallationChanged):
        named = [*payload.repositories, *payload.repositories_added, *payload.repositories_removed]
        return [payload.installation.account.login, *(_numbered(repo) for repo in named)]
    assert isinstance(payload, Push | Delete | RepositoryChanged)
    former = payload.changes.repository if isinstance(payload, RepositoryChanged) else None
    name = payload.repository.full_name.rpartition("/")[2]
    names = [name, former.name.was] if former and former.name.was else [name]
    return [*names, _numbered(payload.repository)]


def _numbered(repo: Repo) -> str:
    """The repository id as it occurs in the JSON of a source."""
    return f'"origin_id":"{repo.id}"'


async def _ask(parts: Dependencies, run: BranchRun, delivery: str) -> str:
    id_ = invocation_id(f"github/{delivery}", run.source.id, run.collection)
    options = RunOptions.model_validate({GITHUB.name: {"branch": run.branch, "after": run.after}})
    asked = make_run(run.source, run.collection, id_, now(), trigger="webhook", options=options)
    await write_run(asked, parts.write)
    return id_


def _alone(parts: Dependencies, decision: Decision) -> tuple[list[BranchRun], list[str]]:
    """The runs that may start, and why others may not: another source of their repository fills the
    collection."""
    runs, refused = [], []
    filled: dict[tuple[str, str, str], Source] = {}
    for run in sorted(decision.runs, key=lambda run: (run.source.created_at, run.source.id)):
        place = (run.source.tenant, run.source.database, run.collection)
        others = [other for other in decision.matched if _fills(parts, other, run)]
        others += [filled[place]] if filled.get(place, run.source).id != run.source.id else []
        if others:
            refused.append(
                f"source {run.source.id} does not run into {run.collection!r}: source {shown(others[0])} "
                "fills it with the same documents"
            )
            continue
        filled.setdefault(place, run.source)
        runs.append(run)
    return runs, refused


def _fills(parts: Dependencies, other: Source, run: BranchRun) -> bool:
    return (
        other.id != run.source.id
        and (other.tenant, other.database) == (run.source.tenant, run.source.database)
        and parts.catalogue.fills(other.id, run.collection)
    )


def _outcome(decision: Decision, runs: Sequence[BranchRun]) -> str:
    if runs:
        return "run"
    if decision.changed:
        return "noted"
    return "ignored" if decision.matched else "unmatched"


def _message(decision: Decision) -> str:
    return decision.reason if decision.matched else f"no source reads it ({decision.reason})"
