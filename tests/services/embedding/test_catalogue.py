"""Models as a deployment configures them."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, processors
from tokenizers.models import WordLevel

from schemas.errors import RequestError
from schemas.limits import QWEN_MODEL, TRIAL_MODEL
from schemas.models_file import OnnxConfig, served_models
from services.embedding import Embedder, Prompts, UnknownModel
from services.embedding.catalogue import check_config, config_of, open_model
from services.embedding.models import folder_model
from services.embedding.profiles import require_end_token

TEXTS = ["a commit log", "a broker"]


def onnx(**options: Any) -> OnnxConfig:
    return OnnxConfig(backend="onnx", **options)


async def test_dimensions_are_cut_and_scaled_to_length_1_again(trial: Embedder, model_folder: Path) -> None:
    cut = open_model("own", onnx(folder=model_folder, dimensions=64, matryoshka=True, max_tokens=256))
    vectors, whole = await cut.embed_documents(TEXTS), await trial.embed_documents(TEXTS)
    await cut.close()

    assert (cut.dimension, vectors.shape) == (64, (2, 64))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(vectors[0], whole[0, :64] / np.linalg.norm(whole[0, :64]), atol=1e-5)


async def test_default_prompts_are_used_where_a_source_names_no_task(
    trial: Embedder, model_folder: Path
) -> None:
    config = onnx(folder=model_folder, query_prompt="query: ", document_prompt="passage: ", max_tokens=256)
    prompted = open_model("own", config)
    queries, documents = await prompted.embed_queries(TEXTS), await prompted.embed_documents(TEXTS)
    task = await prompted.embed_queries(TEXTS, Prompts("none"))
    await prompted.close()

    expected = await trial.embed_documents([f"query: {text}" for text in TEXTS])
    np.testing.assert_allclose(queries, expected, atol=1e-5)
    expected = await trial.embed_documents([f"passage: {text}" for text in TEXTS])
    np.testing.assert_allclose(documents, expected, atol=1e-5)
    np.testing.assert_allclose(task, await trial.embed_documents(TEXTS), atol=1e-5)


async def test_whatever_changes_vectors_changes_the_fingerprint(model_folder: Path) -> None:
    configs = [
        onnx(folder=model_folder),
        onnx(folder=model_folder, max_tokens=64),
        onnx(folder=model_folder, dimensions=64, matryoshka=True),
        onnx(folder=model_folder, query_prompt="query: "),
        onnx(folder=model_folder, template="{text} {prompt}"),
    ]
    made = [open_model("own", config) for config in configs]
    weights = model_folder / "model.onnx"
    other = model_folder.parent / "other"
    shutil.copytree(model_folder, other)
    tokenizer = other / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text() + " ")
    fingerprints = [one.fingerprint for one in made] + [folder_model("own", other).fingerprint]
    for one in made:
        await one.close()

    assert weights.is_file()
    assert len(set(fingerprints)) == len(fingerprints)


@pytest.mark.parametrize(
    ("name", "config", "words"),
    [
        (TRIAL_MODEL, onnx(dimensions=64), "set matryoshka = true"),
        (QWEN_MODEL, onnx(dimensions=16), "expected 32 to 1024"),
        (TRIAL_MODEL, onnx(max_tokens=64), "for a model in a folder"),
        ("own", onnx(folder=Path("/nowhere")), r"must hold tokenizer\.json"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(name: str, config: OnnxConfig, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        check_config(name, config)


def test_more_dimensions_than_a_model_has_are_refused(model_folder: Path) -> None:
    with pytest.raises(RequestError, match="but its vectors have 384"):
        open_model("own", onnx(folder=model_folder, dimensions=500, matryoshka=True))


def test_a_name_that_is_not_served_is_refused_with_how_to_get_it() -> None:
    with pytest.raises(UnknownModel, match=r"served are sentence-transformers.*HEADRACE_MODELS.*SUBSTITUTE"):
        config_of(served_models(), "nobody/knows")


def test_the_end_token_of_the_model_is_there_once() -> None:
    vocabulary = {"a": 0, "text": 1, "<|endoftext|>": 2, "?": 3}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="?"))
    with pytest.raises(RequestError, match="early revision"):
        require_end_token(QWEN_MODEL, tokenizer)
    for template, right in (("$A <|endoftext|>", True), ("$A <|endoftext|> <|endoftext|>", False)):
        tokenizer.post_processor = processors.TemplateProcessing(
            single=template, special_tokens=[("<|endoftext|>", 2)]
        )
        if right:
            require_end_token(QWEN_MODEL, tokenizer)
        else:
            with pytest.raises(RequestError, match="once"):
                require_end_token(QWEN_MODEL, tokenizer)
