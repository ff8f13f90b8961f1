"""A run over a bucket in which nothing has changed: seconds, memory, and what it writes.

    python -m benchmarks buckets [--objects 100000]

A server in a process of its own answers ListObjectsV2 from memory; the store on disk has as many states. Real
requests, signed and parsed by boto3, no broker and no Chroma. First the listing alone, then the whole run.
"""

import asyncio
import resource
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.apart import served_apart
from benchmarks.compare import CODEC, NOW, RUN, written
from benchmarks.compare import measure as measure_run
from benchmarks.tables import command_line, show, table
from schemas.events import RunRequested, make_source
from schemas.sources.s3 import S3Config
from services.connectors import Access, S3Access, source_documents
from services.connectors.lister import Item
from services.connectors.s3 import S3Origin
from services.connectors.s3.objects import version_of
from streams.kafka.cluster import Cluster
from tests.s3_server import BUCKET, MemoryS3, serving
from tests.services.connectors.listing import Known


class Pair:
    """A credential that the server does not look at."""

    async def secret(self, tenant: str, credential_id: int, kind: str) -> Mapping[str, str]:
        return {"access_key_id": "id", "secret_access_key": "secret"}


def key_of(number: int) -> str:
    return f"guide/{number // 1000:04}/chapter {number:07}.md"


def etag_of(number: int) -> str:
    return f"{number:032x}"


def serve(objects: int, told: Connection) -> None:
    """A bucket in this process, until the other end closes."""
    store = MemoryS3()
    for number in range(objects):
        store.put(key_of(number), b"", etag=etag_of(number), size=number)
    with serving(store):
        told.send(store.url)
        told.poll(None)


def run_of(url: str) -> RunRequested:
    config = S3Config(
        bucket_name=BUCKET,
        region="us-east-1",
        collection_name=RUN.collection,
        path_prefix="guide/",
        endpoint_url=url,
        credential_id=1,
    )
    kept = RUN.source.model_dump(include={"id", "tenant", "database", "embedding", "chunking"})
    return RUN.model_copy(update={"source": make_source(config, **kept, type="s3", created_at=NOW)})


def filled(path: Path, objects: int) -> None:
    """Make a store of what an earlier run has indexed."""
    store = source_documents(Cluster("127.0.0.1:1"), CODEC, path)
    for start in range(0, objects, 1000):
        numbers = range(start, min(start + 1000, objects))
        store.apply([written(Item(key_of(n), version_of(etag_of(n), n), n)) for n in numbers])
    store.close()


async def listed(origin: S3Origin, run: RunRequested) -> int:
    """Objects of the listing alone."""
    lister, found = origin.open(run, Known()), 0
    async for page in lister.pages():
        found += len(page)
    return found


def measure(url: str, objects: int, whole: bool) -> tuple[str, ...]:
    """A row of the table; for a process of its own."""
    run = run_of(url)
    origin = S3Origin(Access(credentials=Pair(), s3=S3Access([url])))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "states.sqlite"
        if whole:
            with ProcessPoolExecutor(1, get_context("spawn")) as other:
                other.submit(filled, path, objects).result()
        began, used = time.perf_counter(), time.process_time()
        if whole:
            _, found = asyncio.run(measure_run(path, objects, "s3", origin, run))
        else:
            found = asyncio.run(listed(origin, run))
        seconds, cpu = time.perf_counter() - began, time.process_time() - used
    assert whole or found == objects
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    name = "listed and compared" if whole else "listed"
    events = f"{found} of progress, no document" if whole else ""
    return name, f"{seconds:.2f}", f"{cpu:.2f}", f"{objects / seconds:,.0f}", f"{peak}", events


def main() -> None:
    parser = command_line("buckets", __doc__)
    parser.add_argument("--objects", type=int, default=100_000)
    objects = parser.parse_args().objects
    rows = []
    with served_apart(serve, objects) as url:
        for whole in (False, True):
            with ProcessPoolExecutor(1, get_context("spawn")) as process:
                rows.append(process.submit(measure, url, objects, whole).result())
    columns = ("run", "seconds", "CPU s", "objects/s", "peak MB", "records written")
    show(table(f"{objects:,} unchanged objects", columns, rows))


if __name__ == "__main__":
    main()
