"""How the services and the gateway of a local system are started: ports, environment, readiness."""

import contextlib
import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.local.running_file import RunningSystem
from headrace.service_names import GATEWAY, SERVICES
from headrace.settings import Settings
from headrace.usage_error import EXIT_STATUS as MISUSED
from streams.local import ProcessSpec
from streams.local.ports import LOOPBACK, kept_port
from streams.local.process import wait_until
from streams.processes.forked import ForkedProcess, Forks

if TYPE_CHECKING:  # loaded while the servers start
    import aiohttp

#: Maximum starts of a service that ends while a busy machine starts everything at once.
STARTS = 4
#: The names under which the ports of the embedding and sparse search endpoints are stored.
_EMBED, _SEARCH = "embed", "search"
#: Settings that only the two ends of an endpoint receive.
_ENDPOINT_SETTINGS = (
    *("HEADRACE_EMBED_PORT", "HEADRACE_EMBED_URL", "HEADRACE_EMBED_KEY"),
    *("HEADRACE_SEARCH_PORT", "HEADRACE_SEARCH_URL", "HEADRACE_SEARCH_TOKEN"),
)


class Services:
    """The processes of all services and of the gateway.

    Args:
        running: the servers to connect to, and the gateway's URL.
        key: the key of the gateway.
        port: of the gateway.
        lock_fd: of the data folder's lock, which they also hold.
        forks: what they are started with.
    """

    def __init__(
        self, settings: Settings, running: RunningSystem, key: str, port: int, lock_fd: int, forks: Forks
    ) -> None:
        self._settings, self._running, self._key, self._port = settings, running, key, port
        self._lock_fd, self._data_dir, self._forks = lock_fd, settings.data_dir, forks
        self._search_token = secrets.token_urlsafe(32)
        self._search_url = ""

    @property
    def with_search(self) -> RunningSystem:
        """The running system, with the sparse search endpoint of the processes that `specs` describes."""
        return replace(self._running, search_url=self._search_url, search_token=self._search_token)

    def specs(self) -> list[ProcessSpec]:
        """The processes to start, in any order."""
        ports = self._ports()
        endpoints = (self._embed_endpoint(ports[_EMBED]), self._search_endpoint(ports[_SEARCH]))
        own = {
            name: {setting: value for each in endpoints for setting, value in each.get(name, {}).items()}
            for name in SERVICES
        }
        return [self._spec(name, ports[name], own[name]) for name in SERVICES]

    def _embed_endpoint(self, port: int) -> Mapping[str, Mapping[str, str]]:
        """Settings of the two processes that share the embed endpoint. Its key is valid for this run only."""
        key = secrets.token_urlsafe(32)
        listening = {"HEADRACE_EMBED_PORT": str(port), "HEADRACE_HOST": LOOPBACK}
        return {
            "embedding": {**listening, "HEADRACE_EMBED_KEY": key},
            GATEWAY: {"HEADRACE_EMBED_URL": f"http://{LOOPBACK}:{port}", "HEADRACE_EMBED_KEY": key},
        }

    def _search_endpoint(self, port: int) -> Mapping[str, Mapping[str, str]]:
        """The same for the sparse search endpoint, which the gateway uses, and `headrace verify`."""
        token, self._search_url = self._search_token, f"http://{LOOPBACK}:{port}"
        listening = {"HEADRACE_SEARCH_PORT": str(port), "HEADRACE_HOST": LOOPBACK}
        return {
            "searching": {**listening, "HEADRACE_SEARCH_TOKEN": token},
            GATEWAY: {"HEADRACE_SEARCH_URL": self._search_url, "HEADRACE_SEARCH_TOKEN": token},
        }

    def _ports(self) -> Mapping[str, int]:
        """Automatically chosen ports: of each service's metrics, and of the two endpoints."""
        folder = self._data_dir / "ports"
        folder.mkdir(exist_ok=True)
        ports: dict[str, int] = {}
        for name in (*SERVICES, _EMBED, _SEARCH):
            ports[name] = kept_port(folder / name, frozenset({self._port, *ports.values()}))
        return ports

    def _spec(self, name: str, metrics_port: int, own: Mapping[str, str]) -> ProcessSpec:
        serving = f"http://{LOOPBACK}:{metrics_port}/metrics"
        if name == GATEWAY:
            serving = f"{self._running.url}/health"
        arguments = ["service", name]

        async def fork(spec: ProcessSpec, log: int) -> ForkedProcess | None:
            return await self._forks.start(arguments, spec.env or {}, log, spec.keep_fds)

        return ProcessSpec(
            name,
            # -P: the current folder may contain its own `api/` or `random.py`.
            [sys.executable, "-P", "-m", "headrace", *arguments],
            self._data_dir / "logs" / f"{name}.log",
            self._environment(name, metrics_port, own),
            ready=lambda: _answers(serving),
            keep_fds=(self._lock_fd,),
            final={MISUSED},
            starts=STARTS,
            fork=fork,
            may_take_long=name == GATEWAY,  # it first ends a growth of partitions that it had begun
        )

    def _environment(self, name: str, metrics_port: int, own: Mapping[str, str]) -> dict[str, str]:
        running = self._running
        environment = os.environ | {
            "HEADRACE_DATA_DIR": str(self._data_dir),
            "HEADRACE_KAFKA_BOOTSTRAP_SERVERS": running.kafka,
            "HEADRACE_CHROMA_URL": running.chroma_url,
            "HEADRACE_PORT": str(self._port),
            "HEADRACE_METRICS_PORT": str(metrics_port),
            # One process per service, which gets its partitions back at once after a restart.
            "HEADRACE_STATIC_MEMBERSHIP": "true",
            "HEADRACE_SLOT": "0",
            "HEADRACE_FOLDER_ROOTS": json.dumps(self._settings.folder_roots or default_roots()),
        }
        for setting in _ENDPOINT_SETTINGS:
            environment.pop(setting, None)
        environment |= own
        if self._settings.embedding_model:
            environment["HEADRACE_EMBEDDING_MODEL"] = self._settings.embedding_model
        if name != GATEWAY:
            environment.pop("HEADRACE_GITHUB_WEBHOOK_SECRET", None)
        environment.pop("HEADRACE_API_KEY", None)
        if running.kafka_config:
            environment["HEADRACE_KAFKA_CONFIG"] = running.kafka_config
        if name == GATEWAY:
            environment["HEADRACE_API_KEY"] = self._key
        return environment


def default_roots() -> list[str]:
    """Default roots of folder sources: the home directory and the current folder."""
    roots = [Path.cwd()]
    with contextlib.suppress(RuntimeError):  # a user without a home
        roots.insert(0, Path.home())
    return list(dict.fromkeys(str(root.resolve()) for root in roots))


def reachable(host: str) -> str:
    """The address at which clients on this machine reach the gateway's listening address."""
    return LOOPBACK if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 – compared, not bound


async def _answers(url: str) -> None:
    """Return when a GET of `url` returns 200."""
    import aiohttp

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        await wait_until(lambda: _is_200(session, url))


async def _is_200(session: "aiohttp.ClientSession", url: str) -> bool:
    import aiohttp

    try:
        async with session.get(url) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False
