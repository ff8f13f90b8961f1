"""Documents, collections and dead letters: operations of ours."""

from collections.abc import Sequence

from api.collections import handlers as collections
from api.documents import handlers as documents
from api.documents.queries import MAX_CHUNKS
from api.letters import handlers as letters
from api.letters.queries import STATES as LETTER_STATES
from api.operations.operation import ROOT, Operation, Parameter, page
from api.requests import MAX_LIMIT
from api.views.documents.tables import STATES
from schemas import api

_DATABASE = Parameter("database_name", "Only of this database.", {"type": "string"})
_CURSOR = Parameter("cursor", "`next_cursor` of the page before.", {"type": "string"})
_LIMIT = Parameter(
    "limit",
    f"Maximum number of entries, at most {MAX_LIMIT}.",
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 100},
)
_INVOCATION = Parameter("invocation_id", "Only of this invocation.", {"type": "string"})
_READ = (400, 401, 403, 500, 503)
_BODY = (400, 401, 403, 404, 413, 415, 500)

_DOCUMENTS = (
    Parameter("source_id", "Only of this source.", {"type": "string", "format": "uuid"}),
    _DATABASE,
    Parameter("collection_name", "Only of this collection; with database_name.", {"type": "string"}),
    Parameter(
        "state", "Only in this state; deleted ones in this way alone.", {"type": "string", "enum": [*STATES]}
    ),
    Parameter("prefix", "Only those whose key begins with this.", {"type": "string"}),
    Parameter(
        "contains",
        "Only those whose key has this in it, in any case (ASCII). Reads all keys that the other filters "
        "select: some 0.3 s for a million.",
        {"type": "string"},
    ),
    _CURSOR,
    _LIMIT,
)
_LETTERS = (
    Parameter(
        "state", "Only in this state.", {"type": "string", "enum": [*LETTER_STATES], "default": "open"}
    ),
    Parameter("stage", "Only of this stage.", {"type": "string"}),
    Parameter("reason", "Only with this reason.", {"type": "string"}),
    _INVOCATION,
    _CURSOR,
    _LIMIT,
)
_DOCUMENT_PATH = f"{ROOT}/documents/{{document_id}}"
_COLLECTION_PATH = f"{ROOT}/collections/{{collection_name}}"
_RUN_PATH = f"{ROOT}/invocations/{{invocation_id}}"

CONTENT: Sequence[Operation] = (
    Operation(
        "GET",
        f"{ROOT}/documents",
        documents.get_documents,
        "list_all_documents",
        "List documents of sources and collections",
        answer=api.DocumentPage,
        parameters=_DOCUMENTS,
        refusals=_READ,
    ),
    Operation(
        "GET",
        _DOCUMENT_PATH,
        documents.get_document,
        "get_document",
        "Show a document with its history and its chunks as they are indexed",
        answer=api.DocumentDetail,
        parameters=(
            Parameter(
                "first_chunk",
                "Number of the first chunk that is shown.",
                {"type": "integer", "minimum": 0, "default": 0},
            ),
            Parameter(
                "chunks",
                f"Maximum number of chunks, at most {MAX_CHUNKS}.",
                {"type": "integer", "minimum": 0, "maximum": MAX_CHUNKS, "default": 100},
            ),
        ),
        refusals=(*_READ, 404),
    ),
    Operation(
        "DELETE",
        _DOCUMENT_PATH,
        documents.remove_document,
        "delete_document",
        "Delete a document from its collection",
        success=202,
        answer=api.DeletedDocument,
        refusals=(*_READ, 404, 409),
    ),
    Operation(
        "POST",
        f"{_DOCUMENT_PATH}/retry",
        documents.retry_one,
        "retry_document",
        "Process a failed document again",
        success=202,
        answer=api.RetryResponse,
        refusals=(*_READ, 404, 412),
    ),
    Operation(
        "GET",
        f"{_RUN_PATH}/failures",
        documents.get_failures,
        "list_failures",
        "Failed documents by reason",
        answer=api.FailureGroup,
        many=True,
    ),
    Operation(
        "POST",
        f"{_RUN_PATH}/retry",
        documents.retry,
        "retry_failed",
        "Process failed documents again: all, or those with one reason",
        success=202,
        answer=api.RetryResponse,
        body=api.RetryPayload,
        refusals=(*_BODY, 412),
    ),
    Operation(
        "GET",
        f"{ROOT}/collections",
        collections.get_collections,
        "list_collections",
        "List collections with their documents, model and sources",
        answer=api.CollectionSummary,
        many=True,
        parameters=page(_DATABASE),
        refusals=_READ,
    ),
    *(
        Operation(
            "POST",
            f"{_COLLECTION_PATH}/{handler.__name__}",
            handler,
            f"{handler.__name__}_collection",
            summary,
            success=202,
            answer=api.CollectionVerification,
            body=api.VerifyPayload,
            refusals=(*_BODY, 409, 503),
            streams=True,
        )
        for handler, summary in (
            (collections.verify, "Compare a collection with what is recorded of it, in the background"),
            (collections.repair, "Compare a collection, and have what differs written again"),
        )
    ),
    Operation(
        "GET",
        f"{_COLLECTION_PATH}/verification",
        collections.get_verification,
        "get_verification",
        "The newest comparison of a collection, running or ended, in this gateway process",
        answer=api.CollectionVerification,
        parameters=(
            Parameter("database_name", "The collection's database.", {"type": "string"}, required=True),
        ),
        refusals=(*_READ, 404),
        streams=True,
    ),
    Operation(
        "GET",
        f"{ROOT}/dead-letters",
        letters.get_letters,
        "list_dead_letters",
        "List records that failed for good",
        answer=api.DeadLetterPage,
        parameters=_LETTERS,
        refusals=_READ,
    ),
    Operation(
        "GET",
        f"{ROOT}/dead-letters/{{letter_id}}",
        letters.get_letter,
        "get_dead_letter",
        "Show a dead letter with its record",
        answer=api.DeadLetterDetail,
        refusals=(400, 401, 403, 404, 410, 500),
    ),
    Operation(
        "POST",
        f"{ROOT}/dead-letters/replay",
        letters.replay,
        "replay_dead_letters",
        "Send the records of dead letters to their topics again",
        answer=api.SettledLetters,
        body=api.SettlePayload,
        refusals=_BODY,
    ),
    Operation(
        "POST",
        f"{ROOT}/dead-letters/drop",
        letters.drop,
        "drop_dead_letters",
        "Close dead letters without sending their records again; for admin keys",
        answer=api.SettledLetters,
        body=api.SettlePayload,
        refusals=_BODY,
    ),
)
