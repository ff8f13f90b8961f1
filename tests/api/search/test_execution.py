"""The rows of a search, and of all that come with one request."""

import asyncio
from collections.abc import Iterable
from typing import Any, cast

import pytest

from api.chroma.upstream import Upstream
from api.errors import BadRequest
from api.search.execution import MAX_ROWS, Room, run_search
from api.search.expression import Filter, Knn, Search
from api.search.legs import Legs
from api.search.records import Record, Records, Target
from api.search.scoring import Hits


class Many(Records):
    """As many records as are asked for. `held` counts them."""

    held = 0

    async def get(
        self, target: Target, filter_: Filter, include: Any, limit: int | None = None, offset: int = 0
    ) -> list[Record]:
        await asyncio.sleep(0)
        ids = filter_.ids if filter_.ids is not None else tuple(str(number) for number in range(limit or 0))
        self.held += len(ids)
        return [Record(id_) for id_ in ids]


class Hit(Legs):
    """Each leg has as many hits as it may."""

    async def hits(self, target: Target, filter_: Filter, knns: Iterable[Knn]) -> dict[Knn, Hits]:
        return {knn: [(str(number), float(number)) for number in range(knn.limit)] for knn in knns}


@pytest.mark.parametrize("rank", [None, Knn((1.0,), limit=MAX_ROWS)], ids=["as they are", "ranked"])
async def test_the_searches_of_a_request_share_the_room_for_rows(rank: Knn | None) -> None:
    records = Many(cast(Upstream, None))

    async def rows(*limits: int | None) -> list[int]:
        room, legs, target = Room(), Hit(records), cast(Target, None)
        searches = [Search(rank=rank, limit=limit) for limit in limits]
        found = await asyncio.gather(*(run_search(legs, target, one, room) for one in searches))
        return [len(one) for one in found]

    assert await rows(None) == [MAX_ROWS]
    assert await rows(MAX_ROWS // 2, MAX_ROWS // 2) == [MAX_ROWS // 2] * 2
    records.held = 0
    with pytest.raises(BadRequest, match="more than 10,000 rows together: give each a limit"):
        await rows(*[None] * 32)
    assert records.held <= MAX_ROWS + 32
