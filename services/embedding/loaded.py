"""The models of a process, each loaded once, on first use."""

import asyncio
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from schemas.errors import TransientError
from services.embedding.embedder import Embedder


class Model(Protocol):
    """What can be unloaded."""

    async def close(self) -> None: ...


M = TypeVar("M", bound=Model)


class Loaded(Generic[M]):
    """Models by name, for the pipeline and for the endpoint: one model, one set of batches.

    Args:
        load: loads a model; called in a thread. Raises DocumentError if the model is not available,
            TransientError if it may be later. Its exception goes to every waiting caller.
    """

    def __init__(self, load: Callable[[str], M]) -> None:
        self._load = load
        self._loading: dict[str, asyncio.Task[M]] = {}
        self._closed = False

    async def get(self, name: str) -> M:
        """A model. Raises what `load` raises; the next call tries again. TransientError after `close`: the
        endpoint is asked for a moment longer than the pipeline."""
        if self._closed:
            raise TransientError("the models are unloaded: this process ends")
        if name not in self._loading:
            self._loading[name] = asyncio.create_task(asyncio.to_thread(self._load, name))
        loading = self._loading[name]
        try:
            return await asyncio.shield(loading)
        except Exception:
            if self._loading.get(name) is loading:  # several batches may wait for one model
                del self._loading[name]
            raise

    async def close(self) -> None:
        """Unload the models."""
        self._closed = True
        for model in await asyncio.gather(*self._loading.values(), return_exceptions=True):
            if not isinstance(model, BaseException):
                await model.close()


LoadedModels = Loaded[Embedder]
