"""What befalls a run that lists, for every type of source that does: nothing is lost, doubled or left behind.

A type joins with a fixture that makes an `Origin`, and its name in `ORIGINS`.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from streams.secrets import SecretsKey
from tests.conftest import Chroma, Kafka
from tests.s3_server import BUCKET, Answer, MemoryS3, serving
from tests.services.connectors.github import git_server
from tests.services.connectors.github.git_server import App, GitServer, key_pair
from tests.services.connectors.web.site import Site, page, served
from tests.system.pipeline import Pipeline, running

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.timeout(400)]

#: Lets a connector kill itself, once, where a file in its data folder says: at a page of the listing, or
#: between the emission of a run's next documents and whatever comes after it.
_KILLED = """
import os, signal
from pathlib import Path
from services.connectors.runs import Attempt
from streams.engine.context import RecordContext

def die_at(place):
    try:
        (Path(os.environ["HEADRACE_DATA_DIR"]) / f"die-at-{place}").unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)

require_running, emit = Attempt.require_running, RecordContext.emit
begun = set()

def dying_in_the_listing(attempt):
    require_running(attempt)
    die_at("listing")

async def dying_after_an_emit(context, outputs):
    await emit(context, outputs)
    documents = [getattr(getattr(output, "event", None), "document", None) for output in outputs]
    attempts = {document.run.attempt for document in documents if document and document.run}
    if attempts & begun:
        die_at("emit")
    begun.update(attempts)

