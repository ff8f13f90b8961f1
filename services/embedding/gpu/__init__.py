"""Embedding with PyTorch (extra `gpu`): models of the Qwen3-Embedding family, on a GPU or the CPU.

texts ─► windows ─► batches by tokens ─► Qwen3, right-padded, causal ─► last token ─► length 1
"""

from services.embedding.gpu.embedder import TorchEmbedder, open_torch

__all__ = ["TorchEmbedder", "open_torch"]
