"""`docs/architecture.md` is true: topics, tests, the example, the values of the walk."""

import re
from pathlib import Path

from schemas.events import Document, Embedding
from schemas.ids import chunk_id_base, document_id, source_id, text_sha256
from streams.partitions import partition_of
from streams.topics import CATALOGUE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()


def test_the_table_of_topics_is_the_catalogue() -> None:
    rows = re.findall(
        r"^\| `([a-z0-9_.-]+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE
    )
    shown = {
        name: (set(re.findall(r"`(\w+)`", records)), "transactions" in by, kept)
        for name, records, by, kept in rows
    }

    assert shown == {
        topic.name: (
            {record.__name__ for record in topic.records},
            topic.transactional,
            "compacted" if topic.compact else f"{topic.retention_ms // 86_400_000} days",
        )
        for topic in CATALOGUE
    }


def test_every_test_and_module_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)

    assert len(named) > 15
    assert [
        f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text()
    ] == []
    modules = re.findall(r"`((?:schemas|streams|services|examples)/[\w/]+\.py)`", PAGE)
    assert [path for path in modules if not (ROOT / path).exists()] == []


def test_the_stage_that_is_shown_is_the_example() -> None:
    [shown] = re.findall(r"```python\n(.*?)\n```", PAGE, re.DOTALL)

    assert shown in (ROOT / "examples" / "custom_stage.py").read_text()


def test_the_ids_of_the_walk_are_right() -> None:
    text = "# Install\n\nOne command is enough.\n\n## Linux\n\nRun `make demo`.\n"
    source = source_id("default_tenant", "default_database", '{"type":"folder"}')
    document = Document(
        tenant="default_tenant",
        database="default_database",
        collection="docs",
        document_key="guide/install.md",
        namespace=source,
        embedding=Embedding(model="any"),
    )
    key = document_id(document)

    for value in (key, f"{chunk_id_base(document)}-0", source, text_sha256(text), f"{len(text)} bytes"):
        assert value in PAGE
    assert f"documents[{partition_of(key, 12)}]@" in PAGE
