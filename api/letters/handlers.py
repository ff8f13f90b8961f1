"""The routes of dead letters."""

from aiohttp import web

from api.dependencies import PARTS
from api.letters.queries import STATES, drop_letters, list_letters, replay_letters, show_letter
from api.requests import MAX_LIMIT, caller_of, path_id, query_choice, query_number, query_text, read_body
from api.sync.render import json_response
from schemas.api import SettlePayload


async def get_letters(request: web.Request) -> web.Response:
    """A page of dead letters."""
    page = await list_letters(
        request.app[PARTS],
        caller_of(request),
        state=query_choice(request, "state", STATES) or STATES[0],
        stage=query_text(request, "stage"),
        reason=query_text(request, "reason"),
        invocation_id=query_text(request, "invocation_id"),
        cursor=query_text(request, "cursor"),
        limit=query_number(request, "limit", 100, MAX_LIMIT, least=1),
    )
    return json_response(page)


async def get_letter(request: web.Request) -> web.Response:
    """One dead letter with its record."""
    letter_id = path_id(request, "letter_id")
    return json_response(await show_letter(request.app[PARTS], caller_of(request), letter_id))


async def replay(request: web.Request) -> web.Response:
    """Send the records of letters again."""
    wanted = await read_body(request, SettlePayload)
    return json_response(await replay_letters(request.app[PARTS], caller_of(request), wanted))


async def drop(request: web.Request) -> web.Response:
    """Close letters without sending their records again."""
    wanted = await read_body(request, SettlePayload)
    return json_response(await drop_letters(request.app[PARTS], caller_of(request), wanted))
