"""The result of a sync, also as JSON."""

import json
from dataclasses import dataclass, field

from headrace.client.progress import listed, status_of
from schemas.api import DocumentOutcome, InvocationProgress


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The result of a sync. `failures` and `skipped` have at most 1,000 documents each, `warned` the first
    ten with warnings. `remark` says what became of a new source whose run failed."""

    source_id: str
    progress: InvocationProgress
    failures: list[DocumentOutcome]
    seconds: float
    warned: list[DocumentOutcome] = field(default_factory=list)
    skipped: list[DocumentOutcome] = field(default_factory=list)
    remark: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the run is complete and no document failed."""
        return status_of(self.progress.status) == "complete" and not self.progress.counts.failed


def as_json(result: SyncResult) -> str:
    """The result as JSON."""
    counts, progress = result.progress.counts, result.progress
    return json.dumps(
        {
            "source_id": result.source_id,
            "invocation_id": progress.invocation_id,
            "status": status_of(progress.status),
            "listed": listed(progress),
            "written": counts.indexed,
            "deleted": counts.deleted,
            "unchanged": counts.unchanged,
            "failed": counts.failed,
            "chunks": counts.chunks,
            "seconds": round(result.seconds, 3),
            "merged_into": progress.merged_into,
            "remark": result.remark,
            "skipped": {skipped.reason: skipped.count for skipped in progress.skipped},
            "skipped_documents": [
                {"document_key": s.document_key, "reason": s.reason} for s in result.skipped
            ],
            "failures": [{"document_key": f.document_key, "error": f.error} for f in result.failures],
            "with_warnings": progress.warnings,
            "warnings": [{"document_key": w.document_key, "warnings": w.warnings} for w in result.warned],
        },
        ensure_ascii=False,
        indent=2,
    )
