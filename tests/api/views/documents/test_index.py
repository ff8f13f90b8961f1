"""Queries over the index of documents, without a broker."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from api.views.documents import DocumentFilter, DocumentIndex, PageStart
from api.views.documents.tables import TABLES
from streams.state.views import View
from tests.api.views.documents.test_fold import SOURCE, created, fold, outcome, state


class Tables:
    """The tables of a view, without what follows topics."""

    def __init__(self, path: Path) -> None:
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.row_factory = sqlite3.Row
        self.database.executescript(TABLES)

    def query(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        return self.database.execute(sql, values).fetchall()

    async def scan(self, sql: str, values: Mapping[str, Any], timeout: float) -> list[sqlite3.Row]:
        return self.query(sql, values)


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    made = Tables(tmp_path / "documents.sqlite")
    fold(made.database, created("r2", 5), *(state(key, 1) for key in ("b", "a", "a_b", "c%", "zoo")))
    fold(made.database, state("old", 1), state("old", 2, deleted=True), outcome("b", 6, "r2"))
    return made


def index(tables: Tables) -> DocumentIndex:
    return DocumentIndex(cast(View, tables))


async def keys(tables: Tables, limit: int = 100, **wanted: Any) -> list[str]:
    rows = await index(tables).page(DocumentFilter("t", **wanted), None, limit)
    return [row.key for row in rows]


async def test_deleted_documents_are_listed_only_when_they_are_asked_for(tables: Tables) -> None:
    assert await keys(tables) == ["a", "a_b", "b", "c%", "zoo"]
    assert await keys(tables, state="deleted") == ["old"]
    assert await keys(tables, state="indexed") == ["a", "a_b", "c%", "zoo"]
    assert await keys(tables, state="failed", source_id=SOURCE) == ["b"]


async def test_documents_are_found_by_the_first_digits_of_their_ids(tables: Tables) -> None:
    found = index(tables)
    pages = [await found.page(DocumentFilter("t", state=state), None, 100) for state in (None, "deleted")]
    ids = sorted(row.id for page in pages for row in page)
    for id_ in ids:
        same = [other for other in ids if other.startswith(id_[:1])]
        begins = [row.id for row in found.beginning(id_[:1], "t")]
        assert len(begins) == min(2, len(same))
        assert {*begins} <= {*same}
        assert [row.id for row in found.beginning(id_, "t")] == [id_]
        assert [row.id for row in found.beginning(id_[:7], "t")] == [id_]
        assert found.beginning(id_, "another") == []
        assert found.beginning(id_[:7], "t", {"another"}) == []


async def test_characters_of_patterns_in_a_search_are_themselves(tables: Tables) -> None:
    assert await keys(tables, contains="A_") == ["a_b"]
    assert await keys(tables, contains="%") == ["c%"]
    assert await keys(tables, prefix="a") == ["a", "a_b"]


async def test_other_tenants_databases_and_sources_see_nothing(tables: Tables) -> None:
    assert await index(tables).page(DocumentFilter("other"), None, 10) == []
    assert await keys(tables, databases={"e"}) == []
    assert await keys(tables, source_id="nobody") == []
    assert await keys(tables, database="d", collection="x") == []


async def test_a_page_begins_behind_the_one_before(tables: Tables) -> None:
    found: list[str] = []
    start = None
    while rows := await index(tables).page(DocumentFilter("t"), start, 2):
        found += [row.key for row in rows]
        start = PageStart("d", "c", rows[-1].key, rows[-1].id)
    assert found == ["a", "a_b", "b", "c%", "zoo"]


async def test_lists_and_counts_read_no_more_than_they_answer(tables: Tables) -> None:
    """What they read comes in order from an index: there is no sort, and no scan of the documents."""
    plans: list[str] = []
    tables.database.set_trace_callback(plans.append)
    for state_ in (None, "failed"):
        await keys(tables, state=state_)
        await keys(tables, state=state_, source_id=SOURCE)
    tables.database.set_trace_callback(None)
    pages = [sql for sql in plans if "ORDER BY key" in sql]
    assert len(pages) == 4
    for sql in pages:
        steps = [row["detail"] for row in tables.database.execute(f"EXPLAIN QUERY PLAN {sql}")]
        assert not any("TEMP B-TREE" in step or step.startswith("SCAN documents") for step in steps), steps


def test_totals_sum_by_collection_source_and_state(tables: Tables) -> None:
    totals = index(tables).totals(DocumentFilter("t"))
    assert {(one.state, one.documents, one.chunks) for one in totals} == {
        ("indexed", 4, 12),
        ("failed", 1, 3),
    }
    assert {(one.source_id, one.collection_id) for one in totals} == {(SOURCE, "cid")}
