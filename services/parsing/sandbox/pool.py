"""Parsing in worker processes with limits: every file is hostile, and a lost worker costs one document.

    sandbox = Sandbox(workers=2)
    document = await sandbox.parse(data, "report.docx", None)
    sandbox.close()

`confinement`, the first call of a worker, sets its permissions. The pool (`streams.processes`) applies the
timeout, replaces dead workers and validates their answers. This module determines why a document failed.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import structlog

from schemas.errors import CorruptDocument, DocumentError, DocumentTooLarge, TransientError
from services.parsing.document import ParsedDocument
from services.parsing.reading import Choices
from services.parsing.sandbox import confinement
from services.parsing.vision import VisionReader
from streams.processes import landlock
from streams.processes.errors import BadAnswer, CallTimeout, PoolStopped, RemoteError, WorkerDied
from streams.processes.pool import WorkerPool

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: Signals that mean an exceeded limit rather than a broken file: the CPU limit, or the kernel out of memory.
_LIMIT_SIGNALS = {signal.SIGXCPU: "CPU time", signal.SIGKILL: "memory", signal.SIGABRT: "memory"}


class Sandbox:
    """Parses documents in `workers` processes.

    A document may use `memory_bytes` beyond those of a fresh worker, `cpu_seconds` of CPU time and
    `wall_seconds` of wall time. Workers start with the first document (or with `start`) and are forked from a
    server that has loaded the common libraries. They have no network: what a document asks a vision model is
    asked here, by `vision`, and the document is parsed again with the answers. `choices` says whether
    comments and hidden content are read; `ocr_models` is a folder with language files of Tesseract. `modules`
    names modules outside of the project's packages that contain functions for `run`; they are loaded before
    the worker is confined. Safe for concurrent use within one event loop.
    """

    def __init__(
        self,
        workers: int = 1,
        memory_bytes: int = 1024**3,
        cpu_seconds: int = 120,
        wall_seconds: float = 180.0,
        vision: VisionReader | None = None,
        modules: Sequence[str] = (),
        choices: Choices | None = None,
        ocr_models: Path | None = None,
    ) -> None:
        self._memory_bytes, self._cpu_seconds, self._vision = memory_bytes, cpu_seconds, vision
        self._pool = WorkerPool(
            workers,
            wall_seconds,
            cpu_seconds=cpu_seconds,
            preload=["services.parsing.sandbox.preloaded", *modules],
            setup=(confinement.confine, [confinement.SandboxLimits(memory_bytes, choices, ocr_models)]),
        )

    def start(self) -> None:
        """Start the workers eagerly. Returns immediately."""
        if not landlock.version():
            log.info(
                "parsing workers can read every file that this service can read: the system has no Landlock"
            )
        self._pool.start()

    async def parse(
        self,
        data: bytes,
        filename: str | None,
        content_type: str | None,
        main_content: bool = False,
        run: str | None = None,
    ) -> ParsedDocument:
        """Call `services.parsing.parse` in a worker. `run` identifies the run that pays for a vision model.

        Raises UnsupportedFormat, CorruptDocument (also if the worker dies), DocumentTooLarge (also if it
        exceeds a limit), or TransientError if the sandbox is closed meanwhile.
        """
        name = filename or "document"
        source = data, filename, content_type, main_content
        if self._vision is None:
            return await self.run(name, confinement.parse_confined, *source)
        limits = self._vision.limits
        draft = await self.run(name, confinement.draft_confined, *source, limits, None)
        if draft.asked:
            answers = await self._vision.answers(draft.asked, run)
            draft = await self.run(name, confinement.draft_confined, *source, limits, answers)
        return draft.document()

    async def run(self, name: str, function: Callable[..., T], *arguments: Any) -> T:
        """Run a module-level function in a worker, within the limits; errors name the document `name`.

        Raises the errors of `parse`, and RemoteError for an exception that is not in `schemas.errors`.
        """
        try:
            return await self._pool.run(function, *arguments)
        except CallTimeout as error:
            raise DocumentTooLarge(
                f"{name}: parsing took longer than {error.seconds:g} s (HEADRACE_PARSING_WALL_SECONDS)"
            ) from error
        except WorkerDied as error:
            raise self._death(name, error.exit_code) from error
        except BadAnswer as error:
            raise CorruptDocument(f"{name}: its parser returned no document: {error}") from error
        except RemoteError as error:
            if error.name == MemoryError.__name__:
                raise self._death(name, -signal.SIGABRT) from error
            raise
        except PoolStopped as error:
            raise TransientError(f"{name}: {error}") from error

    def close(self) -> None:
        """Stop the workers at once; pending parses raise TransientError."""
        self._pool.close()

    def _death(self, name: str, exit_code: int | None) -> DocumentError:
        """The error of a document whose worker died."""
        number = -exit_code if exit_code is not None and exit_code < 0 else 0
        limit = _LIMIT_SIGNALS.get(signal.Signals(number)) if number in set(signal.Signals) else None
        if limit == "CPU time":
            return DocumentTooLarge(
                f"{name}: parsing took more than {self._cpu_seconds} s of CPU (HEADRACE_PARSING_CPU_SECONDS)"
            )
        if limit == "memory":
            return DocumentTooLarge(
                f"{name}: parsing was ended by signal {number}, as a rule for want of memory; the limit is "
                f"{self._memory_bytes} bytes (HEADRACE_PARSING_MEMORY_BYTES)"
            )
        return CorruptDocument(f"{name}: the parser crashed on it (exit code {exit_code})")
