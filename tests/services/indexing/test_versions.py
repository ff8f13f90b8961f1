"""Versions that a producer numbers: a smaller number never replaces a greater one, in whatever order."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from schemas.events import DocumentDeleted, DocumentState, RunPosition, Step
from services.indexing.plan import Incoming, plan
from tests.services.indexing.documents import NOON, deleted, document, embedded


def written(number: int | None, sequence: int, texts: Sequence[str] | None) -> list[Incoming]:
    run = RunPosition(invocation_id="run", attempt=1, ordinal=sequence)
    about = document(version=f"v{sequence}", run=run).model_copy(update={"version": number})
    return [deleted(about, sequence)] if texts is None else [*embedded(about, sequence, texts, parts=1)]


def folded(*events: Incoming, batches: int = 1) -> tuple[DocumentState, list[Step]]:
    """The state after these events, and the steps that they report."""
    state, steps = None, []
    size = len(events) // batches or 1
    for start in range(0, len(events), size):
        made = plan(state, events[start : start + size], NOON)
        state = made.state or state
        steps += [note.stage for notes in made.notes for note in notes]
    assert state is not None
    return state, steps


def test_the_greatest_number_stays_in_whatever_order_they_arrive() -> None:
    contents = {1: ["one"], 2: ["two", "more"], 3: ["three"]}
    for order in permutations(contents):
        log = [event for n, number in enumerate(order) for event in written(number, n, contents[number])]
        for batches in (1, 3):
            state, steps = folded(*log, batches=batches)

            assert (state.document.version, state.chunks, state.complete) == (3, 1, True)
            assert steps == [Step.INDEXED] * 3  # those that came too late are done, too


def test_a_delete_is_a_version_like_any_other() -> None:
    for last in (["again"], None):
        state, _ = folded(*written(5, 0, None), *written(4, 1, ["late"]))
        assert state.deleted

        state, _ = folded(*written(5, 0, None), *written(6, 1, last))
        assert state.deleted == (last is None)

    state, steps = folded(*written(5, 0, ["here"]), *written(4, 1, None))
    assert not state.deleted
    assert steps[-1] is Step.DELETED


@pytest.mark.parametrize("heir", ["upload", None])
def test_a_source_deletes_nothing_that_another_has_taken_over_meanwhile(heir: str | None) -> None:
    """An object is gone from its bucket while an upload, or an event, of the same key is on its way."""
    run = RunPosition(invocation_id="run", attempt=1, ordinal=0)
    bucket, other = (
        document("a.txt", run=run).model_copy(update={"source_id": owner}) for owner in ("bucket", heir)
    )
    log: list[Incoming] = [
        *embedded(bucket, 0, ["old"]),
        *embedded(other, 1, ["new", "newer"]),
        deleted(bucket, 2),
    ]
    for batches in (1, 3):
        state, steps = folded(*log, batches=batches)

        assert (state.deleted, state.sequence, state.document.source_id) == (False, 1, heir)
        assert steps[-1] is Step.DELETED  # its run ends
    for owner in (heir, None):  # its own source, and whoever names none
        state, _ = folded(*log, deleted(other.model_copy(update={"source_id": owner}), 3))
        assert state.deleted


def test_of_equal_numbers_and_of_none_the_later_one_stays() -> None:
    for first, second in ((5, 5), (5, None), (None, 5), (None, None)):
        state, _ = folded(*written(first, 0, ["old"]), *written(second, 1, ["new", "newer"]))

        assert (state.sequence, state.chunks) == (1, 2)


def test_a_record_that_is_replayed_replaces_no_later_one() -> None:
    replayed = written(9, 0, ["failed, and was sent again"])

    state, _ = folded(*written(8, 1, ["one"]), *replayed)

    assert state.sequence == 1
    assert not any(isinstance(event, DocumentDeleted) for event in replayed)
