"""Convert stored events to the JSON of the contract."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from api.clock import now
from api.sync.schedules import shown_schedule
from api.views.outcomes import Outcome
from api.views.stages import waits_for
from schemas import api
from schemas.api import (
    Complete,
    DocumentOutcome,
    Failed,
    Failure,
    Finished,
    IndexJobMetadata,
    InvocationProgress,
    Job,
    JobStatus,
    KeySummary,
    StageCounts,
)
from schemas.events import ApiKey, Invocation, ScheduleState, Source, StageHealth, Status
from schemas.sources import SOURCE_TYPES


def json_response(
    body: BaseModel | list[BaseModel] | dict[str, BaseModel], status: int = 200
) -> web.Response:
    """A JSON response with the fields that are set."""
    return web.Response(status=status, text=json_text(body), content_type="application/json")


def json_text(body: BaseModel | list[BaseModel] | dict[str, BaseModel]) -> str:
    """The JSON of one model, an array of them, or an object of them."""
    if isinstance(body, BaseModel):
        return body.model_dump_json(exclude_unset=True)
    if isinstance(body, list):
        return f"[{','.join(json_text(item) for item in body)}]"
    members = (f"{_quoted(key)}:{json_text(item)}" for key, item in body.items())
    return f"{{{','.join(members)}}}"


def _quoted(key: str) -> str:
    return json.dumps(key, ensure_ascii=False)


def source_of(
    source: Source, newest: Invocation | None = None, state: ScheduleState | None = None
) -> api.Source:
    """A source with its defaults filled in, and its config under the name of its type.

    Args:
        newest: its newest run with a final status.
        state: of its schedule.
    """
    return api.Source(**members_of(source, newest, state))


def members_of(source: Source, newest: Invocation | None, state: ScheduleState | None) -> dict[str, Any]:
    """The members of a source, as the API shows it."""
    task = source.embedding.task
    shown_task = None if task is None else api.Qwen3EmbeddingTask(**task.model_dump())
    dense = api.DenseEmbeddingModel(model=source.embedding.model, task=shown_task)
    kind = SOURCE_TYPES[source.type]
    members: dict[str, Any] = {source.type: kind.form_of(kind.of(source))}
    if (notice := _notice_of(source, newest)) is not None:
        members["notice"] = notice
    if source.schedule is not None:
        members["schedule"] = shown_schedule(source.schedule, state, now())
    return {
        **members,
        "id": source.id,
        "database_name": source.database,
        "embedding_model": dense,
        "embedding": api.SourceEmbeddingConfig(dense=dense, sparse=_sparse_of(source)),
        "chunking": _chunking_of(source),
        "created_at": source.created_at,
    }


def _sparse_of(source: Source) -> api.SparseEmbeddingConfig | None:
    if (sparse := source.embedding.sparse) is None:
        return None
    return api.SparseEmbeddingConfig.model_validate({"model": sparse.model, "key": sparse.key})


def _notice_of(source: Source, newest: Invocation | None) -> api.SourceNotice | None:
    """The stored notice of the source, or why its newest run failed. A completed run proves that the source
    can be read again."""
    told = source.notice
    completed_at = newest.created_at if newest is not None and newest.status is Status.COMPLETE else None
    if told is not None and told.about == "access" and completed_at is not None and completed_at > told.since:
        told = None
    if told is not None:
        return api.SourceNotice(message=told.reason, since=told.since)
    if newest is None or completed_at is not None or not SOURCE_TYPES[source.type].lists:
        return None
    message = f"its newest run failed: {newest.error or 'without a reason'}"
    return api.SourceNotice(message=message, since=newest.finished_at or newest.created_at)


def _chunking_of(source: Source) -> api.TreeSitterChunking | api.LinesChunking:
    chunking = source.chunking
    if chunking.type == "lines":
        return api.LinesChunking(
            type="lines", max_lines=chunking.max_lines, max_size_bytes=chunking.max_size_bytes
        )
    return api.TreeSitterChunking(type="tree_sitter", max_size_bytes=chunking.max_size_bytes)


def status_of(run: Invocation) -> JobStatus:
    """A plain string, or an object for `complete` and `failed`."""
    if run.status is Status.COMPLETE:
        finished = run.finished_at or run.created_at
        duration = max(0, _milliseconds_between(run.started_at or run.created_at, finished))
        return JobStatus(Complete(complete=Finished(finished_at=finished, duration_ms=duration)))
    if run.status is Status.FAILED:
        return JobStatus(Failed(failed=Failure(error=run.error or "failed without a reason")))
    return JobStatus.model_validate(run.status.value)


def job_of(run: Invocation) -> Job:
    """An invocation in the form of the contract, with our extensions if they have a value."""
    ours: dict[str, Any] = {"facts": dict(run.facts), "merged_into": run.merged_into}
    ours["failed"] = run.counts.failed
    return Job(
        id=run.id,
        source_id=run.source_id,
        status=status_of(run),
        metadata=_metadata_of(run),
        created_at=run.created_at,
        trigger=run.trigger,
        **{name: value for name, value in ours.items() if value},
    )


def _metadata_of(run: Invocation) -> IndexJobMetadata:
    """The target of a run, and its source's configuration under the name of its type."""
    members: dict[str, Any] = {run.source_type: SOURCE_TYPES[run.source_type].job_of(run)}
    return IndexJobMetadata(database_name=run.database, collection_name=run.collection, **members)


