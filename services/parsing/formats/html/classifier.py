"""Tells content from furniture by small models that `benchmarks/main_content/train.py` trained.

Decision trees and neural networks score each block from its description. A second stage of networks also sees
these scores of what is around a block: a paragraph among content is content. The result is the mean of trees
and second stage.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.parsing.formats.html.blocks import Block, Part
from services.parsing.formats.html.features import Matrix, describe, shifted, upwards

#: No tree is deeper.
DEPTH = 6
WEIGHTS = Path(__file__).with_name("main_content.npz")
_LEVELS = 4
_WINDOWS = (5, 15)
_NEIGHBOURS = (-3, -2, -1, 1, 2, 3)

Scores = NDArray[np.float64]
Stored = dict[str, NDArray[np.float32]]


def scores_of(blocks: list[Block], parts: list[Part], title: str) -> Scores:
    """How likely each block is content, from 0 to 1."""
    return combined(describe(blocks, parts, title), blocks, parts, weights())


def combined(rows: Matrix, blocks: list[Block], parts: list[Part], stored: Stored) -> Scores:
    """The scores of both stages for described blocks."""
    by_trees = by_decisions(rows, stored)
    around = context((by_networks(rows, 1, stored) + by_trees) / 2, blocks, parts)
    return (by_networks(np.hstack([rows, around]), 2, stored) + by_trees) / 2


@cache
def weights() -> Stored:
    with np.load(WEIGHTS, allow_pickle=False) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


def by_decisions(rows: Matrix, stored: Stored) -> Scores:
    """The sum of many decision trees. All walk down in step; a leaf leads to itself."""
    threshold, value = stored["threshold"].ravel(), stored["value"].ravel()
    column, left, right = (stored[name].astype(np.intp).ravel() for name in ("column", "left", "right"))
    below = np.column_stack([right, left]).ravel()
    trees, size = stored["column"].shape
    at = np.tile(np.arange(trees) * size, (len(rows), 1))
    cells, starts = rows.ravel(), np.arange(len(rows))[:, None] * rows.shape[1]
    for _ in range(DEPTH):  # `take` is three times as fast as an index
        goes_left = cells.take(starts + column.take(at)) <= threshold.take(at)
        at = below.take(2 * at + goes_left)
    return _logistic(value.take(at).sum(axis=1, dtype=np.float64))


def by_networks(rows: Matrix, stage: int, stored: Stored) -> Scores:
    """The mean of several networks with one hidden layer each, side by side in the same matrices."""
    mean, scale, inner, inner_bias, outer, outer_bias = (
        stored[f"{name}{stage}"] for name in ("mean", "scale", "inner", "inner_bias", "outer", "outer_bias")
    )
    hidden = np.maximum(np.clip((rows - mean) / scale, -4, 4) @ inner + inner_bias, 0)
    members = len(outer_bias)
    logits = (hidden * outer).reshape(len(rows), members, -1).sum(axis=2, dtype=np.float64) + outer_bias
    return np.asarray(_logistic(logits).mean(axis=1))


def _logistic(values: Scores) -> Scores:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))))


def context(scores: Scores, blocks: list[Block], parts: list[Part]) -> Matrix:
    """The scores of the neighbours and of the parts around each block, without its own share in them."""
    many = len(scores)
    weight = np.sqrt([len(block.text) for block in blocks])
    weighted = scores * weight
    near: list[Scores] = [
        shifted(scores[:, None].astype(np.float32), by)[:, 0].astype(float) for by in _NEIGHBOURS
    ]
    total, weights_total = _running_sums(weighted), _running_sums(weight)
    for reach in _WINDOWS:
        start = np.maximum(np.arange(many) - reach, 0)
        end = np.minimum(np.arange(many) + reach + 1, many)
        near.append(
            (total[end] - total[start] - weighted)
            / (weights_total[end] - weights_total[start] - weight + 1e-6)
        )
    score_sums, weight_sums = _part_sums(weighted, blocks, parts), _part_sums(weight, blocks, parts)
    for at in upwards(blocks, parts, _LEVELS):
        near += [
            (score_sums[at] - weighted + 1e-6) / (weight_sums[at] - weight + 1e-6),
            score_sums[at] / (total[-1] + 1e-6),
        ]
    kept = _running_sums(scores > 0.5)
    near += [
        _max_before(scores),
        _max_before(scores[::-1])[::-1],
        kept[:-1] / many,
        (kept[-1] - kept[1:]) / many,
    ]
    return np.column_stack([scores, *near]).astype(np.float32)


def _running_sums(values: NDArray[np.generic]) -> Scores:
    return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])


def _part_sums(values: Scores, blocks: list[Block], parts: list[Part]) -> Scores:
    """The sum of the values of all blocks in each part."""
    sums = np.zeros(len(parts))
    np.add.at(sums, [block.part.index for block in blocks], values)
    for part in reversed(parts):
        if part.above is not None:
            sums[part.above.index] += sums[part.index]
    return sums


def _max_before(scores: Scores) -> Scores:
    return np.concatenate([[-1.0], np.maximum.accumulate(scores)[:-1]])
