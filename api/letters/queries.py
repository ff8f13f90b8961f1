"""What is asked of dead letters. A key sees those of its tenant and databases, the preset key all."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from api.access import Caller
from api.clock import now
from api.cursor import cursor_of, values_of
from api.dependencies import Dependencies
from api.errors import BadRequest, Gone, NotFound
from api.letters.record import raw_value, record_of, text_of
from api.views.letters import OPEN, LetterFilter, LetterRow
from schemas import api
from schemas.api import MAX_LETTERS
from schemas.errors import RequestError
from schemas.events import DeadLetter
from streams.state.letters import DROPPED, SUPERSEDED, letters_at, replay, require_replayable, settle

STATES = (OPEN, "replayed", DROPPED, SUPERSEDED, "all")
#: Maximum bytes of records that one request sends again.
_MOST_BYTES = 64 * 1024 * 1024
#: Letters whose records are sent again together.
_TOGETHER = 100


async def list_letters(
    parts: Dependencies,
    caller: Caller,
    *,
    state: str = OPEN,
    stage: str | None = None,
    reason: str | None = None,
    invocation_id: str | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> api.DeadLetterPage:
    """A page of dead letters, newest first; `state` is one of `STATES`."""
    wanted = _filter(caller, state, stage, reason, invocation_id)
    behind = None
    if cursor is not None:
        failed_ms, id_ = values_of(cursor, (int, str))
        behind = (int(failed_ms), str(id_))
    rows = parts.letters.page(wanted, behind, limit + 1)
    shown, more = rows[:limit], len(rows) > limit
    return api.DeadLetterPage(
        letters=[summary_of(row) for row in shown],
        next_cursor=cursor_of(shown[-1].failed_ms, shown[-1].id) if shown and more else None,
        total=parts.letters.count(wanted),
    )


async def open_letters(parts: Dependencies, caller: Caller) -> int:
    """Number of open letters that the caller may see."""
    return parts.letters.count(_filter(caller))


async def show_letter(parts: Dependencies, caller: Caller, letter_id: str) -> api.DeadLetterDetail:
    """A letter with its record. Raises NotFound, Gone if it has expired."""
    row = await _find(parts, caller, letter_id)
    found = await asyncio.to_thread(_read, parts, [row])
    if not found:
        raise Gone(f"dead letter {letter_id} has expired; letters are kept for 14 days")
    letter = found[0]
    kind, record = await asyncio.to_thread(record_of, letter, parts.gateway.codec)
    return api.DeadLetterDetail(
        **dict(summary_of(row)),
        key=None if letter.key is None else text_of(letter.key),
        headers={name: text_of(value) for name, value in letter.headers.items()},
        value=raw_value(letter),
        record_type=kind,
        record=record,
    )


async def replay_letters(
    parts: Dependencies, caller: Caller, wanted: api.SettlePayload
) -> api.SettledLetters:
    """Send the records of letters to their topics again: at most a thousand, or 64 MB. `left` says how many
    the next request would send. Newer versions in a collection are not overwritten."""
    chosen, rows = await _chosen(parts, caller, wanted)
    return await replay_rows(parts, caller, chosen, rows)


async def replay_rows(
    parts: Dependencies, caller: Caller, chosen: LetterFilter, rows: Sequence[LetterRow]
) -> api.SettledLetters:
    """Replay these rows, which `chosen` selects."""
    taken: list[LetterRow] = []
    total = 0
    for row in rows:
        total += row.bytes
        if taken and total > _MOST_BYTES:
            break
        taken.append(row)
    settled, failed = await asyncio.to_thread(_replay, parts, caller, taken)
    await parts.letters.refresh()  # read your own writes
    left = parts.letters.count(chosen) - len(failed) if _is_more(chosen, rows, taken) else 0
    return api.SettledLetters(settled=settled, left=max(0, left), failed=failed)


def _is_more(chosen: LetterFilter, rows: Sequence[LetterRow], taken: Sequence[LetterRow]) -> bool:
    """Whether letters are left that were not tried."""
    return len(taken) < len(rows) or (chosen.ids is None and len(rows) == MAX_LETTERS)


async def drop_letters(parts: Dependencies, caller: Caller, wanted: api.SettlePayload) -> api.SettledLetters:
    """Close letters without sending their records again: for admin keys."""
    caller.require_admin("drop dead letters")
    chosen, rows = await _chosen(parts, caller, wanted)
    ids = [row.id for row in rows]
    await asyncio.to_thread(
        settle, parts.gateway.cluster, parts.gateway.codec, ids, DROPPED, now(), caller.key_id
    )
    await parts.letters.refresh()  # read your own writes
    left = parts.letters.count(chosen) if chosen.ids is None else 0
    return api.SettledLetters(settled=len(ids), left=left, failed=[])


def summary_of(row: LetterRow) -> api.DeadLetterSummary:
    """A row as a body."""
    return api.DeadLetterSummary.model_validate(
        {
            "id": row.id,
            "topic": row.topic,
            "partition": row.partition,
            "offset": row.offset,
            "stage": row.stage,
            "error_class": row.error_class,
            "error": row.error,
            "reason": row.reason,
            "tries": row.tries,
            "tenant": row.tenant,
            "database_name": row.database,
            "collection_name": row.collection,
            "document_key": row.document_key,
            "invocation_id": row.invocation_id,
            "failed_at": _time(row.failed_ms),
            "bytes": row.bytes,
            "whole": row.whole,
            "state": row.state,
            "settled_at": None if row.settled_ms is None else _time(row.settled_ms),
        }
    )


def _filter(
    caller: Caller,
    state: str = OPEN,
    stage: str | None = None,
    reason: str | None = None,
    invocation_id: str | None = None,
    ids: Sequence[str] | None = None,
) -> LetterFilter:
    return LetterFilter(
        tenant=None if caller.preset else caller.tenant,
        databases=caller.databases,
        state=None if state == "all" else state,
        stage=stage,
        reason=reason,
        invocation_id=invocation_id,
        ids=ids,
    )


async def _find(parts: Dependencies, caller: Caller, letter_id: str) -> LetterRow:
    wanted = _filter(caller, "all", ids=[letter_id])
    found = parts.letters.page(wanted, None, 1)
    if not found:
        await parts.letters.refresh()
        found = parts.letters.page(wanted, None, 1)
    if not found:
        raise NotFound(f"dead letter {letter_id[:80]} does not exist")
    return found[0]


async def _chosen(
    parts: Dependencies, caller: Caller, wanted: api.SettlePayload
) -> tuple[LetterFilter, list[LetterRow]]:
    """The open letters of a payload, oldest last. Raises NotFound for an id that is none."""
    others = (wanted.stage, wanted.reason, wanted.invocation_id)
    if wanted.ids is not None and any(other is not None for other in others):
        raise BadRequest("ids are given together with stage, reason or invocation_id; expected either")
    await parts.letters.refresh()
    chosen = _filter(caller, OPEN, *others, ids=wanted.ids)
    rows = parts.letters.page(chosen, None, MAX_LETTERS)
    if wanted.ids is not None and len(rows) < len(set(wanted.ids)):
        known = {row.id for row in rows}
        missing = next(id_ for id_ in wanted.ids if id_ not in known)
        raise NotFound(f"dead letter {missing[:80]} does not exist, or is not open any more")
    return chosen, rows


def _read(parts: Dependencies, rows: Sequence[LetterRow]) -> list[DeadLetter]:
    gateway = parts.gateway
    return list(letters_at(gateway.cluster, gateway.codec, [row.place for row in rows]))


def _replay(parts: Dependencies, caller: Caller, rows: Sequence[LetterRow]) -> tuple[int, list[str]]:
    """Number of letters that were sent again, and why others were not. Blocks."""
    gateway, failed, settled = parts.gateway, list[str](), 0
    for start in range(0, len(rows), _TOGETHER):
        some = rows[start : start + _TOGETHER]
        letters = _read(parts, some)
        found = {letter.id for letter in letters}
        failed += [f"dead letter {row.id} has expired" for row in some if row.id not in found]
        possible = []
        for letter in letters:
            try:
                require_replayable(letter)
            except RequestError as error:
                failed.append(str(error))
            else:
                possible.append(letter)
        if possible:
            replay(gateway.cluster, gateway.codec, possible, now(), caller.key_id)
            settled += len(possible)
    return settled, failed


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
