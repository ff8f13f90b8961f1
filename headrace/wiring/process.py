"""Run a service as a process, from start to end."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from typing import NoReturn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from prometheus_client.exposition import ThreadingWSGIServer, make_wsgi_app

from headrace.preflight import check_models
from headrace.service_names import SERVICES
from headrace.settings import Settings
from headrace.usage_error import UsageError
from headrace.wiring import services
from headrace.wiring.gateway import gateway
from headrace.wiring.growth import Growth, require_unchanged
from headrace.wiring.shared import Wiring
from schemas.errors import IngestError, RequestError, TransientError
from streams.blobs import folder_of
from streams.engine.guard import Guard
from streams.gc_tuning import collect_seldom
from streams.kafka.worker import Worker
from streams.metrics import watch_disk
from streams.tracing import startup

log = structlog.get_logger(__name__)

#: Threads for calls that block, such as commits of transactions: the process of connectors has nine workers,
#: and on two cores Python would start six for all of them. They are started as they are needed.
_THREADS = 32
#: Exit status of a service that must be restarted: fenced, stuck, or after an unexpected error.
RESTART = 70

Run = Callable[[Wiring, asyncio.Event], Awaitable[None]]

_RUNS: dict[str, Run] = {
    "connectors": lambda wiring, stop: _work(services.connectors, wiring, stop, orders=True),
    "parsing": lambda wiring, stop: _work(services.parsing, wiring, stop, orders=True),
    "chunking": lambda wiring, stop: _work(services.chunking, wiring, stop),
    "embedding": lambda wiring, stop: _work(services.embedding, wiring, stop),
    "indexing": lambda wiring, stop: _work(services.indexing, wiring, stop),
    "searching": services.searching,
    "tracking": lambda wiring, stop: _work(services.tracking, wiring, stop),
    "api": gateway,
}
assert tuple(_RUNS) == SERVICES


async def run_service(name: str, settings: Settings) -> None:
    """Run one service until SIGTERM or SIGINT, then drain.

    Raises RequestError for errors that the user can fix. Any other error ends the process immediately with
    status `RESTART`, because a thread hanging in a transaction must not keep a worker half alive. The same
    happens for unhandled errors in callbacks, tasks and threads, and for a hanging event loop
    (`streams.engine.guard`).
    """
    if name not in _RUNS:
        raise UsageError(f"no service {name!r}: there are {', '.join(SERVICES)}")
    wiring = Wiring(settings)
    if name == "embedding":
        check_models(settings)
    end_traces = _start_traces(name, settings.slot)
    collect_seldom()
    with Guard(lambda error: _end(wiring, error), serves=name in ("api", "searching")):
        if settings.metrics_port is not None:
            _serve_metrics(settings.host, settings.metrics_port)
            watch_disk("data", wiring.data)
            if blobs := folder_of(settings.blob_url or str(wiring.data / "blobs")):
                watch_disk("blobs", blobs)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="blocking"))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        structlog.contextvars.bind_contextvars(service=name, slot=settings.slot)
        growth = Growth(wiring, name, stop)
        following = asyncio.create_task(growth.follow(), name="follow the layout")
        try:
            await _RUNS[name](wiring, stop)
            following.cancel()
            if growth.reason:
                raise TransientError(growth.reason)
        except RequestError:
            raise
        except Exception as error:
            _end(wiring, error, announced=False)
        finally:
            end_traces()


def _start_traces(name: str, slot: str) -> Callable[[], None]:
    """Traces, if OTEL_* variables ask for them. They may be those of a whole machine, so a missing package is
    only reported."""
    try:
        return startup.start(name, slot)
    except startup.MissingPackage as error:
        log.warning("no traces", reason=str(error))
        return lambda: None


def _end(wiring: Wiring, error: BaseException, announced: bool = True) -> NoReturn:
    """End the process. With `announced`, its records in progress are suspected of having caused it."""
    try:
        if announced:
            for worker in wiring.workers:
                worker.announce(error)
        if isinstance(error, IngestError):
            log.error("service ends, to be started again", error=str(error), error_class=type(error).__name__)
        else:
            log.error("service ends, to be started again", exc_info=error)
    finally:
        os._exit(RESTART)


class _MetricsServer(ThreadingWSGIServer):
    """That of prometheus-client, which wakes twice a second to see whether it is to shut down. Ours never is:
    it ends with the process."""

    def serve_forever(self, poll_interval: float = 3600.0) -> None:
        super().serve_forever(poll_interval)


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """A line for each request would hide all others."""


def _serve_metrics(host: str, port: int) -> None:
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        kind: type[WSGIServer] = type("Server", (_MetricsServer,), {"address_family": family})
        server = make_server(str(address[0]), port, make_wsgi_app(), kind, _SilentHandler)
    except OSError as error:
        where = f"{host}:{port} (HEADRACE_HOST, HEADRACE_METRICS_PORT)"
        raise RequestError(f"metrics cannot be served at {where}: {error.strerror}") from error
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


async def _work(
    open_workers: Callable[[Wiring], AbstractAsyncContextManager[list[Worker]]],
    wiring: Wiring,
    stop: asyncio.Event,
    orders: bool = False,
) -> None:
    await wiring.partitions()
    async with open_workers(wiring) as workers:
        await require_unchanged(wiring, orders)
        running = {asyncio.create_task(worker.run()): worker for worker in workers}
        stopping = asyncio.create_task(stop.wait())
        going = list(running)
        while going and not stopping.done():
            await asyncio.wait([stopping, *going], return_when=asyncio.FIRST_COMPLETED)
            if any(t.done() and (t.exception() or running[t] not in wiring.retired) for t in going):
                break
            going = [task for task in going if not task.done()]
        for worker in workers:
            worker.stop()
        await asyncio.gather(*running)
        stopping.cancel()
