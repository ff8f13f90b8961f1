"""Every file is hostile until parsed: worker processes with limits, one lost worker costs one document.

    sandbox = Sandbox(workers=2)
    document = await sandbox.parse(data, "report.docx", None)
    sandbox.close()

The limits that hold inside a worker are set in `confinement`; this side times the work, replaces workers
that died and says why a document failed.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import Any

import structlog
from pebble import ProcessExpired, ProcessPool

from schemas.errors import CorruptDocument, DocumentError, DocumentTooLarge, IngestError, TransientError
from services.parsing.document import ParsedDocument
from services.parsing.images.vision import Vision
from services.parsing.sandbox import confinement, landlock
from services.parsing.sandbox.answers import WorkerContext
from services.parsing.sandbox.handover import INLINE_BYTES, Handover

log = structlog.get_logger(__name__)

#: Documents after which a worker is replaced, so that what a library leaks stays small.
DOCUMENTS_PER_WORKER = 500
#: Signals that tell of a limit rather than of a broken file: the CPU limit, and the kernel out of memory.
_LIMIT_SIGNALS = {signal.SIGXCPU: "CPU time", signal.SIGKILL: "memory", signal.SIGABRT: "memory"}


class Sandbox:
    """Parses documents in `workers` processes.

    A document may take `memory_bytes` beyond what a fresh worker holds, `cpu_seconds` of processor and
    `wall_seconds` of clock time. Workers start with the first document (or with `start`) and are forked
    from a server that has the common libraries loaded. Only the host of `vision`, the model that describes
    pictures, can be reached from them. `modules` are those whose functions `run` is given, if they are not of
    the project's packages; workers import them first. Safe for concurrent use within one event loop.
    """

    def __init__(
        self,
        workers: int = 1,
        memory_bytes: int = 1024**3,
        cpu_seconds: int = 120,
        wall_seconds: float = 180.0,
        vision: Vision | None = None,
        modules: Sequence[str] = (),
    ) -> None:
        self._workers = workers
        self._limits = confinement.SandboxLimits(memory_bytes, cpu_seconds, vision, None, tuple(modules))
        self._wall_seconds = wall_seconds
        self._pool: ProcessPool | None = None
        self._handover: Handover | None = None
        self._waiting: set[Future[Any]] = set()

    def start(self) -> None:
        """Starts the workers now rather than with the first document; returns at once."""
        for _ in range(self._workers):
            self._schedule(confinement.ready, [], None)

    async def parse(
        self, data: bytes, filename: str | None, content_type: str | None, main_content: bool = False
    ) -> ParsedDocument:
        """As `services.parsing.parse`, in a worker.

        Raises UnsupportedFormat, CorruptDocument (also when the worker dies on the file), DocumentTooLarge
        (also when it passes a limit), TransientError when the sandbox is closed under it.
        """
        long = len(data) > INLINE_BYTES
        with self._documents().source(data) if long else contextlib.nullcontext(data) as source:
            document = await self.run(
                filename or "document",
                confinement.parse_confined,
                source, filename, content_type, main_content,
            )  # fmt: skip
        if not isinstance(document, ParsedDocument):
            raise CorruptDocument(
                f"{filename or 'document'}: its parser answered with a {type(document).__name__}"
            )
        return document

    async def run(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Any function of a module in a worker, under the limits; errors speak of the document `name`.

        It answers with plain values, Documents, or exceptions of Python and of `schemas.errors`; anything
        else comes as an `UnknownAnswer`.
        """
        future = self._schedule(
            confinement.limited, [self._limits.cpu_seconds, function, *arguments], self._wall_seconds
        )
        try:
            return await asyncio.wrap_future(future)
        except IngestError:
            raise
        except (FutureTimeout, TimeoutError) as error:
            raise DocumentTooLarge(
                f"{name}: parsing took longer than {self._wall_seconds:g} s (HEADRACE_PARSING_WALL_SECONDS)"
            ) from error
        except ProcessExpired as error:
            raise self._told(name, error.exitcode) from error
        except MemoryError as error:
            raise self._told(name, -signal.SIGABRT) from error
        except BrokenProcessPool:
            raise TransientError(f"{name}: the parsing workers were stopped") from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise TransientError(f"{name}: the parsing workers were stopped") from None

    def close(self) -> None:
        """Stops the workers, whatever they are at; waiting parses end with TransientError."""
        pool, self._pool = self._pool, None
        for future in list(self._waiting):  # a pool that is stopped while it starts forgets some of them
            future.cancel()
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()
        handover, self._handover = self._handover, None
        if handover is not None:
            handover.close()

    def _documents(self) -> Handover:
        """Workers are told of its folder when they start, so when that is gone they start anew."""
        if self._handover is not None and not self._handover.alive:
            self.close()
        if self._handover is None:
            self._handover = Handover()
        return self._handover

    def _schedule(
        self, function: Callable[..., Any], arguments: list[Any], timeout: float | None
    ) -> Future[Any]:
        pool = self._pool
        if pool is None or not pool.active:
            pool = self._pool = self._new_pool()
        future: Future[Any] = pool.schedule(function, args=arguments, timeout=timeout)
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        return future

    def _new_pool(self) -> ProcessPool:
        context = WorkerContext()
        context.set_forkserver_preload(["services.parsing.sandbox.preloaded"])
        if not landlock.version():
            log.info("parsing workers can read what this service can: the system has no Landlock")
        limits = replace(self._limits, documents=str(self._documents().folder))
        return ProcessPool(
            max_workers=self._workers,
            max_tasks=DOCUMENTS_PER_WORKER,
            initializer=confinement.confine,
            initargs=[limits],
            context=context,
        )

    def _told(self, name: str, exit_code: int | None) -> DocumentError:
        """Why a document that took its worker along failed."""
        number = -exit_code if exit_code is not None and exit_code < 0 else 0
        limit = _LIMIT_SIGNALS.get(signal.Signals(number)) if number in set(signal.Signals) else None
        if limit == "CPU time":
            return DocumentTooLarge(
                f"{name}: parsing took more than {self._limits.cpu_seconds} s of CPU "
                "(HEADRACE_PARSING_CPU_SECONDS)"
            )
        if limit == "memory":
            return DocumentTooLarge(
                f"{name}: parsing was ended by signal {number}, as a rule for want of memory; the limit is "
                f"{self._limits.memory_bytes} bytes (HEADRACE_PARSING_MEMORY_BYTES)"
            )
        return CorruptDocument(f"{name}: the parser crashed on it (exit code {exit_code})")
