"""Ids that any producer can compute. The values were computed with `printf … | sha256sum`."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Chunking, Document, Embedding, RunPosition, SparseEmbedding
from schemas.ids import (
    chunk_id_base,
    collection_key,
    document_id,
    fingerprint,
    invocation_id,
    source_id,
    sparse_row_key,
    text_sha256,
)

KEY_SHA256 = "f5e30844a0a461111eb1ae9a5833d0571dd08f7497fcde52a60fe9c5f279ee46"


def document(**changes: object) -> Document:
    made = Document(
        tenant="default_tenant",
        database="default_database",
        collection="docs",
        document_key="guide/intro.md",
        embedding=Embedding(model="m"),
    )
    return made.model_copy(update=changes)


def test_chunks_of_uploads_and_buckets_are_named_after_the_key_alone() -> None:
    assert chunk_id_base(document()) == KEY_SHA256
    assert chunk_id_base(document(tenant="other", collection="other")) == KEY_SHA256


def test_chunks_of_sources_that_own_a_tree_are_named_after_source_and_key() -> None:
    found = chunk_id_base(document(namespace="acme-source"))

    assert found == "8ccea8788e1d5151a077e671b8a91b217dbc91ba1a17f98a9fcd5b0ac582061c"


def test_a_custom_id_is_taken_as_it_is() -> None:
    assert chunk_id_base(document(custom_id="my-id", namespace="acme-source")) == "my-id"


def test_document_ids_do_not_change() -> None:
    assert document_id(document()) == "f1808af4486fc3864e65ad1930c6a0c7"
    assert document_id(document(namespace="acme-source")) == "7d469ba60c0139771df138303dc7bcfe"
    assert document_id(document(custom_id="my-id")) == "07bfc45294a88a005da1b0f96ff1c57c"


names = st.text("ab\u00e4", min_size=1, max_size=3)


@given(names, names, names, names, names, names)
def test_documents_are_one_exactly_when_they_would_write_the_same_chunks(
    tenant: str, collection: str, key: str, other_tenant: str, other_collection: str, other_key: str
) -> None:
    one = document(tenant=tenant, collection=collection, document_key=key)
    other = document(tenant=other_tenant, collection=other_collection, document_key=other_key)
    same = (tenant, collection, chunk_id_base(one)) == (other_tenant, other_collection, chunk_id_base(other))

    assert (document_id(one) == document_id(other)) == same


@given(names, names)
def test_where_a_run_has_numbered_a_document_and_what_it_holds_do_not_change_its_id(a: str, b: str) -> None:
    numbered = document(
        run=RunPosition(invocation_id=a, attempt=1, ordinal=2), version_key=b, metadata={"k": a}, source_id=b
    )

    assert document_id(numbered) == document_id(document())


def test_a_source_is_its_configuration() -> None:
    found = source_id("default_tenant", "default_database", '{"type":"folder"}')

    assert found == "b9a4f649-f642-566c-a1b4-06de9bad2a09"
    assert uuid.UUID(found).version == 5
    assert found != source_id("default_tenant", "other", '{"type":"folder"}')


def test_the_fingerprint_of_how_a_document_is_processed_does_not_change() -> None:
    """Else every document of every user is processed once more: that is what PIPELINE_VERSION is for."""
    assert fingerprint(document()) == "b35a2bb985a1bc67ea216e64809f62cb13f4e27be88a58e84cdc8e92e994e1d4"


def test_whatever_changes_the_chunks_changes_the_fingerprint_and_a_null_does_not() -> None:
    changes: list[dict[str, object]] = [
        {"chunking": Chunking(max_size_bytes=1000)},
        {"embedding": Embedding(model="other")},
        {"embedding": Embedding(model="m", sparse=SparseEmbedding(model="s", key="k"))},
        {"embedding": Embedding(model="m", sparse=SparseEmbedding(model="s", key="other"))},
        {"metadata": {"k": "v"}},
        {"custom_id": "my-id"},
        {"main_content": True},
    ]
    prints = {fingerprint(document(**change)) for change in changes}

    assert len(prints | {fingerprint(document())}) == len(changes) + 1
    assert fingerprint(document(metadata={"k": None})) == fingerprint(document())


def test_rows_of_a_collection_that_is_made_again_replace_those_of_the_former() -> None:
    key = sparse_row_key(document(), "base-3")

    assert key == f"{collection_key('default_tenant', 'default_database', 'docs')}/base-3"
    assert key != sparse_row_key(document(collection="other"), "base-3")


def test_hashes_are_lower_case_hex_of_utf8() -> None:
    assert text_sha256("guide/intro.md") == KEY_SHA256


def test_a_cause_makes_one_invocation_of_each_source_and_collection() -> None:
    once = invocation_id("github/72d3162e", "a", "docs")

    assert once == invocation_id("github/72d3162e", "a", "docs")
    assert uuid.UUID(once).version == 5
    others = [("github/72d3162f", "a", "docs"), ("github/72d3162e", "b", "docs")]
    assert (
        len({once, invocation_id("github/72d3162e", "a", "wiki"), *(invocation_id(*o) for o in others)}) == 4
    )
