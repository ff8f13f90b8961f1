"""Collections of many databases: only those are listed that the page needs."""

import json
from types import SimpleNamespace
from typing import Any, cast

from api.access import Caller
from api.chroma.upstream import Answer
from api.collections.queries import list_collections
from api.dependencies import Dependencies


class Chroma:
    """A thousand databases of two collections each; notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def ask(self, method: str, path: str, query: str) -> Answer:
        self.asked.append(path)
        names = [f"db{n:03}" for n in range(900)] if path.endswith("/databases") else ["b", "a"]
        listed = [{"id": "0" * 8 + "-0000-4000-8000-" + "0" * 12, "name": name} for name in names]
        return cast(Answer, SimpleNamespace(status=200, body=json.dumps(listed).encode()))


async def test_databases_behind_a_page_are_not_asked_about() -> None:
    chroma = Chroma()

    async def ready() -> None: ...

    async def count(target: object) -> int:
        return 0

    def place(tenant: str, name: str) -> Any:
        return SimpleNamespace(tenant=tenant, database=name, path=f"/{name}", databases="/databases")

    words = SimpleNamespace(embedding=SimpleNamespace(sparse=SimpleNamespace(key="words")))
    parts = SimpleNamespace(
        upstream=chroma,
        catalogue=SimpleNamespace(filling=lambda tenant, database, name: words if name == "a" else None),
        place=place,
        target=lambda place, found: SimpleNamespace(embedding=None),
        index=SimpleNamespace(ready=ready, totals=lambda wanted: []),
        legs=SimpleNamespace(records=SimpleNamespace(count=count)),
    )
    caller = cast(Caller, SimpleNamespace(tenant="t", databases=None))
    found = await list_collections(cast(Dependencies, parts), caller, limit=2, offset=3)
    shown = [(one.database_name, one.name, one.sparse_key) for one in found]
    assert shown == [("db001", "b", None), ("db002", "a", "words")]  # of the source that fills it
    assert chroma.asked == ["/databases", *(f"/db{n:03}/collections" for n in range(3))]
