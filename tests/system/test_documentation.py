"""The commands of the pages run on the whole pipeline, in the order in which a reader types them.

All run, except those in `NOT_RUN`, which says why. Addresses that only exist on the pages lead to servers of
the test (`World.real`).
"""

import asyncio
import os
import shlex
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from tests.documentation.pages import Block, blocks
from tests.documentation.shell import Command, commands
from tests.s3_server import MemoryS3
from tests.services.connectors.github.git_server import serving as serving_git
from tests.services.connectors.web.site import page, served
from tests.system.pipeline import KEY, Pipeline

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

_CURL = 'curl -H "x-chroma-token: $KEY" "$URL'
#: Commands that do not run here, by how they begin, with what covers them or stands in the way.
NOT_RUN: Mapping[str, str] = {
    "make demo": "tests/examples/test_demo.py",
    "make test": "it runs this test",
    "du ": "looks at what `make demo` has made",
    "make up": "tests/headrace/local/test_up.py",
    "headrace up": "tests/headrace/local/test_up.py",
    "HEADRACE_MODELS=models.toml headrace up": "needs that model; tests/documentation reads the file",
    "headrace reembed": "a model that is not here; tests/system/test_reembed.py",
    "uv tool install": "changes this machine; tests/deploy/test_wheel.py",
    "pip install": "changes this machine; tests/deploy/test_wheel.py",
    "apt": "changes this machine",
    "OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 headrace up": "needs a collector of traces",
    "new=$(NEW/": "needs two installed releases; tests/system/test_upgrade.py",
    "old=$(OLD/": "needs two installed releases; tests/system/test_upgrade.py",
    "for file in": "needs two installed releases; tests/system/test_upgrade.py",
    "ollama": "needs Ollama",
    "mc ": "needs MinIO",
    "aws ": "needs an account of AWS",
    "docker": "needs a container engine; tests/deploy",
    "HEADRACE_API_KEY=$(openssl rand -hex 32) docker": "needs a container engine; tests/deploy",
    "helm": "needs a cluster; tests/deploy/test_helm.py",
    "python -m benchmarks": "takes minutes; `make bench`",
    "headrace topics grow": "grows the topics of all tests; tests/system/test_growth.py",
    'call "$URL/api/v1/topics/growth': "grows the topics of all tests; tests/api/test_topics.py",
    "call $URL/api/v1/topics/growth": "grows the topics of all tests; tests/api/test_topics.py",
    "call -X POST $URL/api/v1/topics/growth": "grows the topics of all tests; tests/api/test_topics.py",
    "headrace topics copy": "needs another cluster; tests/system/test_moving.py",
    "headrace backup": "writes a file outside of the folder; tests/system/test_backup.py",
    "headrace restore": "needs a backup; tests/system/test_backup.py",
    "headrace logs": "reads the log files of `headrace up`; tests/headrace/test_logs.py",
    "headrace credentials create handbook --kind aws": "asks a person; tests/headrace/cli",
    "headrace credentials create docs-bot --kind github_app": "asks a person; tests/headrace/cli",
    "headrace sync s3://bucket/prefix": "needs an account of AWS; s3://notes runs",
    "headrace sync s3://my-bucket": "needs an account of AWS; s3://notes runs",
    "headrace sync github:owner/private": "needs a saved token; tests/headrace/cli",
    f'{_CURL}/api/v1/sources" -d \'{{\n  "database_name": "default_database",\n  "s3"': (
        "needs an account of AWS; tests/system/test_s3.py"
    ),
    f"{_CURL}/api/v1/sources/$SOURCE/invocations\" -d '{{}}'": "a run of that source",
    f'{_CURL}/api/v1/sources/$SOURCE/invocations" -d \'{{\n  "object_key"': "a run of that source",
}


def not_run(command: str) -> list[str]:
    """The entries of `NOT_RUN` that a command begins with."""
    return [start for start in NOT_RUN if command.startswith(start)]


def listed(*languages: str) -> list[tuple[Block, Command]]:
    return [
        (block, command)
        for block in blocks(*languages)
        for command in commands(block.text, "$ " if block.language == "console" else "")
    ]


