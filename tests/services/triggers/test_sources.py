"""What triggers know of sources and of earlier runs, from the records of both topics."""

import sqlite3
from datetime import timedelta
from typing import Any

import pytest

from schemas.events import Event, Invocation, RunOptions, Status
from schemas.sources.s3 import S3Options
from services.triggers.sources import _SCHEMA, fold
from streams.state.reader import ChangelogRecord
from streams.topics import INVOCATIONS, SOURCES
from tests.services.triggers.test_choosing import NOON, bucket_source


@pytest.fixture
def database() -> sqlite3.Connection:
    opened = sqlite3.connect(":memory:")
    opened.executescript(_SCHEMA)
    return opened


def take(database: sqlite3.Connection, topic: str, key: str, event: Event | None) -> None:
    fold(database, ChangelogRecord(topic, 0, 0, key, event, 0))


def invocation(minute: int, collection: str = "docs", **said: Any) -> Invocation:
    return Invocation(
        id=f"run-{minute}",
        tenant="t",
        database="d",
        collection=collection,
        source_id="s",
        source_type="s3",
        single_document=False,
        status=Status.PENDING,
        created_at=NOON + timedelta(minutes=minute),
        options=RunOptions.model_validate({"s3": S3Options(object_key="a.pdf", **said)}),
    )


def known(database: sqlite3.Connection) -> list[tuple[str, str | None]]:
    rows = database.execute("SELECT collection, options FROM runs ORDER BY collection").fetchall()
    return [(row[0], S3Options.model_validate_json(row[1]).custom_id) for row in rows]


def test_a_source_is_known_as_long_as_it_syncs_by_itself(database: sqlite3.Connection) -> None:
    def listed() -> list[tuple[str, str | None]]:
        return database.execute("SELECT bucket, queue FROM sources").fetchall()

    direct, silent = bucket_source(queue_url="https://q"), bucket_source("none")
    take(database, SOURCES.name, direct.id, direct)
    assert listed() == [("library", "https://q")]
    take(database, SOURCES.name, direct.id, silent)
    assert listed() == []
    take(database, SOURCES.name, direct.id, direct)
    take(database, SOURCES.name, direct.id, None)
    assert listed() == []


def test_the_newest_run_of_an_object_says_what_it_is_whichever_came_last(
    database: sqlite3.Connection,
) -> None:
    for run in (invocation(2, custom_id="second"), invocation(1, custom_id="first"), invocation(0, "wiki")):
        take(database, INVOCATIONS.name, run.id, run)

    assert known(database) == [("docs", "second"), ("wiki", None)]


def test_runs_of_no_object_and_of_meta_files_are_not_known(database: sqlite3.Connection) -> None:
    whole = invocation(1).model_copy(update={"options": None})
    failed = invocation(2).model_copy(
        update={"options": RunOptions.model_validate({"s3": S3Options(object_key="x.meta.json")})}
    )
    for run in (whole, failed):
        take(database, INVOCATIONS.name, run.id, run)

    assert known(database) == []


def test_what_was_said_of_objects_goes_with_their_source(database: sqlite3.Connection) -> None:
    for run in (invocation(1), invocation(2, "wiki").model_copy(update={"source_id": "other"})):
        take(database, INVOCATIONS.name, run.id, run)
    take(database, SOURCES.name, "s", None)
    assert known(database) == [("wiki", None)]
