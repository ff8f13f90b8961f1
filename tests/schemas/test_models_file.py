"""The file of embedding models: what it says, and what is said of its faults."""

from pathlib import Path

import pytest

from schemas.errors import RequestError
from schemas.limits import QWEN_MODEL, TRIAL_MODEL
from schemas.models_file import HttpConfig, OnnxConfig, read_models, served_models

HTTP = '[models."m"]\nbackend = "http"\nurl = "http://127.0.0.1:1/v1/"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models.toml"


def test_a_model_has_a_backend_and_where_it_is(file: Path) -> None:
    file.write_text(f'{HTTP}dimensions = 256\n\n[models.own]\nbackend = "onnx"\nfolder = "here"\n')
    models = read_models(file).models

    assert list(models) == ["m", "own"]
    assert models["m"] == HttpConfig(backend="http", url="http://127.0.0.1:1/v1", dimensions=256)
    assert models["own"] == OnnxConfig(backend="onnx", folder=file.parent / "here")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("models = [", "is not TOML: Invalid value"),
        ('[models.m]\nurl = "http://x"', 'models."m".backend must be .*found none'),
        ('[models.m]\nbackend = "tensorrt"', "'onnx', 'torch' or 'http', found 'tensorrt'"),
        ('[models.m]\nbackend = "torch"\nstatic_shapes = true', "static_shapes = true is for packs"),
        ('[models.m]\nbackend = "torch"\nquantization = "int4"', "quantization is 'int4'"),
        ('[models.m]\nbackend = "http"', 'models."m".url: Field required'),
        ('[models.m]\nbackend = "http"\nurl = "localhost"', "url is 'localhost': it must begin with http"),
        (f"{HTTP}batch = 0", 'models."m".batch is 0: .*greater than or equal to 1'),
        (f'{HTTP}folder = "x"', 'models."m".folder is not known here$'),
        (
            f'{HTTP}api_key = "sk-secret"',
            'models."m".api_key is not known here: name the environment variable',
        ),
        (f'{HTTP}api_key_env = "NOBODY_SETS_IT"', "NOBODY_SETS_IT .* is not set"),
        (f'{HTTP}template = "{{prompt}}"', r"template is '\{prompt\}': it must have"),
        (f'default = "n"\n{HTTP}', "default is 'n'; the file has m"),
        ('[models.m]\nbackend = "torch"\ndevice = "tpu"', "device is 'tpu'"),
        ('[model.m]\nbackend = "onnx"', "model is not known here"),
    ],
)
def test_a_fault_is_told_with_its_place_and_value(file: Path, content: str, words: str) -> None:
    file.write_text(content)

    with pytest.raises(RequestError, match=words) as caught:
        read_models(file)
    assert str(caught.value).startswith(str(file))
    assert "sk-secret" not in f"{caught.value}{caught.value.__cause__}"


def test_a_password_in_a_url_is_refused_and_not_shown(file: Path) -> None:
    file.write_text('[models.m]\nbackend = "http"\nurl = "http://me:hunter2@host/v1"')

    with pytest.raises(RequestError, match="name an environment variable in api_key_env") as caught:
        read_models(file)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(RequestError, match="No such file"):
        read_models(file)


def test_who_is_the_default_and_why(file: Path) -> None:
    assert served_models().default == TRIAL_MODEL
    file.write_text(HTTP)
    served = served_models(file)
    assert (served.default, served.names, served.told("m")) == (
        "m",
        ("m", TRIAL_MODEL),
        "http://127.0.0.1:1/v1",
    )
    assert served_models(file, chosen=TRIAL_MODEL).names == (TRIAL_MODEL, "m")
    assert "chosen" in served_models(file, chosen=TRIAL_MODEL).why

    file.write_text(f'{HTTP}[models."{QWEN_MODEL}"]\nbackend = "torch"\n')
    assert served_models(file).default == QWEN_MODEL
    assert str(file) in served_models(file).why
    file.write_text(f'default = "m"\n{HTTP}[models."{QWEN_MODEL}"]\nbackend = "torch"\n')
    assert served_models(file).default == "m"


def test_a_folder_is_that_of_the_chosen_model() -> None:
    served = served_models(chosen="ours", folder=Path("/models/ours"), others=["BAAI/bge-small-en-v1.5"])

    assert served.names == ("ours", "BAAI/bge-small-en-v1.5", TRIAL_MODEL)
    assert served.models["ours"] == OnnxConfig(backend="onnx", folder=Path("/models/ours"))