def test_what_does_not_run_is_on_a_page() -> None:
    unused = set(NOT_RUN) - {
        start for _, command in listed("bash", "sh", "console") for start in not_run(command.text)
    }

    assert unused == set()


#: Runs before a command that begins so: what a reader would look up.
BEFORE: Mapping[str, str] = {
    "call -X PATCH": "VERSION=$(call -i $URL/api/v1/sources/$SOURCE | sed -n 's/^ETag: *//Ip' | tr -d '\\r')",
    "headrace sources edit ID": "ID=$(headrace sources list | awk '/srv.notes/ {print $1}')",
    'curl -H "x-chroma-token: $KEY" -X PUT': (
        "headrace sources delete $(headrace sources list | awk '/release.2.x/ {print $1}')\n"
        "SOURCE=$(headrace sources list | awk '/pages.handbook/ {print $1}')"
    ),
}

#: Runs after each command: its output is in `$OUT`; later commands of a page use ids that it printed.
_REMEMBER = r"""
cat "$OUT"
found() { sed -n "s/$1/\1/p" "$OUT" | head -n 1; }
id=$(found '^{"source_id": *"\([^"]*\)".*'); SOURCE=${id:-$SOURCE}
id=$(found '^{"invocation_id": *"\([^"]*\)".*'); INVOCATION=${id:-$INVOCATION}
id=$(found '^{"documents": *\[{"id": *"\([^"]*\)".*'); DOCUMENT=${id:-$DOCUMENT}
id=$(found '^{"id": *"\([^"]*\)".*"whsec_.*'); ENDPOINT=${id:-$ENDPOINT}
id=$(grep -q whsec_ "$OUT" && found '^id  *\([0-9a-f-]*\).*'); ENDPOINT=${id:-$ENDPOINT}
id=$(found '^\(msg_[0-9a-f]*\).*'); DELIVERY=${id:-$DELIVERY}
id=$(found '^\([0-9]\{6,\}\).*'); CREDENTIAL=${id:-$CREDENTIAL}
"""

_BEGIN = r"""
curl() { command curl --silent --show-error --fail-with-body "$@"; }
call() { curl -H "x-chroma-token: $KEY" "$@"; }  # as docs/api.md defines it
OUT=$(mktemp)
"""
#: Leaves nothing behind that would run by itself.
_END = "for id in $(headrace sources list | awk 'NR > 1 {print $1}'); do headrace sources delete $id; done"

#: Settings that the reader's shell shares with the pipeline.
_SAME = (
    "HEADRACE_KAFKA_BOOTSTRAP_SERVERS",
    "HEADRACE_KAFKA_CONFIG",
    "HEADRACE_TOPIC_PREFIX",
    "HEADRACE_GITHUB_URL",
    "HEADRACE_GITHUB_WEBHOOK_SECRET",
)


