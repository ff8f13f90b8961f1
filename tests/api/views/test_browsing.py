"""Lists by cursor: nothing twice, nothing left out, and counts that agree with them."""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from api.views.browsing import BROWSING, Browsing, Cursor, Scope, Wanted
from api.views.catalogue import Catalogue
from api.views.tables import CATALOGUE
from schemas.codec import SingleObjectCodec
from schemas.events import Counts, Invocation, Status
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster
from streams.kafka.producer import EventProducer
from streams.state.views import View
from streams.topics import INVOCATIONS

TENANT = "browsing"


def invocation(number: int) -> Invocation:
    """Three of a moment each; every third failed, every fifth has a failed document."""
    failed = number % 3 == 0
    return Invocation(
        id=f"run-{number:03}",
        tenant=TENANT,
        database=f"d{number % 2}",
        collection="c",
        source_id=f"s{number % 4}",
        source_type="folder",
        single_document=False,
        status=Status.FAILED if failed else Status.COMPLETE,
        counts=Counts(indexed=1, failed=int(number % 5 == 0)),
        error="the flood gate is shut" if failed else None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number // 3),
    )


class Planned:
    """A view of empty tables that notes how each query is carried out. SQLite has no statistics of tables, so
    it does the same with a million rows."""

    def __init__(self) -> None:
        self.plans: list[str] = []
        self._database = sqlite3.connect(":memory:")
        self._database.executescript(CATALOGUE + BROWSING)

    def query(self, sql: str, values: Mapping[str, Any]) -> list[Any]:
        self.plans.append(
            "; ".join(row[3] for row in self._database.execute(f"EXPLAIN QUERY PLAN {sql}", values))
        )
        return []


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(), "invocations_by_tenant (tenant=?)"),
        (Wanted(status=Status.PENDING), "invocations_by_status (tenant=? AND status=?)"),
        (Wanted(troubled=True), "invocations_troubled (tenant=?)"),
        (Wanted(source_id="s"), "invocations_by_source (source_id=?)"),
    ],
)
def test_a_page_reads_the_rows_that_it_shows_alone(wanted: Wanted, index: str) -> None:
    view = Planned()
    Browsing(cast(View, view)).invocations(Scope(TENANT), wanted)
    (plan,) = view.plans
    assert index in plan
    assert "TEMP B-TREE" not in plan  # which would sort all that match


async def test_pages_have_every_run_once_and_counts_agree(cluster: Cluster, tmp_path: Path) -> None:
    codec = SingleObjectCodec()
    producer, catalogue = EventProducer(cluster, codec), Catalogue(cluster, codec, tmp_path)
    await catalogue.start()
    runs = [invocation(number) for number in range(40)]
    for one in runs:
        await producer.send(Send(INVOCATIONS, one.id, one))
    await catalogue.refresh()
    everything = Scope(TENANT)

    def pages(scope: Scope, **filters: object) -> list[str]:
        found: list[str] = []
        before: Cursor | None = None
        while True:
            wanted = Wanted(before=before, limit=7, **filters)  # type: ignore[arg-type]
            page = catalogue.browse.invocations(scope, wanted)
            found += [one.id for one in page.rows]
            if (before := page.next) is None:
                return found

    newest_first = [one.id for one in sorted(runs, key=lambda one: (one.created_at, one.id), reverse=True)]
    assert pages(everything) == newest_first
    counts = catalogue.browse.counts(everything)
    assert counts == {status: len(pages(everything, status=status)) for status in counts}
    assert sum(counts.values()) == 40
    troubled = [one.id for one in runs if one.status is Status.FAILED or one.counts.failed]
    assert sorted(pages(everything, troubled=True)) == sorted(troubled)
    assert len(pages(everything, text="FLOOD gate")) == counts["failed"]
    assert len(pages(everything, source_id="s1")) == 10
    assert {int(id_[4:]) % 2 for id_ in pages(Scope(TENANT, frozenset({"d1"})))} == {1}
    assert pages(Scope("somebody else")) == []

    for one in runs:
        await producer.send(Send(INVOCATIONS, one.id, None))
    await catalogue.close()
    await producer.close()
