"""The models of a deployment, as its file says (`HEADRACE_MODELS`): TOML, a table for each name.

default = "Qwen/Qwen3-Embedding-0.6B"          # optional

[models."Qwen/Qwen3-Embedding-0.6B"]
backend = "http"                                # or "onnx", "torch"
url = "http://127.0.0.1:11434/v1"
remote_model = "qwen3-embedding:0.6b"
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from schemas.errors import RequestError
from schemas.limits import QWEN_MODEL, TRIAL_MODEL

Positive = Annotated[int, Field(ge=1)]


class _Model(BaseModel):
    """What every backend takes.

    Args:
        max_tokens: tokens read at once; longer texts are read in windows.
        dimensions: leading dimensions that are kept of a vector, for models that were trained for it.
        matryoshka: this model was trained for it, though we do not know it.
        query_prompt, document_prompt: where a source names no task.
        template: how a prompt and a text are put together, `{prompt}{text}`.
        batch_tokens: tokens of a batch, padding included.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_tokens: Annotated[int, Field(ge=8)] | None = None
    dimensions: Positive | None = None
    matryoshka: bool = False
    query_prompt: str = ""
    document_prompt: str = ""
    template: str | None = None
    batch_tokens: Positive | None = None

    @field_validator("template")
    @classmethod
    def _has_both(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                filled = value.format(prompt="\0", text="\1")
            except (KeyError, IndexError, ValueError):
                filled = ""
            if filled.count("\0") != 1 or filled.count("\1") != 1:
                raise ValueError("it must have {prompt} and {text}, once each")
        return value


class OnnxConfig(_Model):
    """onnxruntime on the CPU: a folder, else the trial model or one that fastembed knows, by its name."""

    backend: Literal["onnx"]
    folder: Path | None = None
    threads: Positive | None = None


class TorchConfig(_Model):
    """PyTorch, on a GPU where there is one: a folder, else one that is downloaded by its name.

    `device` is `auto`, `cuda`, `cuda:1`, … or `cpu`; `dtype` `auto` is bfloat16 on a GPU, float32 on the CPU.
    `packed` texts follow each other in a batch, without padding. With `static_shapes` packs are filled up to
    few sizes, so that a compiled model meets only those. `quantization` is of the large matrices.
    """

    backend: Literal["torch"]
    folder: Path | None = None
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")] = "auto"
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    compile: bool = True
    packed: bool = False
    static_shapes: bool = False
    quantization: Literal["fp8"] | None = None

    @model_validator(mode="after")
    def _is_packed(self) -> Self:
        if self.static_shapes and not self.packed:
            raise ValueError("static_shapes = true is for packs: set packed = true, too")
        return self


class HttpConfig(_Model):
    """A server: OpenAI's `POST {url}/embeddings`, or `POST {url}/embed` of text-embeddings-inference.

    Args:
        remote_model: the name that the server knows; by default ours.
        api_key_env: the environment variable that holds the key.
        batch: texts of a request at most.
        concurrency: requests at once.
        timeout_seconds: of one request.
        tokenizer: a `tokenizer.json`, to cut long texts exactly; without it a window has as many bytes as the
            model reads tokens, which no tokenizer exceeds.
    """

    backend: Literal["http"]
    url: str
    api: Literal["openai", "tei"] = "openai"
    remote_model: str | None = None
    api_key_env: str | None = None
    batch: Positive = 32
    concurrency: Annotated[int, Field(ge=1, le=64)] = 4
    timeout_seconds: Annotated[float, Field(gt=0)] = 60
    tokenizer: Path | None = None

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.username or parts.password:
            raise ValueError("it holds a user or a password: name an environment variable in api_key_env")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it must begin with http:// or https:// and name a host")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _has_its_key(self) -> Self:
        if self.api_key_env and not os.environ.get(self.api_key_env, "").strip():
            raise ValueError(f"the environment variable {self.api_key_env} (api_key_env) is not set")
        return self

    @property
    def key(self) -> str | None:
        """The key of the server."""
        return os.environ[self.api_key_env].strip() if self.api_key_env else None


ModelConfig = Annotated[OnnxConfig | TorchConfig | HttpConfig, Field(discriminator="backend")]


class ModelsFile(BaseModel):
    """The file. `default` is one of `models`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: str | None = None
    models: Mapping[Annotated[str, Field(min_length=1)], ModelConfig] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _default_is_there(self) -> Self:
        if self.default is not None and self.default not in self.models:
            raise ValueError(
                f"default is {self.default!r}; the file has {', '.join(self.models) or 'no models'}"
            )
        return self


def read_models(path: Path) -> ModelsFile:
    """The models of a file; folders and tokenizers are relative to it.

    Raises RequestError with file, place and value.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RequestError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:  # of TOML, or of UTF-8
        raise RequestError(f"{path} is not TOML: {error}") from error
    try:
        found = ModelsFile.model_validate(content)
    except ValidationError as error:
        raise RequestError(
            f"{path}: {_describe(error)}"
        ) from None  # the cause quotes values that may be keys
    return found.model_copy(
        update={"models": {name: _placed(model, path.parent) for name, model in found.models.items()}}
    )


def _placed(model: ModelConfig, beside: Path) -> ModelConfig:
    places = {name: beside / value for name, value in model if isinstance(value, Path)}
    return model.model_copy(update=places)


def _describe(error: ValidationError) -> str:
    """The first three faults: where, what is there, what is expected."""
    return "; ".join(_fault(dict(fault)) for fault in error.errors(include_url=False)[:3])


def _fault(fault: Mapping[str, Any]) -> str:
    place = _place(fault["loc"])
    if fault["type"] == "extra_forbidden":
        secret = "key" in str(fault["loc"][-1]) or "token" in str(fault["loc"][-1])
        hint = ": name the environment variable that holds the key in api_key_env" if secret else ""
        return f"{place} is not known here{hint}"
    words = fault["msg"].removeprefix("Value error, ")
    if fault["type"].startswith("union_tag"):
        return f"{place}.backend must be 'onnx', 'torch' or 'http', found {_seen(fault)}"
    # A URL may hold a password.
    hidden = isinstance(fault["input"], Mapping) or "@" in str(fault["input"])
    shown = "" if hidden else f" is {fault['input']!r}"
    return f"{place}{shown}: {words}" if place else words


def _seen(fault: Mapping[str, Any]) -> str:
    found = fault["input"].get("backend") if isinstance(fault["input"], Mapping) else fault["input"]
    return "none" if found is None else repr(found)


def _place(location: tuple[Any, ...]) -> str:
    """`models."a/b".url`: without the backend that pydantic puts behind the name."""
    parts = [str(part) for part in location]
    if len(parts) > 2 and parts[0] == "models":
        parts = [parts[0], parts[1], *parts[3:]]
    if len(parts) > 1 and parts[0] == "models":
        parts[1] = f'"{parts[1]}"'
    return ".".join(parts)


@dataclass(frozen=True)
class ServedModels:
    """The dense models of a deployment: by name, the default, and why it is the default."""

    models: Mapping[str, ModelConfig]
    default: str
    why: str

    @property
    def names(self) -> tuple[str, ...]:
        """All names, the default first."""
        return tuple(dict.fromkeys((self.default, *self.models)))

    def told(self, name: str) -> str:
        """What serves a model, for a person: `torch on cuda`, `http://127.0.0.1:11434/v1`."""
        config = self.models[name]
        if isinstance(config, HttpConfig):
            return config.url
        if isinstance(config, TorchConfig):
            return "torch" if config.device == "auto" else f"torch on {config.device}"
        return "onnxruntime on the CPU"


def served_models(
    path: Path | None = None,
    chosen: str | None = None,
    others: Sequence[str] = (),
    folder: Path | None = None,
) -> ServedModels:
    """What a deployment serves.

    Args:
        path: the file of models.
        chosen: the default that the settings or the command name.
        others: further models that onnxruntime serves, by names that fastembed knows.
        folder: of `chosen`, or of the default, where it is in no file.

    Raises RequestError for a file that cannot be read.
    """
    file = ModelsFile() if path is None else read_models(path)
    models: dict[str, ModelConfig] = dict(file.models)
    default, why = _default(file, path, chosen)
    if folder is not None or default not in models:
        models[default] = OnnxConfig(backend="onnx", folder=folder)
    for name in (*others, TRIAL_MODEL):
        models.setdefault(name, OnnxConfig(backend="onnx"))
    return ServedModels(models, default, why)


def _default(file: ModelsFile, path: Path | None, chosen: str | None) -> tuple[str, str]:
    if chosen:
        return chosen, "chosen by --model or HEADRACE_EMBEDDING_MODEL"
    if file.default:
        return file.default, f"the default of {path}"
    if QWEN_MODEL in file.models:
        return QWEN_MODEL, f"served by {path}"
    if file.models:
        return next(iter(file.models)), f"the first of {path}"
    return TRIAL_MODEL, "the trial model: HEADRACE_MODELS names no other"