Attempt.require_running = dying_in_the_listing
RecordContext.emit = dying_after_an_emit
"""


@dataclass
class Origin:
    """Somewhere documents lie: how they are put there and taken away, and how it is made a source.

    `disturb` makes it fail in the middle of its next listing; what it returns mends it. `many` documents are
    enough for a listing to have a middle; `beside` are skipped whatever is put there. `fetches` says
    how often a document was fetched since it was last asked, at most; 0 where the server does not count.
    One that is disturbed `early`, before the run is asked for, fails in the middle of it for sure.
    """

    name: str
    config: dict[str, Any]
    put: Callable[[str, str], object]
    remove: Callable[[str], object]
    disturb: Callable[[], Callable[[], object]]
    many: int = 40
    beside: int = 0
    early: bool = False
    fetches: Callable[[], int] = lambda: 0


@dataclass
class Servers:
    """What answers for the types of sources that are read over the network."""

    store: MemoryS3
    git: GitServer
    site: Site


@pytest.fixture(scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    with serving(MemoryS3()) as store:
        async with git_server.serving(tmp_path_factory.mktemp("git")) as git, served() as site:
            yield Servers(store, git, site)


@pytest.fixture(scope="module")
async def victim(
    kafka: Kafka, chroma: Chroma, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pipeline]:
    """A system whose connectors may be told to die."""
    data = tmp_path_factory.mktemp("listing")
    settings = {
        "HEADRACE_S3_ENDPOINTS": servers.store.url,
        "HEADRACE_GITHUB_URL": servers.git.url,
        "HEADRACE_SECRETS_KEY": SecretsKey.new().text,
    }
    async with running(kafka.bootstrap_servers, chroma.url, data, before=_KILLED, settings=settings) as made:
        yield made


def folder(root: Path, servers: Servers) -> Origin:
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
        many=1_001,
    )


def bucket(root: Path, servers: Servers) -> Origin:
    """Its second page is no XML."""
    store, prefix = servers.store, f"{root.name}/"

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
        many=1_001,  # more than a page
    )


def repository(root: Path, servers: Servers) -> Origin:
    """It is taken from us once its branches are listed: the server does not know it any more."""
    git, made = servers.git, servers.git.repository(f"owner/{root.name}")

    def disturb() -> Callable[[], object]:
        asked = 0

        async def lost(request: web.Request) -> web.Response | None:
            nonlocal asked
            asked += 1
            return web.Response(status=404) if asked > 2 else None

        git.fault = lost
        return lambda: setattr(git, "fault", None)

    return Origin(
        "github",
        {"github": {"repository": made.name}},
        lambda key, text: made.commit({key: text}),
        lambda key: made.commit({key: None}),
        disturb,
        early=True,
    )


def website(root: Path, servers: Servers) -> Origin:
    """A page that links to files; every other file is forbidden while it is disturbed."""
    site, prefix = servers.site, f"/{root.name}/"
    texts: dict[str, str] = {}

    def show(forbidden: bool = False) -> None:
        noindex = '<meta name="robots" content="noindex">'
        site.pages[prefix] = page("All files.", *(prefix + key for key in sorted(texts)), head=noindex)
        for number, (key, text) in enumerate(sorted(texts.items())):
            site.pages[prefix + key] = 403 if forbidden and number % 2 else text
            site.headers[prefix + key] = {"Content-Type": "text/plain; charset=utf-8"}

    def put(key: str, text: str) -> None:
        texts[key] = text
        show()

    def remove(key: str) -> None:
        del texts[key], site.pages[prefix + key]
        show()

    def disturb() -> Callable[[], object]:
        show(forbidden=True)
        return show

    def fetches() -> int:
        counts = Counter(path for path in site.asked if path.startswith(prefix))
        site.asked.clear()
        return max(counts.values())

    start = {"starting_url": site.url + prefix}
    return Origin("web_scrape", {"web_scrape": start}, put, remove, disturb, beside=1, fetches=fetches)


ORIGINS = [folder, bucket, repository, website]


@pytest.fixture(params=ORIGINS, ids=lambda make: make.__name__)
def origin(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, servers: Servers
) -> Origin:
    made: Origin = request.param(tmp_path_factory.mktemp("origin"), servers)
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
    assert (first["total"], first["indexed"]) == (30 + origin.beside, 30)
    assert await texts(victim, collection) == [f"old {number:02}" for number in range(30)]
    assert origin.fetches() <= 1, "the attempts after the first have fetched nothing again"

    for number in range(0, 30, 3):
        origin.put(f"{number:02}.txt", f"new {number:02}")
        origin.remove(f"{number + 1:02}.txt")
    (victim.data / "die-at-listing").touch()
    (victim.data / "die-at-emit").touch()
    second = await victim.sync(source, collection)

    assert not list(victim.data.glob("die-at-*")), "the connectors were killed at both places"
    assert (second["total"], second["indexed"], second["deleted"]) == (30 + origin.beside, 10, 10)
    assert (second["unchanged"], second["failed"]) == (10, 0)
    assert origin.fetches() <= 1
    left = [f"old {number:02}" for number in range(2, 30, 3)]
    assert await texts(victim, collection) == sorted([*left, *(f"new {n:02}" for n in range(0, 30, 3))])


async def test_an_origin_that_fails_in_the_middle_of_its_listing_loses_nothing(
    victim: Pipeline, origin: Origin
) -> None:
    collection = f"disturbed-{origin.name}"
    for number in range(origin.many):
        empty = number == 20 or (number > 0 and origin.many > 1_000)  # what goes is counted
        origin.put(f"{number:04}.txt", "" if empty else f"text {number}")
    source = await victim.source_of(origin.config)
    await victim.sync(source, collection)
    before = await texts(victim, collection)
    origin.remove("0020.txt")

    mend = origin.disturb() if origin.early else None
    invocation = await victim.begin(source, collection)
    mend = mend or origin.disturb()
    ended = await victim.final(invocation)
    mend()

    assert "failed" in ended["status"] or not origin.early
    assert ended["counts"]["deleted"] == 0 or "complete" in ended["status"]  # it may have been quicker
    assert await texts(victim, collection) == before
    counts = await victim.sync(source, collection)
    assert counts["unchanged"] == origin.many - 1
    assert await texts(victim, collection) == before


@pytest.mark.parametrize("make", ORIGINS, ids=lambda make: make.__name__)
async def test_twenty_sources_at_once_on_one_connector_all_end_with_their_own(
    victim: Pipeline,
    servers: Servers,
    make: Callable[[Path, Servers], Origin],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    origins = [make(tmp_path_factory.mktemp("many"), servers) for _ in range(20)]
    for number, origin in enumerate(origins):
        for name in ("a", "b"):
            origin.put(f"{name}.txt", f"{name} of {number}")
    sources = [await victim.source_of(origin.config) for origin in origins]
    into = [f"many-{origins[0].name}-{number}" for number in [*range(20), "beside"]]

    begun = await asyncio.gather(*map(victim.begin, [*sources, sources[0]], into))
    ended = await asyncio.gather(*map(victim.ended, begun))

    assert [(counts["total"], counts["indexed"]) for counts in ended] == [(2 + origins[0].beside, 2)] * 21
    for number, collection in enumerate(into[:20]):
        assert await texts(victim, collection) == [f"a of {number}", f"b of {number}"]
    assert await texts(victim, into[20]) == ["a of 0", "b of 0"]


async def test_a_token_revoked_in_the_middle_and_a_clock_that_is_off_lose_nothing(
    victim: Pipeline, servers: Servers
) -> None:
    """For repositories: a saved token first, then a GitHub App whose server is two hours ahead."""
    git, repository = servers.git, servers.git.repository("owner/private")
    repository.commit({f"{number:02}.txt": f"text {number:02}" for number in range(30)})
    saved = await _save(victim, "github_token", {"token": "reader"})
    git.tokens = {"reader"}
    source = await victim.source_of({"github": {"repository": repository.name, "credential_id": saved}})
    await victim.sync(source, "private")
    before = await texts(victim, "private")
    repository.commit({"00.txt": "changed", "01.txt": None})
    asked = 0

    async def revoke(request: web.Request) -> None:
        nonlocal asked
        asked += 1
        if asked > 2:  # it has said which commit there is
            git.tokens = {"another"}

    git.fault = revoke
    ended = await victim.final(await victim.begin(source, "private"))
    git.fault = None

    error = ended["status"]["failed"]["error"]
    assert "no access to github:owner/private" in error
    assert "reader" not in error
    assert ended["counts"]["deleted"] == 0
    assert (await texts(victim, "private"), len(before)) == (before, 30)

    private, public = key_pair()
    git.tokens, git.app = set(), App("77", public, {"owner/private": 1}, ahead_s=7200)
    key = await _save(victim, "github_app", {"app_id": "77", "private_key": private})
    by_app = {"repository": repository.name, "app_id": "77", "credential_id": key}
    status, body = await victim.call("PUT", f"/api/v1/sources/{source}", json={"github": by_app})
    assert status == 200, body
    counts = await victim.sync(source, "private")
    git.tokens = git.app = None

    assert (counts["indexed"], counts["deleted"], counts["unchanged"]) == (1, 1, 28)
    assert await texts(victim, "private") == sorted(["changed", *(f"text {n:02}" for n in range(2, 30))])


async def _save(victim: Pipeline, kind: str, secret: dict[str, str]) -> int:
    payload = {"kind": kind, "name": "listing-faults", "secret": secret}
    status, body = await victim.call("POST", "/api/v1/credentials", json=payload)
    assert status == 201, body
    return int(body["id"])
