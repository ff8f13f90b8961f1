"""Embed query texts with the model of the searched collection."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pydantic import ValidationError

from schemas.events import Embedding, Task
from schemas.limits import TRIAL_MODEL
from streams.chroma import EMBEDDING_KEY

#: Names of Chroma's embedding functions, and the keys of their configuration that name the model.
_DEFAULT = TRIAL_MODEL
_MODEL_FIELDS = {"sentence_transformer": "model_name", "chroma-cloud-qwen": "model"}

Vector = Sequence[float]


class QueryEmbedder(Protocol):
    """Embeds queries with the models that are served."""

    def serves(self, model: str) -> bool:
        """Whether a model is served. Collections may name any model."""
        ...

    async def embed(
        self, embedding: Embedding, texts: Sequence[str], fingerprint: str | None = None
    ) -> Sequence[Vector]:
        """One unit vector per text. Raises RequestError if the model is not served or has another
        fingerprint, TransientError if there is no answer."""
        ...


def embedding_of(collection: Mapping[str, Any]) -> Embedding | None:
    """The embedding in the metadata or configuration of a collection; None if neither has one."""
    own = (collection.get("metadata") or {}).get(EMBEDDING_KEY)
    if isinstance(own, str):
        try:
            return Embedding.model_validate_json(own)
        except ValidationError:  # another program's key of the same name
            pass
    function = (collection.get("configuration_json") or {}).get("embedding_function") or {}
    name, config = function.get("name"), function.get("config") or {}
    if name == "default":
        return Embedding(model=_DEFAULT)
    model = config.get(_MODEL_FIELDS.get(str(name), ""))
    if not isinstance(model, str):
        return None
    task = config.get("task")
    prompts = (config.get("instructions") or {}).get(task) or {}
    if not isinstance(task, str) or not prompts.get("query"):
        return Embedding(model=model)
    return Embedding(model=model, task=Task(task_name=task, query_prompt=str(prompts["query"])))
