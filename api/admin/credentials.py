"""`/api/v1/credentials`: credentials of sources. Secrets are write-only."""

import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

from aiohttp import web

from api.access import Caller
from api.clock import now
from api.dependencies import PARTS, Dependencies
from api.errors import BadRequest, Conflict, Forbidden, NotFound
from api.requests import caller_of, read_body
from api.sync.render import json_response
from api.sync.source_types import shown
from api.views.catalogue import NO_LIMIT, ResultPage
from schemas.api import (
    CreateCredentialPayload,
    CredentialSummary,
    RotatedCredentials,
)
from schemas.base import Body
from schemas.errors import RequestError
from schemas.events import Credential, Source
from schemas.sources import SOURCE_TYPES, SourceType
from schemas.sources.github import GithubSource
from streams.credentials import SavedCredentials, context_of, require_members
from streams.engine.outputs import Send
from streams.secrets import Secrets
from streams.state.webhooks import context_of as endpoint_context
from streams.topics import CREDENTIALS, WEBHOOK_ENDPOINTS

#: Ids have nine digits: random, so that gateways need not agree on the next one.
_FIRST_ID, _IDS = 100_000_000, 900_000_000
#: An AWS access key has 20 characters; nothing of a shorter one is shown.
_HINT_FROM, _HINT_CHARACTERS = 16, 4


async def list_credentials(request: web.Request) -> web.Response:
    """Credentials of the tenant, without their secrets, each with the sources that use it."""
    return json_response([*await listed(request.app[PARTS], caller_of(request))])


async def listed(parts: Dependencies, caller: Caller) -> list[CredentialSummary]:
    """The credentials of the caller's tenant."""
    caller.require_unlimited("list credentials")
    saved = _saved(parts)
    await saved.refresh()
    await parts.catalogue.refresh()
    users = _users(parts, caller.tenant)
    return [_summary(one, users.get(one.id, ())) for one in saved.all(caller.tenant)]


async def create_credential(request: web.Request) -> web.Response:
    """Save a credential."""
    parts, caller = request.app[PARTS], caller_of(request)
    caller.require_unlimited("create credentials")
    return json_response(await make(parts, caller, await read_body(request, CreateCredentialPayload)), 201)


async def make(parts: Dependencies, caller: Caller, payload: CreateCredentialPayload) -> CredentialSummary:
    """Save a credential."""
    caller.require_unlimited("create credentials")
    return _summary(await _save(parts, caller.tenant, payload.kind, payload.name, payload.secret), ())


async def delete_credential(request: web.Request) -> web.Response:
    """Delete a credential that no source uses."""
    await forget(request.app[PARTS], caller_of(request), request.match_info["credential_id"])
    return web.Response(status=204)


async def forget(parts: Dependencies, caller: Caller, text: str) -> None:
    """Delete a credential that no source uses. Raises NotFound, and Conflict with the sources."""
    caller.require_unlimited("delete credentials")
    saved = _saved(parts)
    if not (text.isascii() and text.isdecimal() and len(text) < 11):
        raise BadRequest(f"credential_id {text[:40]!r} is no number")
    await saved.refresh()
    await parts.catalogue.refresh()
    async with parts.changing.of(_lock(int(text))):
        await _forget_unused(parts, caller, int(text))


async def _forget_unused(parts: Dependencies, caller: Caller, credential_id: int) -> None:
    credential = _saved(parts).get(caller.tenant, credential_id)
    if credential is None:
        raise NotFound(f"credential {credential_id} does not exist")
    if users := _users(parts, caller.tenant).get(credential.id):
        names = ", ".join(shown(source) for source in users[:3])
        more = f" and {len(users) - 3} more" if len(users) > 3 else ""
        raise Conflict(
            f"credential {credential_id} is used by source {names}{more}; delete them, or give them another, "
            "first"
        )
    await _forget(parts, credential)


async def rotate_credentials(request: web.Request) -> web.Response:
    """Encrypt every credential of every tenant with the newest key."""
    parts, caller = request.app[PARTS], caller_of(request)
    if not caller.preset:
        raise Forbidden("only the preset admin key may encrypt the credentials of all tenants anew")
    saved = _saved(parts)
    saved.secrets.reload()
    await saved.refresh()
    key_id, rotated, failed = saved.secrets.key_id, 0, []
    for tenant, id_ in [(one.tenant, one.id) for one in saved.all()]:
        async with parts.changing.of(_lock(id_)):  # one that is deleted meanwhile must stay so
            credential = saved.get(tenant, id_)
            if credential is None or credential.secret.key_id == key_id:
                continue
            try:
                members = saved.opened(credential)
            except RequestError as error:
                failed.append(str(error))
                continue
            sealed = saved.secrets.seal(members, context_of(credential))
            await _write(parts, credential.model_copy(update={"secret": sealed}))
            rotated += 1
    rotated += await _reseal_endpoints(parts, saved.secrets, failed)
    return json_response(RotatedCredentials(key_id=key_id, rotated=rotated, failed=failed))


