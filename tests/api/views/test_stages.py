"""What the gateway makes of the reports of stages."""

from datetime import UTC, datetime, timedelta

from api.views.stages import remarks, waits_for
from schemas.events import Invocation, RecordInHand, StageHealth, Status

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUN = Invocation(
    id="run",
    tenant="t",
    database="d",
    collection="notes",
    source_id="s",
    source_type="folder",
    single_document=False,
    status=Status.PROCESSING,
    created_at=NOW,
)


def report(
    stage: str,
    document: str | None = None,
    *,
    seconds: int = 42,
    run: str = "other",
    database: str = "d",
    silent: int = 3,
    expired: tuple[str, ...] = (),
) -> StageHealth:
    oldest = None
    if document:
        oldest = RecordInHand(
            topic="embeddings",
            partition=0,
            offset=7,
            tenant="t",
            database=database,
            collection="notes",
            document_key=document,
            invocation_id=run,
            since=NOW - timedelta(seconds=seconds),
            attempt=2,
            error=f"no room for {document}",
        )
    at = NOW - timedelta(seconds=silent)
    return StageHealth(stage=stage, slot="0", reported_at=at, oldest=oldest, expired=list(expired))


def test_an_invocation_waits_for_its_own_documents_first_and_then_for_the_oldest() -> None:
    reports = [
        report("embedding", "young.md", seconds=10),
        report("parsing", "old.md", seconds=90),
        report("indexing", "own.md", seconds=20, run="run"),
        report("chunking"),
    ]

    found = waits_for(RUN, reports, NOW)

    assert [(one.stage, one.document_key, one.of_this_invocation) for one in found] == [
        ("indexing", "own.md", True),
        ("parsing", "old.md", False),
        ("embedding", "young.md", False),
    ]
    assert (found[0].seconds, found[0].attempts, found[0].last_error) == (20, 2, "no room for own.md")


def test_documents_of_another_database_have_no_name() -> None:
    [found] = waits_for(RUN, [report("parsing", "secret.md", database="elsewhere")], NOW)

    assert "secret" not in found.model_dump_json()
    assert (found.stage, found.seconds) == ("parsing", 42)


def test_a_run_that_has_ended_waits_for_nothing_and_an_old_report_counts_for_nothing() -> None:
    ended = RUN.model_copy(update={"status": Status.COMPLETE})

    assert waits_for(ended, [report("parsing", "a.md")], NOW) == []
    assert waits_for(RUN, [report("parsing", "a.md", silent=600)], NOW) == []


def test_remarks_name_stages_and_no_document() -> None:
    gone = "4 records of embeddings[3] expired before indexing had read them"
    reports = [
        report("parsing", "secret.md"),
        report("chunking", silent=61),
        report("embedding"),
        report("embedding", silent=2 * 60 * 60),  # of a deployment that has fewer now
        report("indexing", expired=(gone,)),
    ]

    assert remarks(reports, NOW) == [
        "parsing (0) has worked on one record for 42 s, attempt 2",
        "chunking (0) has not reported for 61 s",
        gone,
    ]
