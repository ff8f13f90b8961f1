import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.gateway import ChunkingDefaults, Models
from api.sync.options import (
    chunking_of,
    embedding_of,
    metadata_of,
    parse_metadata,
    require_collection_name,
    require_file_name,
    sparse_of,
)
from schemas.api import (
    DenseEmbeddingModel,
    LinesChunking,
    Qwen3EmbeddingTask,
    SourceEmbeddingConfig,
    SparseEmbeddingConfig,
    TreeSitterChunking,
)
from schemas.codec import SingleObjectCodec
from schemas.errors import RequestError
from schemas.events import Chunking, Document, DocumentDeleted, Embedding, SparseEmbedding
from schemas.limits import BM25, RESERVED_METADATA_KEYS

integers = st.integers(-(2**63), 2**63 - 1)
fractions = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.text() | integers | fractions | st.booleans()
arrays = st.one_of(*(st.lists(kind, min_size=1) for kind in (st.text(), integers, fractions, st.booleans())))
keys = st.text(string.ascii_letters + "äß-", min_size=1).filter(lambda key: key not in RESERVED_METADATA_KEYS)


@pytest.mark.parametrize("default", [None, BM25])
@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, None),
        (SourceEmbeddingConfig(sparse=None), None),
        (SourceEmbeddingConfig(sparse=SparseEmbeddingConfig()), (BM25, "sparse_embedding")),
        (
            SourceEmbeddingConfig(sparse=SparseEmbeddingConfig(model=None, key=None)),
            (BM25, "sparse_embedding"),
        ),
        (
            SourceEmbeddingConfig(sparse=SparseEmbeddingConfig(model="Chroma/BM25")),
            (BM25, "sparse_embedding"),
        ),
        (SourceEmbeddingConfig(sparse=SparseEmbeddingConfig(key="ключ")), (BM25, "ключ")),
    ],
)
def test_a_null_of_sparse_settings_is_not_given(
    config: SourceEmbeddingConfig | None, expected: tuple[str, str] | None, default: str | None
) -> None:
    found = sparse_of(config, default)

    wanted = expected or (None if default is None else (default, "sparse_embedding"))
    assert found == (None if wanted is None else SparseEmbedding(model=wanted[0], key=wanted[1]))


@pytest.mark.parametrize("key", ["", "#document", "$k", "chroma_k", "document_key", "a\nb", "k" * 257])
def test_a_sparse_key_that_cannot_be_is_refused(key: str) -> None:
    with pytest.raises(RequestError, match=r"embedding\.sparse\.key"):
        sparse_of(SourceEmbeddingConfig(sparse=SparseEmbeddingConfig(key=key)), None)


@given(st.dictionaries(keys, scalars | arrays | st.none(), max_size=5))
def test_accepted_metadata_survives_the_way_over_kafka(metadata: dict[str, Any]) -> None:
    accepted = parse_metadata(json.dumps(metadata))
    event = DocumentDeleted(
        document=Document(
            tenant="t",
            database="d",
            collection="c",
            document_key="k",
            metadata=accepted,
            embedding=Embedding(model="m"),
        )
    )
    codec = SingleObjectCodec()
    read = codec.decode(codec.encode(event, "documents"))
    assert isinstance(read, DocumentDeleted)
    assert read.document.metadata == metadata
    for key, value in metadata.items():
        assert type(read.document.metadata[key]) is type(value)


@pytest.mark.parametrize(
    "metadata",
    [
        {"": 1},
        {"chroma_x": 1},
        {"chroma:document": 1},
        {"#x": 1},
        {"$x": 1},
        {"page": 1},
        {"custom_id": "x"},
        {"a": []},
        {"a": [None]},
        {"a": [[1]]},
        {"a": [1, "x"]},
        {"a": [True, 1]},
        {"a": 2**63},
        {"a": float("inf")},
        {"a": {"b": 1}},
    ],
)
def test_metadata_that_chroma_or_the_pipeline_cannot_keep_are_refused(metadata: dict[str, object]) -> None:
    with pytest.raises(RequestError):
        metadata_of(metadata)


