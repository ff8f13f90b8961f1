"""Markers that go behind whatever was sent before, one on each partition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import TransientError
from schemas.events import Document, DocumentDeleted, DocumentState
from schemas.ids import document_id
from schemas.markers import is_marker
from services.connectors import barrier
from services.connectors.barrier import markers, passed, sends
from streams.partitions import partition_of
from tests.services.connectors.fakes import NOON, IndexedStates, Pipeline, Tracking, folder_source

SOURCE = folder_source("/srv/notes")


@given(partitions=st.integers(1, 64))
def test_every_partition_gets_one_marker_and_always_the_same(partitions: int) -> None:
    found = markers(partitions, SOURCE, "library")

    assert sorted(partition_of(document_id(marker), partitions) for marker in found) == list(
        range(partitions)
    )
    assert found == markers(partitions, SOURCE, "library")
    assert all(is_marker(marker) for marker in found)


def test_a_marker_is_the_delete_of_a_document_that_nobody_counts() -> None:
    for send in sends(markers(3, SOURCE, "library")):
        assert isinstance(send.event, DocumentDeleted)
        assert send.event.document.run is None
        assert send.key == document_id(send.event.document)


def indexed(pipeline: Pipeline, marker: Document, version: str) -> None:
    document = marker.model_copy(update={"version_key": version})
    pipeline.states[document_id(marker)] = DocumentState(
        document=document, sequence=1, fingerprint="", deleted=True, complete=True, indexed_at=NOON
    )


async def test_all_markers_of_this_time_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barrier, "LOOK_SECONDS", 0)
    pipeline = Pipeline(Tracking())
    found = [m.model_copy(update={"version_key": "now"}) for m in markers(3, SOURCE, "library")]
    for marker in found:
        indexed(pipeline, marker, "an earlier time")
    looks, arrive = 0, (2, 3, 5)

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks in arrive:
            indexed(pipeline, found[arrive.index(looks)], "now")

    await passed(found, IndexedStates(pipeline), 0, look, within_s=5)

    assert looks == 5


async def test_a_partition_that_does_not_move_is_named_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barrier, "LOOK_SECONDS", 0)
    pipeline = Pipeline(Tracking())
    found = [m.model_copy(update={"version_key": "now"}) for m in markers(3, SOURCE, "library")]
    indexed(pipeline, found[1], "now")

    with pytest.raises(TransientError, match="2 of 3 partitions of `documents` do not move"):
        await passed(found, IndexedStates(pipeline), 0, lambda: None, within_s=0)
