"""Trains the main content classifier: `python -m benchmarks.main_content.train CORPORA [--leave-site-out]`.

Needs lightgbm, scikit-learn, trafilatura and readability-lxml. CORPORA holds `articles` (pages with their
text) and `segments` (pages with phrases that are, and are not, content). Each page is also trained on with
other content, names or tags (`varied`). Without an option the weights are written beside the code. With
`--leave-site-out` the scored blocks of each page, by weights that were trained on other sites, are written as
JSON instead.
"""

from __future__ import annotations

import hashlib
import json
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import lightgbm  # type: ignore[import-not-found]
import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier  # type: ignore[import-not-found]

from benchmarks.main_content.labels import Page, articles, made_pages, segments
from benchmarks.main_content.varied import varied
from services.parsing.formats.html.classifier import (
    DEPTH,
    WEIGHTS,
    Scores,
    Stored,
    by_decisions,
    by_networks,
    combined,
    context,
)

_MADE = 700
_FOLDS = 5
_INNER_FOLDS = 2
_TREES = 120
_LEAVES = 15
_HIDDEN = (48, 24)  # of the first and of the second stage
_MEMBERS = 4
_EPOCHS = 14
_DECAY = 1.0


def train(pages: Sequence[Page]) -> Stored:
    """Both stages. The second learns from scores that the first gave to sites that it had not seen."""
    rows = [page.rows for page in pages]
    scores: list[Scores] = [np.zeros(0)] * len(pages)
    for fold in range(_INNER_FOLDS):
        chosen = [_fold(page, "inner", _INNER_FOLDS) == fold for page in pages]
        seen = [(p, r) for p, r, out in zip(pages, rows, chosen, strict=True) if not out]
        first = _networks(1, seen, members=2) | _trees(seen)
        for i, out in enumerate(chosen):
            if out:
                scores[i] = (by_networks(rows[i], 1, first) + by_decisions(rows[i], first)) / 2
    wider = [
        np.hstack([r, context(s, p.blocks, p.parts)]) for p, r, s in zip(pages, rows, scores, strict=True)
    ]
    described = list(zip(pages, rows, strict=True))
    return _networks(1, described) | _trees(described) | _networks(2, list(zip(pages, wider, strict=True)))


def leave_site_out(pages: Sequence[Page], use: Callable[[Page, Scores], None]) -> None:
    """Score each page by weights that were trained on other sites."""
    for fold in range(_FOLDS):
        stored = train([page for page in pages if _fold(page, "outer", _FOLDS) != fold])
        for page in pages:
            if page.corpus not in ("made", "varied") and _fold(page, "outer", _FOLDS) == fold:
                use(page, combined(page.rows, page.blocks, page.parts, stored))


Examples = list[tuple[Page, NDArray[np.float32]]]


def _known(examples: Examples) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float64]]:
    """Rows, answers and weights of the blocks of which something is known."""
    known = [page.weight > 0 for page, _ in examples]
    return (
        np.vstack([rows[k] for (_, rows), k in zip(examples, known, strict=True)]),
        np.concatenate([page.content[k] for (page, _), k in zip(examples, known, strict=True)]),
        np.concatenate([page.weight[k] for (page, _), k in zip(examples, known, strict=True)]),
    )


def _networks(stage: int, examples: Examples, members: int = _MEMBERS) -> Stored:
    x, y, weight = _known(examples)
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-3
    scaled = np.clip((x - mean) / scale, -4, 4)
    networks = []
    for seed in range(members):
        network = MLPClassifier((_HIDDEN[stage - 1],), alpha=_DECAY, learning_rate_init=2e-3, batch_size=512,
                                max_iter=_EPOCHS, random_state=seed)  # fmt: skip
        networks.append(network.fit(scaled, y, sample_weight=weight))
    stored = {
        "mean": mean,
        "scale": scale,
        "inner": np.hstack([n.coefs_[0] for n in networks]),
        "inner_bias": np.concatenate([n.intercepts_[0] for n in networks]),
        "outer": np.concatenate([n.coefs_[1][:, 0] for n in networks]),
        "outer_bias": np.concatenate([n.intercepts_[1] for n in networks]),
    }
    # Half precision is enough, and what is scored is what is stored.
    return {f"{name}{stage}": values.astype(np.float16).astype(np.float32) for name, values in stored.items()}


def _trees(examples: Examples) -> Stored:
    x, y, weight = _known(examples)
    options = {
        "objective": "binary", "num_leaves": _LEAVES, "max_depth": DEPTH, "learning_rate": 0.07,
        "min_data_in_leaf": 40, "feature_fraction": 0.3, "bagging_fraction": 0.8, "bagging_freq": 1,
        "lambda_l2": 5, "verbose": -1,
        "num_threads": 1, "seed": 1, "deterministic": True,
    }  # fmt: skip
    model = lightgbm.train(options, lightgbm.Dataset(x, y, weight=weight), _TREES).dump_model()
    size = 2 * _LEAVES - 1
    stored = {
        name: np.zeros((_TREES, size), np.float32)
        for name in ("column", "threshold", "left", "right", "value")
    }
    for number, tree in enumerate(model["tree_info"]):
        _store(
            tree["tree_structure"], {name: values[number] for name, values in stored.items()}, number * size
        )
    return stored


def _store(root: dict[str, Any], into: Stored, start: int) -> None:
    """Write a tree as rows: each node the places of its children, a leaf its own."""
    waiting = [root]
    for at, node in enumerate(waiting):  # grows while it is walked
        if "split_feature" in node:
            into["column"][at], into["threshold"][at] = node["split_feature"], node["threshold"]
            into["left"][at], into["right"][at] = start + len(waiting), start + len(waiting) + 1
            waiting += [node["left_child"], node["right_child"]]
        else:
            into["left"][at] = into["right"][at] = start + at
            into["value"][at] = node["leaf_value"]


def _fold(page: Page, salt: str, many: int) -> int:
    return int(hashlib.sha256(f"{salt} {page.site}".encode()).hexdigest(), 16) % many


def main() -> None:
    warnings.filterwarnings("ignore")
    data = Path(sys.argv[1])
    real = [page for page in (*articles(data), *segments(data)) if page.blocks]
    pages = [*real, *made_pages(_MADE), *(page for page in map(varied, real) if page)]
    if "--leave-site-out" in sys.argv:
        texts: dict[str, dict[str, list[tuple[str, float]]]] = {"articles": {}, "segments": {}}

        def keep(page: Page, scores: Scores) -> None:
            scored = zip([block.text for block in page.blocks], scores.tolist(), strict=True)
            texts[page.corpus][page.name] = list(scored)

        leave_site_out(pages, keep)
        json.dump(texts, sys.stdout)
        return
    stored = {
        name: values.astype(np.float16 if name[-1] in "12" else np.float32)
        for name, values in train(pages).items()
    }
    np.savez_compressed(WEIGHTS, allow_pickle=False, **stored)
    print(f"{WEIGHTS}: {WEIGHTS.stat().st_size:,} bytes from {len(pages)} pages")


if __name__ == "__main__":
    main()