async def _reseal_endpoints(parts: Dependencies, secrets: Secrets, failed: list[str]) -> int:
    """Encrypt the secrets of webhook endpoints with the newest key; how many there were."""
    await parts.webhooks.refresh()
    rotated = 0
    for id_ in [one.id for one in parts.webhooks.endpoints(None)]:
        async with parts.changing.of(id_):
            endpoint = parts.webhooks.endpoint(id_)
            if endpoint is None or endpoint.secret.key_id == secrets.key_id:
                continue
            context = endpoint_context(endpoint.id, endpoint.tenant)
            try:
                sealed = secrets.seal(secrets.open(endpoint.secret, context), context)
            except RequestError as error:
                failed.append(f"webhook endpoint {endpoint.id}: {error}")
                continue
            changed = endpoint.model_copy(update={"secret": sealed})
            await parts.webhooks.passed(await parts.write(Send(WEBHOOK_ENDPOINTS, endpoint.id, changed)))
            rotated += 1
    return rotated


@asynccontextmanager
async def signed_in(
    parts: Dependencies, caller: Caller, kind: SourceType[Any, Any], form: Body
) -> AsyncIterator[Body]:
    """Save the inline secret of a payload and replace it by its id. If the block refuses the payload, the
    saved credential is deleted again. A saved credential of a GitHub App names the App.

    Blocks with the same secret run one after the other: the second would use the credential that the first
    deletes when it is refused.
    """
    inline = kind.inline_secret(form)
    if inline is None:
        yield await as_app(parts, caller, form)
        return
    saved = _saved(parts)
    async with parts.changing.of(_secret_lock(caller.tenant, inline.kind, inline.members)):
        await saved.refresh()
        known = _same(saved, caller.tenant, inline.kind, inline.members)
        credential = known or await _save(parts, caller.tenant, inline.kind, inline.name, inline.members)
        try:
            yield kind.with_credential(form, credential.id)
        except BaseException:
            if known is None:
                await _forget(parts, credential)
            raise


async def as_app(parts: Dependencies, caller: Caller, form: Body) -> Body:
    """The form of a repository, with the id of the GitHub App if its credential is that of one."""
    if not isinstance(form, GithubSource) or form.credential_id is None or form.app_id is not None:
        return form
    found = await _saved(parts).find(caller.tenant, form.credential_id)
    of_app = found is not None and found.kind == "github_app"
    return form.model_copy(update={"app_id": found.hint}) if found and of_app else form


def _lock(credential_id: int) -> str:
    return f"credential {credential_id}"


def _secret_lock(tenant: str, kind: str, members: Mapping[str, str]) -> str:
    """The name of a secret's lock: a hash, so that no secret is kept in memory for it."""
    text = json.dumps([tenant, kind, sorted(members.items())])
    return f"secret {sha256(text.encode()).hexdigest()}"


def _saved(parts: Dependencies) -> SavedCredentials:
    if parts.gateway.credentials is None:
        raise BadRequest("credentials cannot be saved in this deployment")
    return parts.gateway.credentials


def _same(saved: SavedCredentials, tenant: str, kind: str, members: Mapping[str, str]) -> Credential | None:
    """A credential with exactly this secret. Those that cannot be decrypted are skipped."""
    for credential in saved.all(tenant):
        try:
            if credential.kind == kind and saved.opened(credential) == members:
                return credential
        except RequestError:
            continue
    return None


async def _save(
    parts: Dependencies, tenant: str, kind: str, name: str, members: Mapping[str, str]
) -> Credential:
    require_members(kind, members)
    saved = _saved(parts)
    number = _FIRST_ID + secrets.randbelow(_IDS)
    while saved.taken(number):
        number = _FIRST_ID + secrets.randbelow(_IDS)
    blank = saved.secrets.seal({}, "")
    made = Credential(
        id=number,
        tenant=tenant,
        kind=kind,
        name=name,
        hint=_hint(kind, members),
        secret=blank,
        created_at=now(),
    )
    made = made.model_copy(update={"secret": saved.secrets.seal(members, context_of(made))})
    await _write(parts, made)
    return made


async def _forget(parts: Dependencies, credential: Credential) -> None:
    await _saved(parts).passed(await parts.write(Send(CREDENTIALS, str(credential.id), None)))


async def _write(parts: Dependencies, credential: Credential) -> None:
    await _saved(parts).passed(await parts.write(Send(CREDENTIALS, str(credential.id), credential)))


def _hint(kind: str, members: Mapping[str, str]) -> str | None:
    if kind == "github_app":
        return members["app_id"]
    key = members.get("access_key_id", "")
    return f"…{key[-_HINT_CHARACTERS:]}" if len(key) >= _HINT_FROM else None


def _users(parts: Dependencies, tenant: str) -> dict[int, list[Source]]:
    """Credential → the sources that use it."""
    found: dict[int, list[Source]] = {}
    for source in parts.catalogue.sources(ResultPage(tenant, limit=NO_LIMIT)):
        credential_id = SOURCE_TYPES[source.type].credential_of(source.config)
        if credential_id is not None:
            found.setdefault(credential_id, []).append(source)
    return found


def _summary(credential: Credential, users: "list[Source] | tuple[()]") -> CredentialSummary:
    return CredentialSummary(
        id=credential.id,
        kind=credential.kind,
        name=credential.name,
        hint=credential.hint,
        key_id=credential.secret.key_id,
        created_at=credential.created_at,
        source_ids=[source.id for source in users],
    )