@dataclass
class World:
    """The servers that stand for those of the pages, and the home of the reader."""

    home: Path
    environment: Mapping[str, str]
    addresses: Mapping[str, str]

    def real(self, text: str) -> str:
        """A command with the addresses of this machine."""
        for shown, here in self.addresses.items():
            text = text.replace(shown, here)
        return text

    def script(self, page: str) -> str:
        """All commands of a page that run, each of which ends the script if it fails."""
        parts = [_BEGIN]
        for block, command in listed("bash", "sh", "console"):
            if block.page == page and not not_run(command.text):
                parts += [code for start, code in BEFORE.items() if command.text.startswith(start)]
                failed = f"cat $OUT; echo failed: {shlex.quote(f'{block}: {command.text}')}; exit 1"
                # In braces: in the shell itself, so that variables and functions stay.
                parts.append(f"{{\n{self.real(command.text)}\n}} > $OUT || {{ {failed}; }}{_REMEMBER}")
        return "\n".join(parts)

    async def run(self, script: str) -> str:
        """Run commands, and return what they print."""
        process = await asyncio.create_subprocess_exec(
            "bash",
            cwd=self.home,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate(script.encode())
        assert process.returncode == 0, printed.decode()
        return printed.decode()


def furnish(home: Path) -> None:
    """What a reader of the pages has at home."""
    for name in ("notes", "srv/notes", ".local/share/headrace"):
        (home / name).mkdir(parents=True)
    (home / "notes" / "keys.md").write_text(
        "# Keys\n\nWe rotate keys every quarter: make a new one, then revoke.\n"
    )
    (home / "srv" / "notes" / "rack.md").write_text(
        "# Trash rack\n\nRaise the trash rack before the sluice gate.\n"
    )
    (home / "report.pdf").write_bytes(Path("examples/documents/inspection-report.pdf").read_bytes())
    (home / ".local" / "share" / "headrace" / "admin.key").write_text(KEY)


async def receive(_: web.Request) -> web.Response:
    return web.Response(status=204)


@pytest.fixture(scope="module")
async def world(
    pipeline: Pipeline, store: MemoryS3, command: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    home = tmp_path_factory.mktemp("home")
    furnish(home)
    store.put("documentation/handbook.md", b"# Handbook\n\nHow the mill is run.\n")
    gateway, git_port = (
        f"http://127.0.0.1:{pipeline.environment['HEADRACE_PORT']}",
        urlsplit(pipeline.environment["HEADRACE_GITHUB_URL"]).port,
    )
    async with AsyncExitStack() as stack:
        git = await stack.enter_async_context(serving_git(tmp_path_factory.mktemp("git"), git_port or 0))
        for name, branch in (("pages/repo", "next"), ("pages/handbook", "release/2.x")):
            repository = git.repository(name)
            repository.commit(
                {"README.md": b"# Read me\n\nA repository.\n", "docs/a.md": b"# A\n\nSome text.\n"}
            )
            repository.branch(branch, {"docs/b.md": b"# B\n\nOther text.\n"})
        site = await stack.enter_async_context(served())
        for path in ("/", "/docs", "/docs/"):
            site.pages[path] = page(f"What this page says, in full: {path}.", title=path)
        site.pages["/headrace"] = receive
        found = World(
            home,
            {
                "PATH": f"{command.parent}:{os.environ['PATH']}",
                "HOME": str(home),
                "LANG": "C.UTF-8",
                "HEADRACE_URL": gateway,
                "HEADRACE_API_KEY": KEY,
                **{name: pipeline.environment[name] for name in _SAME},
                "AWS_ACCESS_KEY_ID": "AKIA0000000000000000",
                "AWS_SECRET_ACCESS_KEY": "secret/secret/secret/secret/secret/secret",
                "URL": gateway,
                "KEY": KEY,
            },
            {
                ".venv/bin/headrace": "headrace",
                "http://127.0.0.1:8383": gateway,
                "/srv/notes": f"{home}/srv/notes",
                "https://github.com": git.url,
                "https://git.example.com": git.url,
                "https://example.org": site.url,
                "https://example.com": site.url,
                "http://wiki.internal": site.url,
                "https://hooks.example.com": site.url,
                "http://minio:9000": store.url,
                "s3://notes": "s3://library/documentation",
                "123456789": "$CREDENTIAL",
                "owner/repo": "pages/repo",
                "acme/handbook": "pages/handbook",
                "edit ID": "edit $ID",
                "msg_…": "$DELIVERY",
                "$(openssl rand -hex 32)": pipeline.environment["HEADRACE_GITHUB_WEBHOOK_SECRET"],
                "'If-Match: \"4f1c0d7e2b9a6c35\"'": '"If-Match: $VERSION"',
                # Nothing fails here, and the next command needs a document.
                "&state=failed": "",
                "?status=failed": "",
            },
        )
        yield found
        await found.run(_END)


PAGES = list(
    dict.fromkeys(
        block.page for block, command in listed("bash", "sh", "console") if not not_run(command.text)
    )
)


@pytest.mark.parametrize("page", PAGES)
async def test_the_commands_of_a_page_run(page: str, world: World) -> None:
    print(await world.run(world.script(page)))
