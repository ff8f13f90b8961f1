"""Tokens per second of the torch backend beside what `SentenceTransformer.encode` does, from text to vectors.

    python -m benchmarks embedding_gpu [--texts 6000] [--rounds 3] [--ways padded packed …] [--tiny]

A model of random weights (the shape of Qwen3-Embedding-0.6B, or `--tiny`) and a tokenizer trained on this
repository's text; so nothing is downloaded, and cosines compare ways, not meanings. The ways run in turns:

- plain: transformers' Qwen3Model, 32 texts a batch, sorted, padded on the left, with mask;
- the others: `TorchEmbedder.embed_documents`, as `WAYS` configures it. Those with fp8 are measured whatever
  their cosine; a deployment refuses them below 0.999.

A way that cannot be loaded or computed is told with its reason, and the others go on. What is known is shown
after each round, so that a run that is cut off has told something.

Without a GPU it runs on the CPU, which says something about the code and nothing about a GPU. Needs the
packages torch, safetensors and transformers.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.table import Table

from benchmarks.embedding import some_chunks
from benchmarks.random_qwen3 import QWEN_0_6B, TINY, write_model
from benchmarks.tables import command_line, show, table
from schemas.models_file import TorchConfig
from services.embedding import Vectors

PLAIN_BATCH = 32
#: Options of the torch backend by the name of the way. Only a GPU compiles; packed needs PyTorch 2.11 there.
WAYS: dict[str, dict[str, Any]] = {
    "padded": {"compile": False},
    "compiled": {},
    "packed": {"compile": False, "packed": True},
    "packed+compiled": {"packed": True},
    "packed+compiled+static": {"packed": True, "static_shapes": True},
    "fp8": {"quantization": "fp8"},
    "fp8+packed+compiled+static": {"packed": True, "static_shapes": True, "quantization": "fp8"},
}


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
        self._forward, self.padded, self._spans = embedder.forward, 0, list[Any]()
        embedder.forward = self._pass

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


class Ours:
    """The torch backend in one of its ways, and what it was seen to do."""

    def __init__(self, folder: Path, way: str) -> None:
        from services.embedding.gpu.embedder import open_torch

        self.way, self.seconds, self.idle = way, list[float](), list[float]()
        config = TorchConfig(backend="torch", folder=folder, **WAYS[way])
        began = time.perf_counter()
        with _any_cosine():
            self.embedder = open_torch("random", config)
        self.loaded = time.perf_counter() - began
        self._watch = Watch(self.embedder)

    async def run(self, texts: Sequence[str]) -> None:
        self._watch.padded, _ = 0, self._watch.busy_seconds()
        before = _forget_peak()
        began = time.perf_counter()
        self.vectors = await self.embedder.embed_documents(texts)
        self.seconds.append(time.perf_counter() - began)
        self.idle.append(1 - self._watch.busy_seconds() / self.seconds[-1])
        self.padded, self.peak = self._watch.padded, _peak(before)


@contextmanager
def _any_cosine() -> Iterator[None]:
    """Random weights say nothing about the cosine of trained ones, so fp8 is measured whatever it is."""
    from services.embedding.gpu import fp8

    bar, fp8.LEAST_COSINE = fp8.LEAST_COSINE, -1.0
    try:
        yield
    finally:
        fp8.LEAST_COSINE = bar


def _forget_peak() -> int:
    """Bytes that are allocated on the GPU: the models of all ways."""
    import torch

    if not torch.cuda.is_available():
        return 0
    torch.cuda.reset_peak_memory_stats()
    return int(torch.cuda.memory_allocated())


def _peak(before: int) -> str:
    import torch

    if not torch.cuda.is_available():
        return "–"
    return f"{(torch.cuda.max_memory_allocated() - before) / 2**30:.1f}"


async def compare(asked: argparse.Namespace, folder: Path) -> None:
    texts = (some_chunks() * (1 + asked.texts // 500))[: asked.texts]
    shape = TINY if asked.tiny else QWEN_0_6B
    model = write_model(folder / "model", shape, texts)
    plain, ways = Plain(model, shape), [way for name in asked.ways if (way := _opened(model, name))]
    if not ways:
        return
    tokens = await ways[0].embedder.count_tokens(texts)
    plain.embed(texts[:64])
    seconds: list[float] = []
    for _ in range(asked.rounds):
        began = time.perf_counter()
        expected = plain.embed(texts)
        seconds.append(time.perf_counter() - began)
        ways = [way for way in ways if await _has_run(way, texts)]
        show(_table(ways, seconds, expected, tokens, len(texts)))
    for way in ways:
        await way.embedder.close()


def _opened(model: Path, name: str) -> Ours | None:
    try:
        way = Ours(model, name)
    except Exception as error:  # the others are measured
        show(f"{name}: NOT MEASURED: {error}")
        return None
    show(f"{name}: loaded in {way.loaded:.0f} s")
    return way


async def _has_run(way: Ours, texts: Sequence[str]) -> bool:
    try:
        if not way.seconds:  # what was not met in the warm-up
            await way.embedder.embed_documents(texts[:64])
        await way.run(texts)
    except Exception as error:
        show(f"{way.way}: NOT MEASURED: {error}")
        return False
    return True


def _table(ways: Sequence[Ours], plain: Sequence[float], expected: Vectors, tokens: int, texts: int) -> Table:
    import torch

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU, where nothing is compiled"
    made = table(
        f"{device}, {texts} texts, {tokens:,} tokens",
        ("way", "tokens/s", "x plain", "padding", "device idle", "batch GiB", "least cosine", "load s"),
    )
    made.add_row("plain", f"{tokens / median(plain):,.0f}", "1.00")
    for way in ways:
        ratio = median(base / one for base, one in zip(plain, way.seconds, strict=True))
        made.add_row(
            way.way,
            f"{tokens / median(way.seconds):,.0f}",
            f"{ratio:.2f}",
            f"{1 - tokens / way.padded:.1%}",
            f"{median(way.idle):.1%}",
            way.peak,
            f"{np.sum(way.vectors * expected, axis=1).min():.5f}",
            f"{way.loaded:.0f}",
        )
    return made


def main() -> None:
    parser = command_line("embedding_gpu", __doc__)
    parser.add_argument("--texts", type=int, default=6000, help="how many chunks")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way runs")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="beside plain")
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
