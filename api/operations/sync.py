"""Sources, invocations and uploads: the operations of the contract, and what ours add to them."""

from collections.abc import Sequence

from api.operations.operation import ROOT, Operation, Parameter, page
from api.sync import changes, checking, invocations, progress, sources, uploads
from api.sync.multipart import FILE_FORM
from schemas import api
from schemas.limits import MAX_FILE_BYTES
from schemas.sources import SOURCE_TYPES

_ORDER = Parameter("order_by", "Order by creation time.", {"type": "string", "enum": ["ASC", "DESC"]})
_DATABASE = Parameter("database_name", "Only of this database.", {"type": "string"})
_COLLECTION = Parameter(
    "collection_name", "Only sources that fill this collection (ours).", {"type": "string"}
)
_DOCUMENTS = Parameter(
    "documents",
    "`delete` or `true` also deletes its documents (ours): 202 with the invocations that delete them.",
    {"type": "string", "enum": ["true", "false", "delete"], "default": "false"},
)
_TYPE = Parameter("source_type", "Only of this type.", {"type": "string", "enum": list(SOURCE_TYPES)})
_GITHUB = tuple(
    Parameter(f"github.{name}", f"Only those of this {what}; with source_type=github.", {"type": "string"})
    for name, what in (("repository", "repository"), ("app_id", "GitHub App"))
)
_STATUS = Parameter(
    "status",
    "Only in this status.",
    {"type": "string", "enum": ["pending", "processing", "complete", "failed", "cancelled"]},
)
_SOURCE = Parameter(
    "source_id", "Only of this source; not together with database_name.", {"type": "string", "format": "uuid"}
)
_OUTCOME = Parameter("status", "Only with this outcome.", {"type": "string", "enum": [*progress.OUTCOMES]})
_WARNED = Parameter("warnings", "Only documents with warnings.", {"type": "string", "enum": ["true"]})

_FILE_SIZE = Parameter(
    uploads.LENGTH_HEADER,
    "Size of the file in bytes.",
    {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_FILE_BYTES},
    place="header",
    required=True,
)

IDEMPOTENCY_KEY = Parameter(
    invocations.IDEMPOTENCY_HEADER,
    "A random text: a request that is sent again with it and the same body has one effect, and one answer.",
    {"type": "string", "minLength": 1, "maxLength": invocations.MAX_IDEMPOTENCY_KEY},
    place="header",
)

_IF_MATCH = Parameter(
    "If-Match",
    "The `ETag` of the source: the change is made to this version only.",
    {"type": "string"},
    place="header",
)

_SOURCE_PATH = f"{ROOT}/sources/{{source_id}}"
_RUN_PATH = f"{ROOT}/invocations/{{invocation_id}}"

SYNC: Sequence[Operation] = (
    Operation(
        "GET",
        f"{ROOT}/sources",
        sources.list_sources,
        "list_sources",
        "List sources",
        answer=api.Source,
        many=True,
        parameters=(*page(_DATABASE, _TYPE, _COLLECTION, *_GITHUB), _ORDER),
    ),
    Operation(
        "POST",
        f"{ROOT}/sources",
        sources.create_source,
        "create_source",
        "Create a source",
        success=201,
        answer=api.CreateSourceResponse,
        body=api.CreateSourcePayload,
        refusals=(400, 401, 403, 404, 409, 413, 415, 500),
    ),
    Operation("GET", _SOURCE_PATH, sources.get_source, "get_source", "Show a source", answer=api.Source),
    Operation(
        "PUT",
        _SOURCE_PATH,
        changes.change_source,
        "change_source",
        "Select other documents of the same origin",
        answer=api.ChangedSource,
        parameters=(_IF_MATCH,),
        body=api.ChangeSourcePayload,
        refusals=(400, 401, 403, 404, 409, 412, 413, 415, 500),
    ),
    Operation(
        "PATCH",
        _SOURCE_PATH,
        changes.patch_source,
        "patch_source",
        "Change single fields of a source, and say what that means",
        answer=api.ChangedSource,
        parameters=(_IF_MATCH,),
        body=api.PatchSourcePayload,
        refusals=(400, 401, 403, 404, 409, 412, 413, 415, 500),
    ),
    Operation(
        "POST",
        f"{ROOT}/sources/check",
        checking.check_source,
        "check_source",
        "What a source would sync; nothing is written",
        answer=api.SourceCheck,
        body=api.CheckSourcePayload,
        refusals=(400, 401, 403, 404, 413, 415, 429, 500),
    ),
    Operation(
        "DELETE",
        _SOURCE_PATH,
        sources.delete_source,
        "delete_source",
        "Delete a source; its documents stay and its runs continue unless `documents` is true",
        success=204,
        accepted=api.DeleteSourceResponse,
        parameters=(_DOCUMENTS,),
    ),
    Operation(
        "POST",
        f"{_SOURCE_PATH}/invocations",
        invocations.create_invocation,
        "create_job",
        "Run a source into a collection",
        success=201,
        answer=api.CreateJobResponse,
        parameters=(IDEMPOTENCY_KEY,),
        body=api.CreateJobPayload,
        refusals=(400, 401, 403, 404, 409, 413, 415, 500),
    ),
    Operation(
        "POST",
        f"{_SOURCE_PATH}/invocations/latest-by-keys",
        invocations.latest_by_keys,
        "latest_invocations_by_keys",
        "The newest invocation of each object key",
        answer=api.Job,
        by_key=True,
        body=api.LatestByKeysRequest,
        refusals=(400, 401, 403, 404, 413, 415, 500),
    ),
    Operation(
        "GET",
        f"{ROOT}/invocations",
        invocations.list_invocations,
        "list_jobs",
        "List invocations",
        answer=api.Job,
        many=True,
        parameters=(*page(_SOURCE, _DATABASE, _TYPE, _STATUS, *_GITHUB), _ORDER),
    ),
    Operation("GET", _RUN_PATH, invocations.get_invocation, "get_job", "Show an invocation", answer=api.Job),
    Operation(
        "PUT",
        _RUN_PATH,
        invocations.cancel_invocation,
        "cancel_pending_job",
        "Cancel a pending invocation",
        success=202,
        answer=api.CancelJobResponse,
        refusals=(400, 401, 403, 404, 412, 500),
    ),
    Operation(
        "GET",
        f"{_RUN_PATH}/progress",
        progress.get_progress,
        "get_progress",
        "Progress: documents per stage, total and rate",
        answer=api.InvocationProgress,
        streams=True,
    ),
    Operation(
        "GET",
        f"{_RUN_PATH}/documents",
        progress.get_documents,
        "list_documents",
        "Outcome of each document, with the reason of a failure",
        answer=api.DocumentOutcome,
        many=True,
        parameters=page(_OUTCOME, _WARNED),
        streams=True,
    ),
    Operation(
        "POST",
        f"{ROOT}/add-file",
        uploads.add_file,
        "add_file",
        "Upload a file and index it",
        success=201,
        answer=api.AddFileResponse,
        form=FILE_FORM,
        parameters=(_FILE_SIZE,),
        refusals=(400, 401, 403, 404, 409, 415, 429, 500),
    ),
)
