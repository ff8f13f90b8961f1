"""Many records are read some at a time: decoding all at once would hold every other request up."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from multidict import CIMultiDict

from api.chroma.place import Place
from api.chroma.upstream import Answer, Upstream
from api.search.expression import Filter
from api.search.records import Record, Records, Target

DIMENSION = 1_000
MOST = 200  # vectors of this dimension at once
IDS = [f"r{number}" for number in range(1_000)]
PLACE = cast(Place, SimpleNamespace(path="/databases/d"))
TARGET = Target(PLACE, {"id": "c", "name": "docs", "dimension": DIMENSION}, None)
WHERE = {"team": "search"}


class Chroma:
    """`get` of a collection in memory. Notes how many rows it has sent with anything but their ids."""

    def __init__(self) -> None:
        self.ids = list(IDS)
        self.sent: list[int] = []
        self.where: list[Any] = []

    async def ask(self, method: str, path: str, body: bytes) -> Answer:
        asked = json.loads(body)
        self.where.append(asked.get("where"))
        found = [id_ for id_ in self.ids if asked.get("ids") is None or id_ in asked["ids"]]
        found = found[asked["offset"] :][: asked["limit"]]
        answer: dict[str, Any] = {"ids": found}
        if asked["include"]:
            self.sent.append(len(found))
            answer["embeddings"] = [[float(id_[1:])] for id_ in found]
        return Answer(200, CIMultiDict(), json.dumps(answer).encode())


def read(records: list[Record]) -> list[str]:
    assert all(record.embedding == [float(record.id[1:])] for record in records)
    return [record.id for record in records]


@pytest.mark.parametrize("wanted", [Filter(), Filter(where=WHERE), Filter(ids=tuple(IDS))])
@pytest.mark.parametrize(("limit", "offset"), [(None, 0), (1_000, 0), (MOST + 1, 0), (MOST, 3), (950, 100)])
async def test_vectors_come_some_at_a_time_and_in_order(
    wanted: Filter, limit: int | None, offset: int
) -> None:
    chroma = Chroma()

    found = await Records(cast(Upstream, chroma)).get(TARGET, wanted, {"embeddings"}, limit, offset)

    assert read(found) == IDS[offset:][:limit]
    assert max(chroma.sent) <= MOST
    assert all(one == wanted.where for one in chroma.where)


async def test_few_rows_take_one_request() -> None:
    chroma = Chroma()
    records = Records(cast(Upstream, chroma))

    await records.get(TARGET, Filter(ids=tuple(IDS[:MOST])), {"embeddings"})
    await records.get(TARGET, Filter(), {"embeddings"}, 10)
    await records.get(TARGET, Filter(), {"documents"}, 2_000)

    assert len(chroma.where) == 3


async def test_a_record_that_is_deleted_meanwhile_is_left_out() -> None:
    chroma = Chroma()
    chroma.ids.remove("r5")

    found = await Records(cast(Upstream, chroma)).get(TARGET, Filter(ids=tuple(IDS)), {"embeddings"})

    assert read(found) == [id_ for id_ in IDS if id_ != "r5"]
