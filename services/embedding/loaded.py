"""The models of a process, each loaded once, on first use."""

import asyncio
from collections.abc import Callable

from services.embedding.embedder import Embedder

Load = Callable[[str], Embedder]


class LoadedModels:
    """Embedders by name, for the pipeline and for the endpoint: one model, one set of batches.

    Args:
        load: loads a model; called in a thread. Raises DocumentError if the model is not available,
            TransientError if it may be later.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._embedders: dict[str, asyncio.Task[Embedder]] = {}

    async def get(self, model: str) -> Embedder:
        """The embedder of a model. Raises what `load` raises; the next call tries again."""
        if model not in self._embedders:
            self._embedders[model] = asyncio.create_task(asyncio.to_thread(self._load, model))
        loading = self._embedders[model]
        try:
            return await asyncio.shield(loading)
        except Exception:
            if self._embedders.get(model) is loading:  # several batches may wait for one model
                del self._embedders[model]  # the next record tries again
            raise

    async def close(self) -> None:
        """Unload the models."""
        for task in self._embedders.values():
            await (await task).close()
