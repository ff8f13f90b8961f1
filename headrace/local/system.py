"""The local mode: broker, Chroma, every service and the gateway on one machine, in one data folder.

                      ┌ broker ┐                ┌ connectors … tracking ┐
    lock the folder ──┤        ├── topics ──────┤                       ├── /health is green ── ready
                      └ Chroma ┘                └ api                   ┘

A cluster or a Chroma server of the user's own (`HEADRACE_KAFKA_BOOTSTRAP_SERVERS`, `HEADRACE_CHROMA_URL`)
is used in place of ours.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from headrace.admin_key import admin_key
from headrace.local.running_file import (
    Interrupted,
    RunningSystem,
    forget_running,
    read_running,
    write_running,
)
from headrace.local.services import Services, reachable
from headrace.local.supervisor import ProcessState, StateChange, Supervisor
from headrace.preflight import (
    browser_of,
    check_inbox,
    check_java,
    check_models,
    check_room,
    check_servers,
    shortage,
    tables_of,
)
from headrace.preload import MAIN, PRELOAD
from headrace.service_names import GATEWAY, SERVICES
from headrace.settings import Settings
from schemas.errors import IngestError, RequestError
from streams.data_dir import open_data_dir
from streams.local import DataDirLock, LocalBroker, LocalChroma, ProcessSpec
from streams.local.ports import is_free, kept_port
from streams.processes.forked import Forks

if TYPE_CHECKING:
    from headrace.wiring import Wiring

T = TypeVar("T")

_WORKERS = [name for name in SERVICES if name != GATEWAY]

#: The gateway first, so that a stopping system gets no requests; the servers last, so that the services can
#: finish their work in progress.
STOP_ORDER = ([GATEWAY], _WORKERS, ["chroma", "broker"])

_SWEEP_EVERY = timedelta(days=1)
#: Some time after the start, when the machine is less busy.
_SWEEP_FIRST = timedelta(minutes=1)
_ARCHIVE_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class LocalSystem:
    """A running local system: its addresses, the key of its gateway, and its wiring."""

    running: RunningSystem
    key: str
    wiring: "Wiring"


async def run_local(
    settings: Settings,
    use: Callable[[LocalSystem], Awaitable[T]],
    on_change: Callable[[StateChange], None] = lambda change: None,
    forks: Forks | None = None,
    cancel_move: bool = False,
) -> T:
    """Start everything, call `use`, and stop everything within 10 s, however `use` ends.

    Args:
        settings: `data_dir` holds all persistent data; `port` 0 chooses a free port and keeps it.
        on_change: called with every change of a process's state.
        forks: what forks the services, already loading their modules; closed at the end.
        cancel_move: a system that was moved to another cluster goes on here.

    Raises:
        UsageError: a setting is wrong.
        RequestError: the data folder or the port is in use, a disk is full, or a process cannot run as
            configured.
            TransientError: a process did not start; the message has the last line of its log.
            Interrupted: by SIGINT, SIGTERM or SIGHUP.
    """
    check_models(settings)
    check_servers(settings)
    check_java(settings)
    browser_of(settings)
    check_inbox(settings)
    tables_of(settings)
    data_dir = settings.data_dir.resolve()
    check_room(data_dir)
    with _owned(data_dir) as lock:
        settings = settings.model_copy(update={"data_dir": data_dir})
        system = _System(settings, lock.fd, forks or Forks(PRELOAD, MAIN), cancel_move)
        try:
            async with Supervisor(STOP_ORDER, with_shortage(on_change, data_dir)) as supervisor:
                embedded = await system.start(supervisor)
                later = [
                    asyncio.create_task(_sweep(embedded.wiring), name="sweep blobs"),
                    asyncio.create_task(system.prepare_next_start(), name="archive classes"),
                ]
                try:
                    return await use(embedded)
                finally:
                    for task in later:
                        task.cancel()
                    await asyncio.gather(*later, return_exceptions=True)
                    forget_running(data_dir)
        finally:
            await system.close()
    raise Interrupted(supervisor.signalled or signal.SIGINT)


@contextlib.contextmanager
def _owned(data_dir: Path) -> Iterator[DataDirLock]:
    """Lock the data folder. Raises RequestError with its owner and the owner's URL."""
    open_data_dir(data_dir)
    lock = DataDirLock(data_dir, "everything")
    try:
        lock.acquire()
    except RequestError as error:
        running = read_running(data_dir)
        raise RequestError(f"{error} It serves {running.url}." if running else str(error)) from None
    try:
        yield lock
    finally:
        lock.release()


def with_shortage(on_change: Callable[[StateChange], None], data_dir: Path) -> Callable[[StateChange], None]:
    """Report the full disk as the reason if a process dies on one, whatever its log says."""

    def told(change: StateChange) -> None:
        if change.state is ProcessState.WAITING and (full := shortage(data_dir)):
            change = replace(change, reason=full)
        on_change(change)

    return told


