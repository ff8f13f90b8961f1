"""What is looked at before anything starts."""

from pathlib import Path

import pytest

from headrace.cli.app import run
from headrace.cli.settings import load_settings
from headrace.misuse import Misuse
from headrace.preflight import check_models, naming_model
from schemas.errors import RequestError


def test_the_usual_model_and_those_that_fastembed_knows_are_served(tmp_path: Path) -> None:
    check_models(load_settings(tmp_path, embedding_models=["BAAI/bge-small-en-v1.5"]))


def test_a_model_that_nobody_serves_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"^HEADRACE_EMBEDDING_MODEL is 'nope': .*served are sentence-tr"):
        check_models(load_settings(tmp_path, embedding_model="nope"))
    with pytest.raises(Misuse, match=r"^HEADRACE_EMBEDDING_MODELS is 'nope': .*not served"):
        check_models(load_settings(tmp_path, embedding_models=["nope"]))


def test_a_folder_without_a_model_is_named_with_its_setting(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, embedding_folder=tmp_path, embedding_model="ours")

    with pytest.raises(Misuse, match=r"^HEADRACE_EMBEDDING_FOLDER is .*must hold tokenizer.json"):
        check_models(settings)


def test_weights_that_do_not_load_are_told_with_their_setting(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, embedding_folder=tmp_path)

    with pytest.raises(Misuse, match=r"^HEADRACE_EMBEDDING_FOLDER is .*: broken"), naming_model(settings):
        raise RequestError("broken")


@pytest.mark.parametrize("called", [["up", "--port", "0"], ["service", "embedding"]])
def test_a_model_that_nobody_serves_ends_the_command_at_once(
    called: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADRACE_EMBEDDING_MODEL", "nope")
    monkeypatch.setenv("HEADRACE_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")

    assert run(called) == 2
    said = capsys.readouterr().err
    assert said.startswith("headrace: HEADRACE_EMBEDDING_MODEL is 'nope': ")
    assert said.count("\n") == 1
    assert not (tmp_path / ".headrace" / "logs").exists()
