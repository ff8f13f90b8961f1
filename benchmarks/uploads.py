"""The time from an upload's request to its chunk being found in Chroma, hop by hop."""

import asyncio
import random
import time
from collections.abc import Sequence
from statistics import fmean, quantiles

import aiohttp
from rich.table import Table

from benchmarks.hops import Upload, hops, moments
from benchmarks.plain import DATABASE, TENANT, PlainLoop
from benchmarks.tables import table
from benchmarks.texts import sentences
from headrace.admin.topics import quiet
from headrace.local.system import LocalSystem
from schemas.ids import text_sha256

#: How often is asked whether an upload can be found: what a figure may be too high by. A get by id takes
#: Chroma about 2 ms.
_ASK_SECONDS = 0.01
_FOUND_SECONDS = 300
_WARM_UPLOADS = 3
COLLECTION, LOOP_COLLECTION = "uploads", "uploads-loop"


class UploadBench:
    """Uploads small texts one after the other to a warm system, each beside the plain functions."""

    def __init__(self, system: LocalSystem, http: aiohttp.ClientSession, loop: PlainLoop) -> None:
        self._system, self._http, self._loop = system, http, loop
        base = f"/api/v2/tenants/{TENANT}/databases/{DATABASE}/collections"
        self._collections = f"{system.running.chroma_url}{base}"
        self._ids: dict[str, str] = {}

    async def run(self, count: int, seed: int) -> list[Table]:
        """The tables of so many uploads."""
        chance = random.Random(seed)
        uploads: list[Upload] = []
        plain: list[float] = []
        for number in range(-_WARM_UPLOADS, count):
            name, content = f"note-{seed}-{number}.txt", sentences(chance, 3).encode()
            upload = await self._upload(name, content)
            seconds = await self._plain(name, content)
            if number >= 0:
                uploads.append(upload)
                plain.append(1000 * seconds)
            # Whatever came last settles, and the next one does not always meet the same phase of a timer.
            await asyncio.sleep(chance.uniform(0.2, 0.4))
        return [totals(uploads, plain), await self._hops(uploads)]

    async def beside(self, sync: "asyncio.Task[object]", seed: int) -> list[float]:
        """Milliseconds from asked to found of one upload after the other, for as long as a sync runs."""
        chance = random.Random(seed)
        found: list[float] = []
        while not sync.done():
            upload = await self._upload(f"beside-{seed}-{len(found)}.txt", sentences(chance, 3).encode())
            found.append(upload.found - upload.asked)
        return found

    async def _upload(self, name: str, content: bytes) -> Upload:
        form = aiohttp.FormData({"database_name": DATABASE, "collection_name": COLLECTION})
        form.add_field("file", content, filename=name)
        headers = {"x-chroma-token": self._system.key, "x-upload-content-length": str(len(content))}
        asked = time.time()
        url = f"{self._system.running.url}/api/v1/add-file"
        async with self._http.post(url, data=form, headers=headers) as answer:
            body = await answer.json()
            if answer.status != 201:
                raise SystemExit(f"the upload was refused: {body}")
        answered = time.time()
        await self._found(name, COLLECTION)
        return Upload(body["invocation_id"], 1000 * asked, 1000 * answered, 1000 * time.time())

    async def _plain(self, name: str, content: bytes) -> float:
        begun = time.perf_counter()
        await self._loop.index(content, name, LOOP_COLLECTION)
        await self._found(name, LOOP_COLLECTION)
        return time.perf_counter() - begun

    async def _found(self, name: str, collection: str) -> None:
        body = {"ids": [f"{text_sha256(name)}-0"], "include": []}
        async with asyncio.timeout(_FOUND_SECONDS):
            while True:
                identity = await self._identity(collection)
                if identity is not None:
                    async with self._http.post(f"{self._collections}/{identity}/get", json=body) as answer:
                        if (await answer.json())["ids"]:
                            return
                await asyncio.sleep(_ASK_SECONDS)

    async def _identity(self, collection: str) -> str | None:
        if collection not in self._ids:
            async with self._http.get(f"{self._collections}/{collection}") as answer:
                if answer.status != 200:
                    return None
                self._ids[collection] = (await answer.json())["id"]
        return self._ids[collection]

    async def _hops(self, uploads: Sequence[Upload]) -> Table:
        await asyncio.sleep(1)  # the last invocation is complete a little after its chunk is found
        wiring = self._system.wiring
        seen = await asyncio.to_thread(moments, quiet(wiring.cluster), wiring.codec)
        spans = [hops(upload, seen[upload.invocation_id]) for upload in uploads]
        made = table("the same, hop by hop (records' timestamps), ms", ("hop", "p50", "p95", "mean"))
        for what in spans[0]:
            values = [span[what] for span in spans]
            figures = _quantile(values, 50), _quantile(values, 95), fmean(values)
            made.add_row(what, *(f"{figure:.0f}" for figure in figures))
        return made


def totals(uploads: Sequence[Upload], plain: Sequence[float]) -> Table:
    """Upload to found beside the plain functions."""
    found = [upload.found - upload.asked for upload in uploads]
    title = f"from upload to found in Chroma, {len(uploads)} small texts one by one, ms"
    made = table(title, ("way", "p50", "p95", "x plain functions (p50)"))
    for name, values in (("pipeline", found), ("plain functions", plain)):
        ratio = _quantile(values, 50) / _quantile(plain, 50)
        made.add_row(name, *(f"{_quantile(values, n):.0f}" for n in (50, 95)), f"{ratio:.1f}")
    return made


def beside_a_sync(found: Sequence[float], documents: int) -> Table:
    """How much a big run holds up small ones."""
    row = (str(len(found)), f"{_quantile(found, 50):,.0f}", f"{max(found):,.0f}")
    title = f"from upload to found while {documents} documents are synced, ms"
    return table(title, ("uploads", "p50", "longest"), [row])


def _quantile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]
