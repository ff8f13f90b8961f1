"""Format of log lines: readable in a terminal, one JSON object per line everywhere else."""

import contextlib
import logging
import sys
from typing import Literal, TextIO, cast

import structlog
from structlog.types import EventDict, Processor

from streams import tracing
from streams.tracing.headers import trace_id

Level = Literal["debug", "info", "warning", "error"]


def configure_logs(level: Level = "info", terminal: bool | None = None) -> None:
    """Send all log lines to standard error. Each has what the engine binds (stage, topic, offset, …).

    Args:
        terminal: format for people; by default, whether standard error is a terminal.
    """
    person = sys.stderr.isatty() if terminal is None else terminal
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_trace,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering: list[Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if person
        else [_TRACEBACKS, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _Lossy(sys.stderr))),
    )
    _adopt_standard_logging(level, shared, rendering)


def _add_trace(logger: object, method: str, event: EventDict) -> EventDict:
    """The id of the trace that a line belongs to, if there is one."""
    if (trace := trace_id(tracing.current_headers())) is not None:
        event["trace_id"] = trace
    return event


class _Lossy:
    """A stream that drops lines on a full disk: logging must not raise."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


#: Local variables stay out: they hold keys, tokens and documents.
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def _adopt_standard_logging(level: Level, shared: list[Processor], rendering: list[Processor]) -> None:
    """Use the same format for libraries that use `logging`, from the level warning on."""
    handler = logging.StreamHandler(cast(TextIO, _Lossy(sys.stderr)))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(_number(level), logging.WARNING), force=True)


def _number(level: Level) -> int:
    return {
        "debug": logging.DEBUG,
        "info": logging.INFO,
        "warning": logging.WARNING,
        "error": logging.ERROR,
    }[level]