class _System:
    """The processes in the order of their start."""

    def __init__(self, settings: Settings, lock_fd: int, forks: Forks, cancel_move: bool) -> None:
        self._settings, self._lock_fd, self._forks = settings, lock_fd, forks
        self._cancel_move = cancel_move
        self._data_dir = settings.data_dir
        self._broker = LocalBroker(
            self._data_dir / "kafka", settings.cache_dir, java=settings.java, lists_classes=True
        )
        self._chroma = LocalChroma(self._data_dir / "chroma")
        self._broker_began = asyncio.Event()

    async def start(self, supervisor: Supervisor) -> LocalSystem:
        """Start all processes and wait until the gateway's health is green."""
        port = self._gateway_port()
        kafka, chroma_url, _ = await asyncio.gather(
            self._start_broker(supervisor), self._start_chroma(supervisor), self._load()
        )
        config = self._kafka_config()
        settings = self._settings.model_copy(
            update={"kafka_bootstrap_servers": kafka, "kafka_config": config}
        )
        wiring = await self._prepared(settings)
        key = admin_key(settings)
        url = f"http://{reachable(settings.host)}:{port}"
        running = RunningSystem(url, chroma_url, kafka, os.getpid(), str(config) if config else None)
        services = Services(self._settings, running, key, port, self._lock_fd, self._forks)
        await asyncio.gather(*(supervisor.start(spec) for spec in services.specs()))
        write_running(self._data_dir, services.with_search)
        return LocalSystem(running, key, wiring)

    async def _prepared(self, settings: Settings) -> "Wiring":
        """Make what is missing: topics, and the key of saved credentials. Finish a growth of partitions that
        was broken off."""
        from headrace.admin.topics import quiet
        from headrace.secrets_key import keep_secrets_key
        from headrace.wiring import Wiring
        from streams.growth import finish_growth
        from streams.kafka.cluster import ensure_topics

        wiring = Wiring(settings)
        cluster = quiet(wiring.cluster)
        alone = self._settings.kafka_bootstrap_servers is None
        growth = (cluster, wiring.codec, lambda step: None, alone, self._cancel_move)
        await asyncio.to_thread(finish_growth, *growth)
        await asyncio.to_thread(ensure_topics, cluster, settings.partitions, settings.replication)
        keep_secrets_key(settings)
        return wiring

    async def prepare_next_start(self) -> None:
        """Archive the broker's classes, some time after the first start on a machine."""
        if self._settings.kafka_bootstrap_servers is None:
            await asyncio.sleep(_ARCHIVE_AFTER.total_seconds())
            with contextlib.suppress(IngestError, OSError):
                await self._broker.archive_classes()

    async def close(self) -> None:
        """Release the servers' folders, after the processes have ended."""
        self._forks.close()
        await self._broker.close()
        await self._chroma.close()

    async def _start_broker(self, supervisor: Supervisor) -> str:
        if self._settings.kafka_bootstrap_servers:
            return self._settings.kafka_bootstrap_servers
        spec = await self._broker.prepare()
        await supervisor.start(replace(spec, ready=lambda: self._answers(spec)))
        return self._broker.bootstrap_servers

    async def _answers(self, spec: ProcessSpec) -> None:
        self._broker_began.set()
        if spec.ready is not None:
            await spec.ready()

    async def _load(self) -> None:
        """Import what is needed once broker and Chroma run, while the broker starts. It takes longest of all,
        so its process begins first: imports in this process would delay that."""
        if self._settings.kafka_bootstrap_servers is None:
            await self._broker_began.wait()
        await asyncio.to_thread(_import)

    def _kafka_config(self) -> Path | None:
        """The file of librdkafka properties of the user's cluster, or of the local broker."""
        return (
            self._settings.kafka_config
            if self._settings.kafka_bootstrap_servers
            else self._broker.client_file
        )

    async def _start_chroma(self, supervisor: Supervisor) -> str:
        if self._settings.chroma_url:
            return self._settings.chroma_url
        await supervisor.start(await self._chroma.prepare())
        return self._chroma.url

    def _gateway_port(self) -> int:
        port = self._settings.port
        if port == 0:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            return kept_port(self._data_dir / "port")
        if not is_free(port):
            raise RequestError(
                f"port {port} is used by another program; choose one with --port or HEADRACE_PORT, "
                "0 for a free one"
            )
        return port


def _import() -> None:
    import headrace.admin.topics
    import headrace.wiring  # noqa: F401


async def _sweep(wiring: "Wiring") -> None:
    """Delete old blobs, once a day while the system runs."""
    await asyncio.sleep(_SWEEP_FIRST.total_seconds())
    while True:
        with contextlib.suppress(IngestError, OSError):
            await wiring.blobs.sweep(timedelta(days=wiring.settings.blob_max_age_days))
        await asyncio.sleep(_SWEEP_EVERY.total_seconds())
