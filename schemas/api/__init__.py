"""The JSON of the HTTP gateway: request and response bodies.

The names are those of the contract (`Job` is an invocation); `folder` sources, keys, progress and documents
are our additions. Bodies of the contract ignore unknown fields, because a newer client may send them; our own
shapes refuse them. A null always means "not given".

Responses set every field that they show and are written with `exclude_unset`: a variant (`folder`, `github`,
…) that is not set does not appear, a null that is set does.

Other code imports from this package. It has one module per group of operations; `common` holds shared models.
Models of one source type are in `schemas.sources`.
"""

from schemas.api.common import (
    DenseEmbeddingModel,
    Id,
    LinesChunking,
    Qwen3EmbeddingTask,
    SourceChunkingConfig,
    SourceEmbeddingConfig,
    SparseEmbeddingConfig,
    TreeSitterChunking,
)
from schemas.api.invocations import (
    AddFileResponse,
    CancelJobResponse,
    Complete,
    CreateJobPayload,
    CreateJobResponse,
    Failed,
    Failure,
    Finished,
    IndexJobMetadata,
    Job,
    JobStatus,
    LatestByKeysRequest,
)
from schemas.api.operations import (
    CreateCredentialPayload,
    CreateKeyPayload,
    CreateKeyResponse,
    CredentialSummary,
    ErrorResponse,
    HealthResponse,
    KeySummary,
    RotatedCredentials,
    WebhookResponse,
)
from schemas.api.progress import (
    DocumentFailure,
    DocumentOutcome,
    InHand,
    InvocationProgress,
    Skipped,
    SkippedDocument,
    StageCounts,
)
from schemas.api.schedules import PassedOver, ScheduleForm, ShownSchedule, SourceSchedule
from schemas.api.search import DensePlace, SearchAnswer, Searched, SearchHit, SearchPayload, SparsePlace
from schemas.api.sources import (
    ChangedSource,
    ChangeSourcePayload,
    CheckedDocument,
    CheckSourcePayload,
    CreateSourcePayload,
    CreateSourceResponse,
    DeleteSourceResponse,
    PatchSourcePayload,
    SkippedDocuments,
    Source,
    SourceChange,
    SourceCheck,
    SourceNotice,
    SourceVariants,
)

__all__ = [
    "AddFileResponse",
    "CancelJobResponse",
    "ChangeSourcePayload",
    "ChangedSource",
    "CheckSourcePayload",
    "CheckedDocument",
    "Complete",
    "CreateCredentialPayload",
    "CreateJobPayload",
    "CreateJobResponse",
    "CreateKeyPayload",
    "CreateKeyResponse",
    "CreateSourcePayload",
    "CreateSourceResponse",
    "CredentialSummary",
    "DeleteSourceResponse",
    "DenseEmbeddingModel",
    "DensePlace",
    "DocumentFailure",
    "DocumentOutcome",
    "ErrorResponse",
    "Failed",
    "Failure",
    "Finished",
    "HealthResponse",
    "Id",
    "InHand",
    "IndexJobMetadata",
    "InvocationProgress",
    "Job",
    "JobStatus",
    "KeySummary",
    "LatestByKeysRequest",
    "LinesChunking",
    "PassedOver",
    "PatchSourcePayload",
    "Qwen3EmbeddingTask",
    "RotatedCredentials",
    "ScheduleForm",
    "SearchAnswer",
    "SearchHit",
    "SearchPayload",
    "Searched",
    "ShownSchedule",
    "Skipped",
    "SkippedDocument",
    "SkippedDocuments",
    "Source",
    "SourceChange",
    "SourceCheck",
    "SourceChunkingConfig",
    "SourceEmbeddingConfig",
    "SourceNotice",
    "SourceSchedule",
    "SourceVariants",
    "SparseEmbeddingConfig",
    "SparsePlace",
    "StageCounts",
    "TreeSitterChunking",
    "WebhookResponse",
]
