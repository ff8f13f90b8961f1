"""Failed documents of an invocation by reason, and their retry.

A document that failed in the pipeline left its record as a dead letter: it is sent again, and only it. One
that could not be read left none: its source must be read again, by a run that brings all that has changed.
"""

from dataclasses import replace

from api.access import Caller
from api.dependencies import Dependencies
from api.documents.queries import find_document
from api.errors import BadRequest, PreconditionFailed
from api.letters.queries import replay_rows
from api.sync.invocations import require_alone, start_run
from api.views.documents import DocumentRow
from api.views.documents.tables import FAILED
from api.views.letters import LetterFilter
from schemas import api
from schemas.api import MAX_LETTERS
from schemas.errors import RequestError
from schemas.events import FINAL_STATUSES, Invocation
from schemas.sources import SOURCE_TYPES
from streams.state.letters import REPLAYED

#: Maximum groups that are shown.
_MOST_GROUPS = 100
#: Failed documents that are looked through for one without a record.
_MOST_KEYS = 100_000
_NOTHING_LEFT = "all were sent again before, or something newer has taken their place"


async def list_failures(parts: Dependencies, caller: Caller, invocation_id: str) -> list[api.FailureGroup]:
    """Failed documents by reason, the most frequent first; those of the current attempt."""
    run = await parts.invocation(caller, invocation_id)
    if run.status in FINAL_STATUSES:
        await parts.outcomes.refresh()
    letters = parts.letters.by_reason(_letters_of(run))
    return [
        api.FailureGroup(
            reason=group.reason,
            documents=group.documents,
            letters=letters.get(group.reason, 0),
            example=group.example,
            example_key=group.example_key,
        )
        for group in parts.outcomes.failures(run, _MOST_GROUPS)
    ]


async def retry_failed(
    parts: Dependencies, caller: Caller, invocation_id: str, reason: str | None = None
) -> api.RetryResponse:
    """Process failed documents of an invocation again: all, or those with this reason.

    At most a thousand records are sent again at once; `left` says how many more there are.

    Raises BadRequest for a reason that no failed document has, PreconditionFailed if nothing has failed.
    """
    run = await parts.invocation(caller, invocation_id)
    await parts.outcomes.refresh()
    await parts.letters.refresh()
    groups = {group.reason: group for group in parts.outcomes.failures(run, _MOST_GROUPS)}
    if reason is not None and reason not in groups:
        raise BadRequest(f"no document of invocation {run.id} failed with this reason; see …/failures")
    chosen = _letters_of(run, reason)
    rows = parts.letters.page(chosen, None, MAX_LETTERS)
    if not groups and not rows:
        raise PreconditionFailed(f"no document of invocation {run.id} has failed")
    with_record = parts.letters.document_keys(replace(chosen, state=None))
    failed = parts.outcomes.failed_keys(run, reason, _MOST_KEYS)
    without = any(key is None or key not in with_record for key in failed)
    done = await replay_rows(parts, caller, chosen, rows)
    sentences = list(done.failed[:10])
    again = None
    if (without and not done.left) or done.failed:
        again, sentence = await _run_again(parts, run)
        sentences.append(sentence)
    said = "the failed documents are on their way again" if done.settled else _NOTHING_LEFT
    return api.RetryResponse(
        replayed=done.settled, left=done.left, invocation_id=again, message="; ".join(sentences) or said
    )


async def retry_document(parts: Dependencies, caller: Caller, document_id: str) -> api.RetryResponse:
    """Process one failed document again: its dead letters, or its source if it left none.

    Raises NotFound, PreconditionFailed for a document that has not failed.
    """
    row = await find_document(parts, caller, document_id)
    await parts.letters.refresh()
    chosen = letters_of(row)
    letters = parts.letters.page(chosen, None, MAX_LETTERS)
    if not letters and row.state != FAILED:
        raise PreconditionFailed(f"document {row.key!r} has not failed; its state is {row.state}")
    if not letters and parts.letters.count(replace(chosen, state=REPLAYED)):
        message = "its record was sent again before and is on its way"
        return api.RetryResponse(replayed=0, left=0, invocation_id=None, message=message)
    done = await replay_rows(parts, caller, chosen, letters)
    sentences, again = list(done.failed[:10]), None
    if not letters or done.failed:
        again, sentence = await _source_again(parts, row)
        sentences.append(sentence)
    return api.RetryResponse(
        replayed=done.settled,
        left=done.left,
        invocation_id=again,
        message="; ".join(sentences) or "the document is on its way again",
    )


def letters_of(row: DocumentRow) -> LetterFilter:
    """The open dead letters of a document."""
    return LetterFilter(
        tenant=row.place.tenant,
        databases=frozenset((row.place.database,)),
        collection=row.place.collection,
        document_key=row.key,
        invocation_id=row.failed_run_id,  # of its source: another one's document may have the same key
    )


async def _source_again(parts: Dependencies, row: DocumentRow) -> tuple[str | None, str]:
    """A new run of the source of a document, like that in which it failed."""
    run = None if row.failed_run_id is None else parts.catalogue.invocation(row.failed_run_id)
    if run is None:
        return None, "its record is not kept, and the run in which it failed is not known: send it again"
    return await _run_again(parts, run)


def _letters_of(run: Invocation, reason: str | None = None) -> LetterFilter:
    return LetterFilter(tenant=run.tenant, reason=reason, invocation_id=run.id, of_documents=True)


async def _run_again(parts: Dependencies, run: Invocation) -> tuple[str | None, str]:
    """A new run of the invocation's source, for documents without a record; and a sentence about it."""
    source = parts.catalogue.source(run.source_id)
    if source is None:
        return None, "documents that could not be read need their source, which was deleted"
    if not SOURCE_TYPES[source.type].lists:
        return None, "upload the file again: its record is not kept"
    if run.status not in FINAL_STATUSES:
        return None, "documents that could not be read are tried by the next run, once this one has ended"
    try:
        await parts.check_run(source)
        await parts.open_collection(source.tenant, source.database, run.collection, source.embedding)
        await require_alone(parts, source, run.collection)
    except RequestError as error:
        return None, f"the source cannot be run again: {error}"
    again = await start_run(parts, source, run.collection, options=run.options, trigger="retry")
    return again, f"invocation {again} reads the source again, and brings what has changed since, too"
