"""Embedding with PyTorch (extra `gpu`): models of the Qwen3-Embedding family, on a GPU or the CPU.

texts ─► windows ─► batches by tokens ─► Qwen3, right-padded, causal ─► last token ─► length 1

The package itself imports no torch, so that `files` can say that it is missing.
"""
