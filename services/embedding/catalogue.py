"""Open a configured model: its backend, then the configured additions.

config ─► OnnxEmbedder | HubEmbedder | TorchEmbedder | HttpEmbedder ─► Adapted (dimensions, prompts) ─► proof
"""

from pathlib import Path

from schemas.errors import RequestError
from schemas.limits import QWEN_MODEL
from schemas.models_file import HttpConfig, ModelConfig, OnnxConfig, ServedModels, TorchConfig
from services.embedding.adapted import Adapted
from services.embedding.embedder import Embedder, Prompts
from services.embedding.models import UnknownModel, check_model, folder_model, load_embedder, open_onnx
from services.embedding.onnx import BATCH_TOKENS
from services.embedding.profiles import profile_of

#: Number of texts after which vectors from a server are stored: a server may demand a pause of minutes in the
#: middle of a call, and paid vectors must not be lost. Twice the default number in flight.
STORED_EVERY = 256


def check_config(name: str, config: ModelConfig) -> None:
    """Check a model as far as possible without loading it or asking a server.

    Raises UnknownModel or RequestError.
    """
    if config.dimensions is not None:
        _check_dimensions(name, config, config.dimensions)
    if isinstance(config, OnnxConfig):
        if config.folder is None and (config.max_tokens or config.template):
            raise RequestError(f"{name!r}: max_tokens and template are for a model in a folder")
        check_model(name, config.folder)
    elif isinstance(config, HttpConfig):
        if config.tokenizer is not None and not config.tokenizer.is_file():
            raise RequestError(f"the tokenizer {config.tokenizer} for {name!r} is not there")
    else:
        from services.embedding.gpu.files import check_torch

        check_torch(name, config.folder)


def open_model(name: str, config: ModelConfig, cache_dir: Path | None = None) -> Embedder:
    """Load a model as configured. Blocks: call it in a thread.

    Raises:
        UnknownModel, RequestError: it cannot be served as configured.
        TransientError: a server or a hub does not answer.
    """
    check_config(name, config)
    prompts = Prompts("", config.document_prompt, config.query_prompt)
    return Adapted.around(_open(name, config, cache_dir), prompts, config.dimensions)


def stored_every(config: ModelConfig) -> int | None:
    """See `CachedEmbedder`: for a server, whose vectors cost money and time."""
    return STORED_EVERY if isinstance(config, HttpConfig) else None


def config_of(served: ServedModels, name: str) -> ModelConfig:
    """The configuration of a model by name; a name of fastembed needs none. Raises UnknownModel."""
    if (config := served.models.get(name)) is not None:
        return config
    config = OnnxConfig(backend="onnx")
    try:
        check_config(name, config)
    except UnknownModel as error:
        raise UnknownModel(refusal(name, served)) from error
    return config


def refusal(name: str, served: ServedModels) -> str:
    """Why a model is not served, which models are, and how to get it."""
    return (
        f"the embedding model {name!r} is not served here; served are {', '.join(served.names)}. {more(name)}"
    )


def more(name: str) -> str:
    """How to get a model."""
    example = (
        'backend = "torch" on a machine with a GPU, or backend = "http" and the url of a server'
        if name == QWEN_MODEL
        else 'its backend ("onnx", "torch" or "http") and its folder or url'
    )
    return (
        f'To serve it, write a file with [models."{name}"] and {example}, and name the file in '
        "HEADRACE_MODELS; or set HEADRACE_EMBEDDING_SUBSTITUTE=true to use the default in its place"
    )


def _open(name: str, config: ModelConfig, cache_dir: Path | None) -> Embedder:
    if isinstance(config, HttpConfig):
        from services.embedding.remote import HttpEmbedder

        return HttpEmbedder(name, config)
    if isinstance(config, TorchConfig):
        from services.embedding.gpu.embedder import open_torch

        return open_torch(name, config, cache_dir)
    if config.folder is not None:
        model = folder_model(name, config.folder, config.max_tokens, config.template)
        return open_onnx(model, config.threads, config.batch_tokens or BATCH_TOKENS)
    return load_embedder(name, threads=config.threads, cache_dir=cache_dir)


def _check_dimensions(name: str, config: ModelConfig, dimensions: int) -> None:
    shortest, longest = profile_of(name).shortest, profile_of(name).dimension
    if shortest is None and not config.matryoshka:
        raise RequestError(
            f"{name!r} has dimensions = {dimensions}, but a part of a vector means nothing unless the model "
            f"was trained for it, as {QWEN_MODEL} was; if this one was, set matryoshka = true"
        )
    if shortest is not None and not shortest <= dimensions <= (longest or dimensions):
        raise RequestError(f"{name!r} has dimensions = {dimensions}, expected {shortest} to {longest}")
