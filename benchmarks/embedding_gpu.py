"""Tokens per second of the torch backend beside what `SentenceTransformer.encode` does, from text to vectors.

    python -m benchmarks embedding_gpu [--texts 6000] [--rounds 3] [--tiny]

A model of random weights (the shape of Qwen3-Embedding-0.6B, or `--tiny`) and a tokenizer trained on this
repository's text; so nothing is downloaded, and cosines compare ways, not meanings. Both ways run in turns:

- plain: transformers' Qwen3Model, 32 texts a batch, sorted, padded on the left, with mask;
- ours: `TorchEmbedder.embed_documents`.

Without a GPU it runs on the CPU, which says something about the code and nothing about a GPU. Needs the
packages torch, safetensors and transformers.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.embedding import some_chunks
from benchmarks.random_qwen3 import QWEN_0_6B, TINY, write_model
from benchmarks.tables import command_line, show, table
from schemas.models_file import TorchConfig
from services.embedding import Vectors

PLAIN_BATCH = 32


class Plain:
    """Sorted batches of 32 texts, padded on the left, with mask; bfloat16 on a GPU as ours."""

    def __init__(self, folder: Path, shape: dict[str, Any]) -> None:
        import torch
        from tokenizers import Tokenizer
        from transformers import Qwen3Config, Qwen3Model

        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        dtype = torch.bfloat16 if self._device.type == "cuda" else torch.float32
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_padding(direction="left")
        model = Qwen3Model.from_pretrained(folder, config=Qwen3Config(**shape), dtype=dtype)
        self._model = model.eval().to(self._device)

    def embed(self, texts: Sequence[str]) -> Vectors:
        import torch

        order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        rows: dict[int, Any] = {}
        with torch.inference_mode():
            for at in range(0, len(order), PLAIN_BATCH):
                batch = order[at : at + PLAIN_BATCH]
                encoded = self._tokenizer.encode_batch([texts[index] for index in batch])
                ids = torch.tensor([one.ids for one in encoded], device=self._device)
                mask = torch.tensor([one.attention_mask for one in encoded], device=self._device)
                hidden = self._model(ids, attention_mask=mask, use_cache=False).last_hidden_state[:, -1]
                rows |= zip(batch, hidden.float().cpu().numpy(), strict=True)
        vectors = np.stack([rows[index] for index in range(len(texts))])
        found: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return found


class Watch:
    """Stands around the model's forward pass: tokens with padding, and the time that the device computes."""

    def __init__(self, embedder: Any) -> None:
        self._forward, self.padded, self._spans = embedder._forward, 0, list[Any]()  # noqa: SLF001
        embedder._forward = self._pass  # noqa: SLF001

    def _pass(self, ids: Any, *others: Any) -> Any:
        self.padded += ids.numel()
        began, ended = self._mark(ids), None
        hidden = self._forward(ids, *others)
        ended = self._mark(ids)
        self._spans.append((began, ended))
        return hidden

    def busy_seconds(self) -> float:
        """Seconds since the last call; on a GPU by its own events, once all of them have passed."""
        spans, self._spans = self._spans, []
        if spans and not isinstance(spans[0][0], float):
            import torch

            torch.cuda.synchronize()
            return float(sum(began.elapsed_time(ended) for began, ended in spans)) / 1000
        return float(sum(ended - began for began, ended in spans))

    def _mark(self, ids: Any) -> Any:
        if ids.device.type != "cuda":
            return time.perf_counter()
        import torch

        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event


async def compare(asked: argparse.Namespace, folder: Path) -> None:
    import torch

    from services.embedding.gpu.embedder import open_torch

    texts = (some_chunks() * (1 + asked.texts // 500))[: asked.texts]
    shape = TINY if asked.tiny else QWEN_0_6B
    write_model(folder / "model", shape, texts)
    embedder = open_torch(
        "random", TorchConfig(backend="torch", folder=folder / "model", packed=asked.packed)
    )
    plain, watch = Plain(folder / "model", shape), Watch(embedder)
    tokens = await embedder.count_tokens(texts)
    plain.embed(texts[:64]), await embedder.embed_documents(texts[:64])
    watch.padded, _ = 0, watch.busy_seconds()
    seconds: dict[str, list[float]] = {"plain": [], "ours": []}
    idle: list[float] = []
    for _ in range(asked.rounds):
        began = time.perf_counter()
        expected = plain.embed(texts)
        seconds["plain"].append(time.perf_counter() - began)
        began = time.perf_counter()
        vectors = await embedder.embed_documents(texts)
        seconds["ours"].append(time.perf_counter() - began)
        idle.append(1 - watch.busy_seconds() / seconds["ours"][-1])
    await embedder.close()
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    made = table(f"{device}, {len(texts)} texts, {tokens:,} tokens", ("way", "tokens/s", "x plain"))
    for way, own in seconds.items():
        ratio = median(base / one for base, one in zip(seconds["plain"], own, strict=True))
        made.add_row(way, f"{tokens / median(own):,.0f}", f"{ratio:.2f}")
    peak = torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else 0
    show(
        made,
        f"padding {1 - asked.rounds * tokens / watch.padded:.1%}, device idle {median(idle):.1%}, "
        f"peak memory {peak:.1f} GiB, smallest cosine {np.sum(vectors * expected, axis=1).min():.5f}",
    )


def main() -> None:
    parser = command_line("embedding_gpu", __doc__)
    parser.add_argument("--texts", type=int, default=6000, help="how many chunks")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way runs")
    parser.add_argument("--packed", action="store_true", help="texts without any padding (PyTorch 2.11)")
    parser.add_argument("--tiny", action="store_true", help="some thousand weights, to try it on a CPU")
    asked = parser.parse_args()
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        show(f"NOT MEASURED: {error.name} is not installed (pip install 'headrace[gpu]' transformers)")
        return
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(compare(asked, Path(folder)))


if __name__ == "__main__":
    main()
