"""An event of `inbox` as JSON: the short form, every default, and what is refused with which words."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas.errors import ContractError, IngestError
from schemas.events import Embedding, SparseEmbedding
from schemas.ids import document_id, text_sha256
from schemas.inbox import JSON_FOLDER, Rules, Said, json_schema, read_event
from schemas.limits import BM25, SPARSE_KEY, TRIAL_MODEL

SHORT = {"collection": "docs", "document_key": "guide/intro.md", "content": "# Intro\n", "metadata": {"a": 1}}
RULES = Rules(models=frozenset({TRIAL_MODEL}))


def read(rules: Rules = RULES, /, **fields: Any) -> Said:
    return read_event(json.dumps(SHORT | fields), rules)


def refused(value: str | bytes, rules: Rules = RULES) -> str:
    with pytest.raises(IngestError) as error:
        read_event(value, rules)
    return str(error.value)


def test_the_file_is_what_the_class_says() -> None:
    file = JSON_FOLDER / "InboxEvent.json"

    assert json.loads(file.read_text()) == json_schema(), "run `python -m schemas.render`"
    Draft202012Validator.check_schema(json_schema())
    assert Draft202012Validator(json_schema()).is_valid(SHORT)
    assert not Draft202012Validator(json_schema()).is_valid(SHORT | {"contnt": "x"})


def test_the_short_form_is_a_document_with_all_defaults() -> None:
    said = read_event(json.dumps(SHORT), Rules(sparse=BM25))

    document = said.document
    assert said.content == b"# Intro\n"
    assert (document.tenant, document.database) == ("default_tenant", "default_database")
    assert (document.collection, document.document_key) == ("docs", "guide/intro.md")
    assert document.version_key == text_sha256("# Intro\n")
    assert document.metadata == {"a": 1}
    assert document.embedding == Embedding(
        model=TRIAL_MODEL, sparse=SparseEmbedding(model=BM25, key=SPARSE_KEY)
    )
    assert document_id(document) == "f1808af4486fc3864e65ad1930c6a0c7"  # as docs/events.md computes it


def test_all_fields_can_be_said_and_null_is_not_said() -> None:
    said = read(
        content=None,
        content_base64=base64.b64encode(b"%PDF-1.7").decode(),
        content_type="application/pdf",
        filename="a.pdf",
        version=7,
        version_key="v7",
        database="other",
        namespace="shop",
        custom_id="mine",
        chunking={"type": "lines", "max_lines": 5},
        main_content=True,
        op="upsert",
    )
    unsaid = dict.fromkeys(("metadata", "version", "namespace", "main_content", "chunking", "op"))
    plain = read_event(json.dumps(SHORT | unsaid), RULES)

    assert (said.content, said.filename, said.content_type) == (b"%PDF-1.7", "a.pdf", "application/pdf")
    document = said.document
    assert (document.version, document.version_key, document.database) == (7, "v7", "other")
    assert (document.namespace, document.custom_id, document.main_content) == ("shop", "mine", True)
    assert (document.chunking.type, document.chunking.max_lines) == ("lines", 5)
    assert plain.document == read(metadata={}).document


def test_whether_it_is_searchable_by_words_is_the_events_own_choice() -> None:
    for rules in (Rules(), Rules(sparse=BM25)):
        for wanted in (True, False):
            assert (read(rules, sparse=wanted).document.embedding.sparse is not None) == wanted
    assert "'sparse_embedding' is that of the sparse vector" in refused(
        json.dumps(SHORT | {"metadata": {SPARSE_KEY: 1}, "sparse": True})
    )


@pytest.mark.parametrize("fields", [{"op": "delete"}, {"content": None}, {"op": "delete", "content": None}])
def test_a_delete_is_said_by_op_or_by_null(fields: dict[str, Any]) -> None:
    event = {"collection": "docs", "document_key": "a", **fields}

    said = read_event(json.dumps(event), RULES)

    assert said.content is None
    assert said.document.metadata == {}


def test_what_is_missing_deletes_nothing() -> None:
    assert "content is missing" in refused('{"collection": "docs", "document_key": "a"}')
    assert "content must not be null" in refused(json.dumps(SHORT | {"content": None, "op": "upsert"}))
    assert "content must be absent" in refused(json.dumps(SHORT | {"op": "delete"}))
    assert read(content="").content == b""


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON: .* line 1 column 2"),
        (b"\xff{}", "byte 0xff at position 0"),
        (b"[1]", "must be a JSON object, found an array"),
        (b'{"a": 1, "a": 2}', "name 'a' more than once"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "-Infinity"),
        (b'{"a": ' + b"1" * 5_000 + b"}", "more digits"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"collection": "docs", "document_key": "a", "content": "\\ud800"}', "content has half"),
        (b'{"\\udc00": 1}', "a name has half of a surrogate pair"),
    ],
)
def test_hostile_json_is_refused_with_its_place(value: bytes, says: str) -> None:
    with pytest.raises(ContractError, match=says):
        read_event(value, RULES)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"contnt": "x"}, "unknown field 'contnt'; did you mean 'content'?"),
        ({"document_key": 5}, "document_key 5: input should be a valid string"),
        ({"document_key": ""}, 'document_key "": string should have at least 1 character'),
        ({"document_key": "a\0b"}, "document_key has a NUL character"),
        ({"collection": "d"}, "collection name 'd': expected 3 to 512 characters"),
        ({"op": "remove"}, "op \"remove\": input should be 'upsert' or 'delete'"),
        ({"version": 1.5}, "version 1.5: input should be a valid integer"),
        ({"version": 2**63}, "version 9223372036854775808"),
        ({"metadata": [1]}, "metadata (an array): input should be a valid dictionary"),
        ({"metadata": {"a": {"b": 1}}}, "metadata 'a' must be a string, number, boolean or an array"),
        ({"metadata": {"page": 1}}, "metadata key 'page' is reserved"),
        ({"metadata": {"a": 2**63}}, "metadata 'a': 9223372036854775808 does not fit into 64 bits"),
        ({"metadata": {"a": "x" * 20_000}}, "metadata has 20,008 bytes"),
        ({"namespace": "barrier:1"}, "namespace 'barrier:1': 'barrier:' is reserved"),
        ({"custom_id": "x" * 121}, "custom_id has 121 bytes"),
        ({"embedding_model": "gpt"}, "embedding_model 'gpt' is not available; available are sentence-"),
        ({"chunking": {"type": "lines", "max_size_bytes": 1}}, "chunking.max_size_bytes 1: 64 to 262144"),
        ({"content_base64": "x"}, "content and content_base64 are both given"),
        ({"content": None, "content_base64": "x"}, "content_base64 is not base64"),
        ({"document_key": "k" * 20_000}, "document_key has 20,000 bytes"),
    ],
)
def test_what_is_wrong_is_named_with_its_value(fields: dict[str, Any], says: str) -> None:
    assert says in refused(json.dumps(SHORT | fields))


def test_contents_and_metadata_are_never_quoted() -> None:
    secret = "hunter2"

    for wrong in (
        {"content": [secret]},
        {"content_base64": secret + "!"},
        {"metadata": secret},
        {"metadata": {"password": [[secret]]}},
        {"unknown": secret},
        {"chunking": secret},
    ):
        assert secret not in refused(json.dumps(SHORT | wrong))


def test_events_name_only_the_databases_that_are_allowed() -> None:
    several = Rules(allowed=("acme", "umbrella/docs"))

    assert "HEADRACE_INBOX_ALLOWED" in refused(json.dumps(SHORT | {"tenant": "acme"}))
    assert read(several, tenant="acme", database="any").document.tenant == "acme"
    assert read(several, tenant="umbrella", database="docs").document.database == "docs"
    assert "'umbrella', database 'other'" in refused(
        json.dumps(SHORT | {"tenant": "umbrella", "database": "other"}), several
    )
    assert "'default_tenant'" in refused(json.dumps(SHORT), several)
    assert read(Rules(allowed=("*",)), tenant="acme").document.tenant == "acme"
    assert "control characters" in refused(json.dumps(SHORT | {"tenant": "a\0b"}), Rules(allowed=("*",)))
    assert "control characters" in refused(json.dumps(SHORT | {"database": "../a"}), Rules(allowed=("*",)))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("aé\0\n/\ud800😀", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(json_schema()["properties"])), _JSON), st.booleans())
def test_whatever_the_fields_are_there_is_a_document_or_a_reason(fields: dict[str, Any], full: bool) -> None:
    try:
        read_event(json.dumps((SHORT if full else {}) | fields), RULES)
    except IngestError:
        return  # which says why
