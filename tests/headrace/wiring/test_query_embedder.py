import asyncio

import pytest

from headrace.cli.settings import load_settings
from headrace.wiring.query_embedder import LocalQueryEmbedder
from schemas.errors import IngestError
from schemas.events import Embedding
from schemas.limits import TRIAL_MODEL
from services import embedding as models

TRIAL = Embedding(model=TRIAL_MODEL)


async def test_queries_are_embedded_by_a_model_that_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    load = models.load_embedder

    def counted(name: str, **options: object) -> models.Embedder:
        loaded.append(name)
        return load(name)

    monkeypatch.setattr("services.embedding.load_embedder", counted)
    embedder = LocalQueryEmbedder(load_settings())
    asked = (embedder.embed(one, ["a gate"]) for one in (TRIAL, Embedding(model="all-MiniLM-L6-v2"), TRIAL))
    found = await asyncio.gather(*asked)
    await embedder.close()

    assert loaded == [TRIAL_MODEL]
    assert found[0] == found[1] == found[2]
    assert sum(number**2 for number in found[0][0]) == pytest.approx(1.0, abs=1e-5)


async def test_a_model_that_cannot_be_loaded_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def broken(name: str, **options: object) -> models.Embedder:
        tried.append(name)
        raise IngestError("no weights")

    monkeypatch.setattr("services.embedding.load_embedder", broken)
    embedder = LocalQueryEmbedder(load_settings())
    for _ in range(2):
        with pytest.raises(IngestError, match="no weights"):
            await embedder.embed(TRIAL, ["a gate"])
    await embedder.close()

    assert len(tried) == 2


def test_only_models_of_the_settings_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_EMBEDDING_MODELS", "BAAI/bge-small-en-v1.5")
    embedder = LocalQueryEmbedder(load_settings())

    served = ["all-MiniLM-L6-v2", TRIAL_MODEL, "BAAI/bge-small-en-v1.5", "acme/huge"]
    assert [embedder.serves(name) for name in served] == [True, True, True, False]
