"""Dead letters: what failed for good, where and why; replay and drop, one or many."""

from functools import partial

from aiohttp import web

from api.dashboard.forms import Form, read_form
from api.dashboard.page import Context, Page
from api.dashboard.rendering import see_other
from api.dashboard.shown.formats import plural
from api.dependencies import PARTS
from api.errors import BadRequest
from api.letters.queries import STATES, drop_letters, list_letters, replay_letters, show_letter
from api.requests import caller_of, path_id, query_choice, query_text
from schemas.api import SettlePayload

_PAGE = 50


async def show(request: web.Request) -> Page:
    """The list."""
    return Page("letters.html", "Dead letters", partial(_load, request))


async def _load(request: web.Request) -> Context:
    state = query_choice(request, "state", STATES) or "open"
    found = await list_letters(
        request.app[PARTS],
        caller_of(request),
        state=state,
        stage=query_text(request, "stage"),
        reason=query_text(request, "reason"),
        invocation_id=query_text(request, "invocation_id"),
        cursor=query_text(request, "after"),
        limit=_PAGE,
    )
    return {
        "letters": found.letters,
        "next": found.next_cursor,
        "total": found.total,
        "state": state,
        "states": STATES,
        "admin": caller_of(request).admin,
        "filtered": {name: query_text(request, name) for name in ("stage", "reason", "invocation_id")},
    }


async def show_one(request: web.Request) -> Page:
    """One letter with its record."""
    found = await show_letter(request.app[PARTS], caller_of(request), path_id(request, "letter_id"))

    async def load() -> Context:
        return {"one": found, "admin": caller_of(request).admin}

    return Page("letter.html", found.document_key or f"Record of {found.topic}", load)


async def settle(request: web.Request) -> web.StreamResponse:
    """Replay or drop the letters that are ticked, or all that the list shows."""
    form = await read_form(request)
    parts, caller, action = request.app[PARTS], caller_of(request), form.required("action", "What to do")
    payload = _payload(form)
    act = {"replay": replay_letters, "drop": drop_letters}.get(action)
    if act is None:
        raise BadRequest(f"action {action[:40]!r} is neither replay nor drop")
    done = await act(parts, caller, payload)
    verb = {"replay": "replayed", "drop": "dropped"}[action]
    said = f"{plural(done.settled, 'letter')} {verb}"
    said += f", {done.left:,} left" if done.left else ""
    said += f"; {'; '.join(done.failed[:3])}" if done.failed else ""
    return see_other("/dead-letters", said)


def _payload(form: Form) -> SettlePayload:
    if form.ticked("matching"):
        return SettlePayload(
            stage=form.text("stage"), reason=form.text("reason"), invocation_id=form.text("invocation_id")
        )
    ids = form.all("id")
    if not ids:
        raise BadRequest("no letter is ticked")
    return SettlePayload(ids=ids)