def progress_of(
    run: Invocation,
    warnings: int = 0,
    now: datetime | None = None,
    reports: Iterable[StageHealth] = (),
) -> InvocationProgress:
    """Counts per stage, documents with warnings, the mean rate so far, and records in progress."""
    counts, done = run.counts, run.counts.done
    elapsed = None
    if run.started_at is not None:
        elapsed = max(0, _milliseconds_between(run.started_at, run.finished_at or now or datetime.now(UTC)))
    errors = [api.DocumentFailure(document_key=e.document_key, error=e.error) for e in run.last_errors]
    return InvocationProgress(
        invocation_id=run.id,
        source_id=run.source_id,
        database_name=run.database,
        collection_name=run.collection,
        status=status_of(run),
        attempts=run.attempts,
        total=run.total,
        listed=None if run.total is None else max(0, run.total - counts.deleted),
        done=done,
        counts=StageCounts(**counts.model_dump()),
        documents_per_second=round(done * 1000 / elapsed, 3) if elapsed else None,
        elapsed_ms=elapsed,
        last_errors=errors,
        warnings=warnings,
        waits_for=waits_for(run, reports, now),
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        skipped=[api.Skipped(reason=reason, count=n) for reason, n in sorted(run.left_out.items())],
        last_skipped=[
            api.SkippedDocument(document_key=skip.document_key, reason=skip.reason)
            for skip in run.last_skipped
        ],
        trigger=run.trigger,
        facts=dict(run.facts),
        merged_into=run.merged_into,
    )


def outcome_of(outcome: Outcome) -> DocumentOutcome:
    """The outcome of a document."""
    skipped = outcome.status == "skipped"
    return DocumentOutcome.model_validate(
        {
            "document_key": outcome.document_key,
            "status": outcome.status,
            "chunks": outcome.chunks,
            "error": None if skipped else outcome.error,
            "warnings": list(outcome.warnings),
            **({"reason": outcome.error} if skipped else {}),
        }
    )


def key_of(key: ApiKey) -> KeySummary:
    """A key without its hash."""
    return KeySummary(
        id=key.id,
        name=key.name,
        tenant=key.tenant,
        admin=key.admin,
        databases=key.databases,
        created_at=key.created_at,
    )


def _milliseconds_between(start: datetime, end: datetime) -> int:
    return round((end - start).total_seconds() * 1000)
