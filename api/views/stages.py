"""Evaluate the reports of stages (topic `stage-health`) for progress and `/health`."""

from collections.abc import Iterable
from datetime import UTC, datetime

from schemas import api
from schemas.events import FINAL_STATUSES, Invocation, StageHealth

#: A process of a stage reports every 15 s. Without a report for this long it is dead or stuck.
_SILENT_S = 45.0
#: Without a report for this long a process has been removed from the deployment.
_FORGOTTEN_S = 60 * 60.0
#: Maximum number of records in one answer.
_MOST = 10


def waits_for(
    run: Invocation, reports: Iterable[StageHealth], now: datetime | None = None
) -> list[api.InHand]:
    """Records that an invocation may wait for: its own documents first, then the oldest. Document names
    are shown only within their database."""
    if run.status in FINAL_STATUSES:
        return []
    moment = now or datetime.now(UTC)
    found = [
        _in_hand(report, run, moment)
        for report in reports
        if report.oldest is not None and _age_s(report, moment) < _SILENT_S
    ]
    return sorted(found, key=lambda one: (not one.of_this_invocation, one.since))[:_MOST]


def _in_hand(report: StageHealth, run: Invocation, now: datetime) -> api.InHand:
    oldest = report.oldest
    assert oldest is not None
    shown = (oldest.tenant, oldest.database) == (run.tenant, run.database)
    return api.InHand(
        stage=report.stage,
        document_key=oldest.document_key if shown else None,
        collection_name=oldest.collection if shown else None,
        of_this_invocation=oldest.invocation_id == run.id,
        since=oldest.since,
        seconds=round((now - oldest.since).total_seconds()),
        attempts=oldest.attempt,
        last_error=oldest.error if shown or oldest.invocation_id == run.id else None,
    )


def remarks(reports: Iterable[StageHealth], now: datetime | None = None) -> list[str]:
    """A sentence for each problem. Contains no document names, nor errors, which may quote them, because
    callers need no key."""
    moment = now or datetime.now(UTC)
    return [sentence for report in reports for sentence in _remarks(report, moment)][:_MOST]


def _remarks(report: StageHealth, now: datetime) -> Iterable[str]:
    name, age_s = f"{report.stage} ({report.slot})", _age_s(report, now)
    if _SILENT_S < age_s < _FORGOTTEN_S:
        yield f"{name} has not reported for {age_s:.0f} s"
    if age_s > _SILENT_S:
        return
    if oldest := report.oldest:
        seconds = (now - oldest.since).total_seconds()
        yield f"{name} has worked on one record for {seconds:.0f} s, attempt {oldest.attempt}"
    yield from report.expired


def _age_s(report: StageHealth, now: datetime) -> float:
    return (now - report.reported_at).total_seconds()
