"""The answer of a large search is encoded some rows at a time."""

import json
from typing import Any

import pytest

from api.chroma.search import ROWS_AT_ONCE, pieces


@pytest.mark.parametrize("rows", [0, 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 3 * ROWS_AT_ONCE])
async def test_the_pieces_of_an_answer_are_its_json_and_small(rows: int) -> None:
    answer: dict[str, list[list[Any] | None]] = {
        "ids": [[f"r{number}" for number in range(rows)], ["é"], []],
        "embeddings": [[[0.5, number] for number in range(rows)], None, []],
        "metadatas": [None, [None], [{"a": [1, "]["]}]],
    }

    found = [piece async for piece in pieces(answer)]

    assert json.loads(b"".join(found)) == answer
    assert max(piece.count(b"0.5") for piece in found) <= ROWS_AT_ONCE