def test_metadata_of_16_kib_are_accepted_and_one_byte_more_is_refused() -> None:
    frame = len('{"a":""}')
    parse_metadata('{"a":"' + "x" * (16384 - frame) + '"}')
    with pytest.raises(RequestError, match="16385 bytes"):
        parse_metadata('{"a":"' + "x" * (16385 - frame) + '"}')


@pytest.mark.parametrize("name", ["abc", "a.b_c-d", "A" * 512, "0a0", "1.2.3"])
def test_names_that_chroma_takes_are_accepted(name: str) -> None:
    assert require_collection_name(name) == name


@pytest.mark.parametrize("name", ["", "ab", "A" * 513, "_ab", "ab.", "a..b", "a b", "a/b", "abé", "1.2.3.4"])
def test_names_that_chroma_refuses_are_refused(name: str) -> None:
    with pytest.raises(RequestError):
        require_collection_name(name)


@pytest.mark.parametrize("name", ["a.md", "a/b c.md", "..a", "a..", "日本.txt", "/etc/passwd", ".hidden"])
def test_file_names_that_are_only_keys_are_accepted(name: str) -> None:
    assert require_file_name(name) == name


@pytest.mark.parametrize(
    "name", [None, "", "..", "a/..", "../a", "..\\a", "a\0b", "a\nb", "\udcff", "é" * 2049]
)
def test_file_names_that_could_do_harm_are_refused(name: str | None) -> None:
    with pytest.raises(RequestError):
        require_file_name(name)


def test_limits_that_are_left_open_are_filled_in() -> None:
    defaults = ChunkingDefaults(max_size_bytes=2000, max_lines=7)
    assert chunking_of(None, defaults) == Chunking(type="tree_sitter", max_size_bytes=2000)
    tree = TreeSitterChunking(type="tree_sitter", max_size_bytes=None)
    assert chunking_of(tree, defaults) == Chunking(type="tree_sitter", max_size_bytes=2000)
    lines = LinesChunking(type="lines", max_lines=0, max_size_bytes=64)
    assert chunking_of(lines, defaults) == Chunking(type="lines", max_lines=7, max_size_bytes=64)
    lines = LinesChunking(type="lines")
    assert chunking_of(lines, defaults) == Chunking(type="lines", max_lines=7, max_size_bytes=4096)


def test_models_that_disagree_are_refused() -> None:
    models = Models("a", ["b"])
    config = SourceEmbeddingConfig(dense=DenseEmbeddingModel(model="a"))
    assert embedding_of(config, "a", models).model == "a"
    assert embedding_of(None, None, models).model == "a"
    with pytest.raises(RequestError, match="must agree"):
        embedding_of(config, "b", models)


def test_numbers_that_grow_on_the_way_count_as_they_are_kept() -> None:
    """`1e9` is `1000000000.0` on the topics, where the first stage measures it again."""
    with pytest.raises(RequestError, match=r"metadata has .* bytes, at most 16,384"):
        parse_metadata(json.dumps({"k": [1.5]}).replace("1.5", ",".join(["1e9"] * 4_000)))


def test_a_model_that_is_not_served_is_refused_or_replaced_as_the_deployment_says() -> None:
    qwen = "Qwen/Qwen3-Embedding-0.6B"
    task = Qwen3EmbeddingTask(task_name="nl_to_code", query_prompt="Find code")
    config = SourceEmbeddingConfig(dense=DenseEmbeddingModel(model=qwen, task=task))

    with pytest.raises(RequestError, match=r"available are a, b\. .*HEADRACE_MODELS.*SUBSTITUTE=true"):
        embedding_of(config, None, Models("a", ["b"]))
    assert embedding_of(config, None, Models("a", ["b"], substitutes=True)) == Embedding(model="a")
    served = embedding_of(config, None, Models("a", [qwen], substitutes=True))
    assert (served.model, served.task and served.task.query_prompt) == (qwen, "Find code")
