"""What befalls a run that lists, for every type of source that does: nothing is lost, doubled or left behind.

A type joins with a fixture that makes an `Origin`, and its name in `ORIGINS`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from streams.secrets import SecretsKey
from tests.conftest import Chroma, Kafka
from tests.s3_server import BUCKET, Answer, MemoryS3, serving
from tests.system.pipeline import Pipeline, running

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

#: Lets a connector kill itself, once, where a file in its data folder says: at a page of the listing, or
#: between the emission of a run's next documents and whatever comes after it.
_KILLED = """
import os, signal
from pathlib import Path
from services.connectors import runs

def die_at(place):
    try:
        (Path(os.environ["HEADRACE_DATA_DIR"]) / f"die-at-{place}").unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)

require_running, flush = runs.Attempt.require_running, runs.Attempt._flush

def dying_in_the_listing(attempt):
    require_running(attempt)
    die_at("listing")

async def dying_after_an_emit(attempt):
    sent = attempt._sent
    await flush(attempt)
    if attempt._sent > sent > 0:
        die_at("emit")

runs.Attempt.require_running = dying_in_the_listing
runs.Attempt._flush = dying_after_an_emit
"""


@dataclass
class Origin:
    """Somewhere documents lie: how they are put there and taken away, and how it is made a source.

    `disturb` makes it fail in the middle of its next listing; what it returns mends it.
    """

    name: str
    config: dict[str, Any]
    put: Callable[[str, str], object]
    remove: Callable[[str], object]
    disturb: Callable[[], Callable[[], object]]


@pytest.fixture(scope="module")
def store() -> Iterator[MemoryS3]:
    with serving(MemoryS3()) as found:
        yield found


@pytest.fixture(scope="module")
async def victim(
    kafka: Kafka, chroma: Chroma, store: MemoryS3, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pipeline]:
    """A system whose connectors may be told to die."""
    data = tmp_path_factory.mktemp("listing")
    settings = {"HEADRACE_S3_ENDPOINTS": store.url, "HEADRACE_SECRETS_KEY": SecretsKey.new().text}
    async with running(kafka.bootstrap_servers, chroma.url, data, before=_KILLED, settings=settings) as made:
        yield made


def folder(root: Path, store: MemoryS3) -> Origin:
    """Another folder stands where it stood while it was listed, as when a disk is unmounted."""

    def disturb() -> Callable[[], object]:
        moved = root.with_name(f"{root.name}-moved")
        root.rename(moved)
        return lambda: moved.rename(root)

    return Origin(
        "folder",
        {"folder": {"path": str(root)}},
        lambda key, text: (root / key).write_text(text),
        lambda key: (root / key).unlink(),
        disturb,
    )


def bucket(root: Path, store: MemoryS3) -> Origin:
    """Its second page is no XML."""
    prefix = f"{root.name}/"

    def disturb() -> Callable[[], object]:
        sound = store.fault
        cut = Answer(200, b"<ListBucketResult><Contents><Key>cut o", {"Content-Type": "application/xml"})
        store.fault = lambda asked: cut if "continuation-token" in asked.query else None
        return lambda: setattr(store, "fault", sound)

    return Origin(
        "s3",
        {
            "s3": {
                "endpoint_url": store.url,
                "bucket_name": BUCKET,
                "region": "us-east-1",
                "collection_name": "unused",
                "path_prefix": prefix,
                "aws_access_key_id": "AKIA0INLINE0MARKED00",
                "aws_secret_access_key": "inline/marked+secret0",
            }
        },
        lambda key, text: store.put(prefix + key, text.encode()),
        lambda key: store.delete(prefix + key),
        disturb,
    )


@pytest.fixture(params=[folder, bucket], ids=lambda make: make.__name__)
def origin(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, store: MemoryS3
) -> Origin:
    made: Origin = request.param(tmp_path_factory.mktemp("origin"), store)
    return made


async def texts(pipeline: Pipeline, collection: str) -> list[str]:
    """The documents of a collection, in order; one that is there twice comes twice."""
    return sorted(text for text, _ in (await pipeline.rows(collection)).values())


async def test_a_connector_that_is_killed_in_the_listing_and_after_an_emit_loses_and_doubles_nothing(
    victim: Pipeline, origin: Origin
) -> None:
    collection = f"killed-{origin.name}"
    for number in range(30):
        origin.put(f"{number:02}.txt", f"old {number:02}")
    source = await victim.source_of(origin.config)
    (victim.data / "die-at-listing").touch()
    (victim.data / "die-at-emit").touch()
    first = await victim.sync(source, collection)
    assert (first["total"], first["indexed"]) == (30, 30)
    assert await texts(victim, collection) == [f"old {number:02}" for number in range(30)]

    for number in range(0, 30, 3):
        origin.put(f"{number:02}.txt", f"new {number:02}")
        origin.remove(f"{number + 1:02}.txt")
    (victim.data / "die-at-listing").touch()
    (victim.data / "die-at-emit").touch()
    second = await victim.sync(source, collection)

    assert not list(victim.data.glob("die-at-*")), "the connectors were killed at both places"
    assert (second["total"], second["indexed"], second["deleted"]) == (30, 10, 10)
    assert (second["unchanged"], second["failed"]) == (10, 0)
    left = [f"old {number:02}" for number in range(2, 30, 3)]
    assert await texts(victim, collection) == sorted([*left, *(f"new {n:02}" for n in range(0, 30, 3))])


async def test_an_origin_that_fails_in_the_middle_of_its_listing_loses_nothing(
    victim: Pipeline, origin: Origin
) -> None:
    collection = f"disturbed-{origin.name}"
    for number in range(1_001):  # more than a page
        origin.put(f"{number:04}.txt", "" if number else "text")
    source = await victim.source_of(origin.config)
    await victim.sync(source, collection)
    before = await texts(victim, collection)
    origin.remove("0500.txt")

    invocation = await victim.begin(source, collection)
    mend = origin.disturb()
    ended = await victim.final(invocation)
    mend()

    assert ended["counts"]["deleted"] == 0 or "complete" in ended["status"]  # it may have been quicker
    assert await texts(victim, collection) == before
    counts = await victim.sync(source, collection)
    assert counts["unchanged"] == 1_000
    assert await texts(victim, collection) == before


async def test_twenty_sources_at_once_on_one_connector_all_end_with_their_own(
    victim: Pipeline, tmp_path_factory: pytest.TempPathFactory
) -> None:
    roots = [tmp_path_factory.mktemp("many") for _ in range(20)]
    for number, root in enumerate(roots):
        for name in ("a", "b"):
            (root / f"{name}.txt").write_text(f"{name} of {number}")
    sources = [await victim.source(root) for root in roots]

    begun = await asyncio.gather(*[victim.begin(source, f"many-{n}") for n, source in enumerate(sources)])
    beside = await victim.begin(sources[0], "many-beside")
    ended = await asyncio.gather(*[victim.ended(one) for one in [*begun, beside]])

    assert [(counts["total"], counts["indexed"]) for counts in ended] == [(2, 2)] * 21
    for number in range(20):
        assert await texts(victim, f"many-{number}") == [f"a of {number}", f"b of {number}"]
    assert await texts(victim, "many-beside") == ["a of 0", "b of 0"]
