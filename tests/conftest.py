"""A broker and a vector store for the whole test session: real ones, started by us or in containers.

`pytest --engine=embedded` (the default) starts them from Python packages, `--engine=docker` from their
images, for the same tests. Without an engine that answers, `--engine=docker` fails; it never falls back.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from streams.embedded import EmbeddedBroker, EmbeddedChroma


@dataclass(frozen=True, slots=True)
class Kafka:
    """The session's broker. Tests share it: name topics and groups after the test."""

    bootstrap_servers: str


@dataclass(frozen=True, slots=True)
class Chroma:
    """The session's vector store. Tests share it: name databases or collections after the test."""

    url: str


@pytest.fixture(scope="session")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kafka]:
    async with EmbeddedBroker(Path(tmp_path_factory.mktemp("kafka"))) as broker:
        yield Kafka(broker.bootstrap_servers)


@pytest.fixture(scope="session")
async def chroma(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chroma]:
    async with EmbeddedChroma(Path(tmp_path_factory.mktemp("chroma"))) as server:
        yield Chroma(server.url)
