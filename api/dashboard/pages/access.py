"""Keys and credentials: make, scope, revoke. A key is shown once; a secret of a source never."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from api.admin import credentials, keys
from api.dashboard.forms import read_form
from api.dashboard.page import Context, Page
from api.dashboard.rendering import render, see_other
from api.dashboard.shown.names import name_of
from api.dependencies import PARTS
from api.errors import BadRequest, describe_invalid
from api.requests import caller_of, path_id
from schemas.api import CreateCredentialPayload, CreateKeyPayload
from schemas.errors import RequestError
from streams.secrets import KINDS

#: What kinds of credentials are called, and what their members are.
KIND_NAMES: Mapping[str, str] = {
    "aws": "AWS key pair",
    "github_token": "GitHub token",
    "github_app": "GitHub App",
}
_MEMBER_NAMES: Mapping[str, str] = {
    "access_key_id": "Access key id",
    "secret_access_key": "Secret access key",
    "token": "Token",
    "app_id": "App id",
    "private_key": "Private key (PEM)",
}


async def show_keys(request: web.Request) -> Page:
    """The keys."""
    return Page("keys.html", "Keys", partial(_keys, request))


async def _keys(request: web.Request) -> Context:
    found = keys.listed(request.app[PARTS], caller_of(request))
    return {
        "keys": found,
        "made": None,
        "error": None,
        "own": caller_of(request).key_id,
        "values": {},
        "used": request.app[PARTS].doorkeeper.last_used,
    }


async def create_key(request: web.Request) -> web.StreamResponse:
    """Make a key, and show it: it is on this page and nowhere else."""
    form = await read_form(request)
    parts, caller = request.app[PARTS], caller_of(request)
    page = Page("keys.html", "Keys")
    try:
        payload = CreateKeyPayload(
            name=form.required("name", "Name"), admin=form.ticked("admin"), databases=form.lines("databases")
        )
        made = await keys.make(parts, caller, payload)
    except ValidationError as error:
        refused = describe_invalid(error, "the key")
        return render(request, page, {**await _keys(request), "error": refused, "values": form.values}, 400)
    except BadRequest as error:
        return render(
            request, page, {**await _keys(request), "error": str(error), "values": form.values}, 400
        )
    return render(request, page, {**await _keys(request), "made": made})


async def revoke_key(request: web.Request) -> web.StreamResponse:
    """Revoke a key: its sessions and streams end with it."""
    await read_form(request)
    await keys.revoke(request.app[PARTS], caller_of(request), path_id(request, "key_id"))
    return see_other("/keys", "The key is revoked. Its sessions and open streams have ended.")


async def show_credentials(request: web.Request) -> Page:
    """The credentials of sources."""
    return Page("credentials.html", "Credentials", partial(_credentials, request, None))


async def _credentials(request: web.Request, error: str | None) -> Context:
    parts = request.app[PARTS]
    found = await credentials.listed(parts, caller_of(request))
    sources = {id_: parts.catalogue.source(id_) for one in found for id_ in one.source_ids}
    return {
        "credentials": found,
        "names": {id_: name_of(source) for id_, source in sources.items() if source is not None},
        "kinds": {
            kind: (KIND_NAMES.get(kind, kind), [(m, _MEMBER_NAMES.get(m, m)) for m in members])
            for kind, members in KINDS.items()
        },
        "kind_names": KIND_NAMES,
        "error": error,
    }


async def create_credential(request: web.Request) -> web.StreamResponse:
    """Save a credential; encrypted, and never shown again."""
    form = await read_form(request)
    kind = form.required("kind", "Kind")
    try:
        secret: dict[str, Any] = {
            member: form.required(f"{kind}.{member}", _MEMBER_NAMES.get(member, member))
            for member in KINDS.get(kind, ())
        }
        body = {"kind": kind, "name": form.required("name", "Name"), "secret": secret}
        made = await credentials.make(
            request.app[PARTS], caller_of(request), CreateCredentialPayload.model_validate(body)
        )
    except ValidationError as error:
        refused = describe_invalid(error, "the credential")
        return render(
            request, Page("credentials.html", "Credentials"), await _credentials(request, refused), 400
        )
    except RequestError as error:
        return render(
            request, Page("credentials.html", "Credentials"), await _credentials(request, str(error)), 400
        )
    return see_other("/credentials", f"{made.name} is saved.")


async def delete_credential(request: web.Request) -> web.StreamResponse:
    """Delete a credential that no source uses."""
    await read_form(request)
    await credentials.forget(request.app[PARTS], caller_of(request), request.match_info["credential_id"])
    return see_other("/credentials", "The credential is deleted.")
