"""The models of a process, each loaded once, on first use."""

import asyncio
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

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

    async def get(self, name: str) -> M:
        """A model. Raises what `load` raises; the next call tries again."""
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
        for loading in self._loading.values():
            await (await loading).close()


LoadedModels = Loaded[Embedder]
