"""Rows: ids and metadata as the contract has them; and the fingerprint that a document's settings have."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import SingleObjectCodec
from schemas.events import Chunking, DocumentDeleted, Embedding, MetadataValue, Task
from schemas.ids import fingerprint
from schemas.limits import RESERVED_METADATA_KEYS
from services.indexing.rows import metadata_keys, rows_of
from tests.services.indexing.documents import document, embedded, vector

SCALARS = st.text(max_size=5) | st.integers(-(2**53), 2**53) | st.booleans() | st.floats(allow_nan=False)
LISTS = st.lists(st.booleans(), min_size=1, max_size=2) | st.lists(
    st.text(max_size=3), min_size=1, max_size=2
)
METADATA = st.dictionaries(st.text(max_size=5), st.none() | SCALARS | LISTS, max_size=4)


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_an_upload_has_the_ids_and_the_metadata_of_the_contract() -> None:
    (part,) = embedded(
        document("a/b.md", version="v1", metadata={"team": "red", "none": None}), 5, ["x", "y"]
    )

    first, second = rows_of(part)

    assert (first.id, second.id) == (f"{digest('a/b.md')}-0", f"{digest('a/b.md')}-1")
    assert (second.text, second.vector) == ("y", vector("y"))
    assert second.metadata == {
        "document_key": "a/b.md",
        "document_key_sha256": digest("a/b.md"),
        "version_key": "v1",
        "version_key_sha256": digest("v1"),
        "chunk_strategy": "lines",
        "language": "markdown",
        "start_line": 2,
        "end_line": 3,
        "start_col": 0,
        "end_col": 1,
        "team": "red",
    }


def test_a_document_of_a_tree_has_ids_of_its_own_source() -> None:
    (part,) = embedded(document("a.md", source="folder"), 5, ["x"])

    assert rows_of(part)[0].id == f"{digest(chr(0).join(('folder', 'a.md')))}-0"


def test_a_custom_id_is_the_base_of_the_ids_and_told() -> None:
    (part,) = embedded(document("a.md", custom_id="mine"), 5, ["x"])

    assert rows_of(part)[0].id == "mine-0"
    assert rows_of(part)[0].metadata["custom_id"] == "mine"


def test_page_and_context_are_told_where_they_are_known() -> None:
    (part,) = embedded(document(), 5, ["x"], page=7)

    metadata = rows_of(part)[0].metadata
    assert (metadata["page"], metadata["context"]) == (7, "page 7")
    assert "language" not in metadata


def test_metadata_of_the_caller_does_not_overrule_ours() -> None:
    forged: dict[str, MetadataValue] = dict.fromkeys(RESERVED_METADATA_KEYS, "forged")
    (part,) = embedded(document(metadata=forged), 5, ["x"])

    assert "forged" not in rows_of(part)[0].metadata.values()


def test_every_key_of_a_row_is_among_those_that_may_be_set() -> None:
    about = document(metadata={"team": "red", "none": None}, custom_id="mine")
    (part,) = embedded(about, 5, ["x"], page=7)

    assert set(rows_of(part)[0].metadata) <= metadata_keys(about)
    assert "none" not in metadata_keys(about)


@settings(deadline=None)
@given(METADATA)
def test_a_fingerprint_survives_the_topic(metadata: dict[str, MetadataValue]) -> None:
    about = document(metadata=metadata)
    codec = SingleObjectCodec()

    read = codec.decode(codec.encode(DocumentDeleted(document=about, sequence=1), "documents"))

    assert isinstance(read, DocumentDeleted)
    assert fingerprint(read.document) == fingerprint(about)


@pytest.mark.parametrize(
    "changed",
    [
        {"chunking": Chunking(type="lines", max_lines=10)},
        {"embedding": Embedding(model="other")},
        {"embedding": Embedding(model="sentence-transformers/all-MiniLM-L6-v2", task=Task(task_name="code"))},
        {"metadata": {"a": True}},
        {"metadata": {"a": "1"}},
        {"custom_id": "mine"},
    ],
)
def test_a_fingerprint_tells_settings_apart(changed: dict[str, object]) -> None:
    about = document(metadata={"a": 1})

    assert fingerprint(about.model_copy(update=changed)) != fingerprint(about)


def test_a_fingerprint_is_of_the_settings_and_not_of_the_version_or_of_nulls() -> None:
    assert fingerprint(document(version="1", metadata={"a": None})) == fingerprint(document(version="2"))
