"""The core of a sync: applying the difference to what is indexed gives what is listed."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from services.connectors.difference import Action, Indexed, action, deleted_by, gone

RUN, HERE = "this-run", "this-collection"
KEYS = st.sampled_from(["a", "b", "c", "d", "e/f", "ключ"])
VERSIONS = st.tuples(st.sampled_from(["v1", "v2"]), st.sampled_from(["f1", "f2"]))
INDEXED = st.builds(
    Indexed,
    version_key=st.sampled_from(["v1", "v2"]),
    fingerprint=st.sampled_from(["f1", "f2"]),
    complete=st.booleans(),
    deleted=st.booleans(),
    chunks=st.integers(0, 9),
    invocation_id=st.sampled_from([None, RUN, "earlier"]),
    collection_id=st.sampled_from([None, HERE, "one that was deleted"]),
)
LISTED = st.dictionaries(KEYS, VERSIONS)


def sound(indexed: Mapping[str, Indexed]) -> dict[str, tuple[str, str]]:
    """What is in this very collection, whole; a document without chunks is in every one."""
    return {
        key: (known.version_key, known.fingerprint)
        for key, known in indexed.items()
        if known.complete and not known.deleted and (known.collection_id == HERE or known.chunks == 0)
    }


@given(indexed=st.dictionaries(KEYS, INDEXED), listed=LISTED)
def test_applying_the_actions_to_what_is_indexed_gives_what_is_listed(
    indexed: dict[str, Indexed], listed: dict[str, tuple[str, str]]
) -> None:
    actions = {key: action(indexed.get(key), *version, RUN, HERE) for key, version in listed.items()}
    after = sound(indexed)
    for key in gone(indexed, listed):
        after.pop(key, None)
    after |= {key: listed[key] for key, found in actions.items() if found is Action.UPSERT}

    assert after == listed


@given(indexed=st.dictionaries(KEYS, INDEXED), listed=LISTED)
def test_nothing_is_sent_that_is_there_already_and_each_document_counts_once(
    indexed: dict[str, Indexed], listed: dict[str, tuple[str, str]]
) -> None:
    actions = {key: action(indexed.get(key), *version, RUN, HERE) for key, version in listed.items()}
    for key, found in actions.items():
        assert (found is Action.UPSERT) == (sound(indexed).get(key) != listed[key])
        if found is Action.WRITTEN:
            assert indexed[key].invocation_id == RUN
    removed, counted = gone(indexed, listed), deleted_by(indexed, listed, RUN)
    assert not set(removed) & set(counted)
    assert not set(listed) & {*removed, *counted}
    assert all(not indexed[key].deleted for key in removed)
    assert all(indexed[key].deleted and indexed[key].invocation_id == RUN for key in counted)


@given(listed=LISTED)
def test_a_second_run_over_the_same_sends_nothing(listed: dict[str, tuple[str, str]]) -> None:
    indexed = {k: Indexed(v, f, True, False, 1, "earlier", HERE) for k, (v, f) in listed.items()}

    assert {action(indexed[key], *version, RUN, HERE) for key, version in listed.items()} <= {
        Action.UNCHANGED
    }
    assert gone(indexed, listed) == []


def test_a_document_of_which_only_a_part_was_written_is_removed_when_it_is_gone() -> None:
    assert gone({"half": Indexed("v1", "f1", False, False, 1, None, HERE)}, []) == ["half"]


def test_a_run_that_found_no_collection_sends_everything() -> None:
    known = Indexed("v1", "f1", True, False, 1, "earlier", HERE)

    assert action(known, "v1", "f1", RUN, None) is Action.UPSERT


def test_a_run_that_is_begun_anew_counts_what_it_has_written_into_this_very_collection() -> None:
    written = Indexed("v1", "f1", True, False, 3, RUN, HERE)
    lost = Indexed("v1", "f1", True, False, 3, RUN, "one that was deleted")

    assert action(written, "v1", "f1", RUN, HERE) is Action.WRITTEN
    assert action(lost, "v1", "f1", RUN, HERE) is Action.UPSERT
    assert action(written, "v1", "f1", RUN, None) is Action.UPSERT
