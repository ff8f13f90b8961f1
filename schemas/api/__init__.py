"""The JSON of the HTTP gateway: what it takes and what it answers.

The names are those of the contract (`Job` is an invocation); `folder` sources, keys, progress and documents
are ours beside it. Bodies of the contract's shapes pass over fields that they do not know, as a newer client
may send them; our own shapes refuse them. A null stands for "not given" everywhere.

Answers are built with every field that they are to show and written with `exclude_unset`: a variant
(`folder`, `github`, …) that is not set does not appear, a null that is set does.

This page is what the rest of the code imports from. The classes stand in a module for each group of
operations; `parts` holds what several of them share. What is of one type of source stands in
`schemas.sources`.
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
from schemas.api.sources import (
    ChangeSourcePayload,
    CreateSourcePayload,
    CreateSourceResponse,
    DeleteSourceResponse,
    Source,
    SourceVariants,
)

__all__ = [
    "AddFileResponse",
    "CancelJobResponse",
    "ChangeSourcePayload",
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
    "Qwen3EmbeddingTask",
    "RotatedCredentials",
    "S3Job",
    "S3Source",
    "Skipped",
    "SkippedDocument",
    "Source",
    "SourceChunkingConfig",
    "SourceEmbeddingConfig",
    "SourceVariants",
    "SparseEmbeddingConfig",
    "StageCounts",
    "TreeSitterChunking",
]
