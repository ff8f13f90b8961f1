"""The main loop of a worker process: one call at a time, each with its own CPU limit."""

from __future__ import annotations

import contextlib
import importlib
import resource
import socket
import traceback
from collections.abc import Callable
from functools import lru_cache, reduce
from typing import Any

from pydantic import ConfigDict, validate_call

from streams.processes import wire


def work(channel: socket.socket) -> None:
    """Answer calls until the service closes the channel."""
    while (call := wire.receive_call(channel)) is not None:
        try:
            if call.cpu_seconds is not None:
                _limit_cpu(call.cpu_seconds)
            wire.send_value(channel, _function(call.function)(*call.arguments))
        except ConnectionError:  # the service has closed the channel
            raise
        except BaseException as error:
            wire.send_error(channel, error, traceback.format_exc())


@lru_cache(maxsize=256)
def _function(name: str) -> Callable[..., Any]:
    """The function with this name. It converts its JSON arguments to the types of its parameters."""
    module, _, path = name.partition(":")
    found: Any = reduce(getattr, path.split("."), importlib.import_module(module))
    validated: Callable[..., Any] = validate_call(config=ConfigDict(arbitrary_types_allowed=True))(found)
    return validated


def _limit_cpu(seconds: int) -> None:
    """Have the kernel end this process (SIGXCPU) after `seconds` more seconds of CPU time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, ceiling = resource.getrlimit(resource.RLIMIT_CPU)
    limit = int(used.ru_utime + used.ru_stime) + seconds + 1
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(
            resource.RLIMIT_CPU,
            (limit if ceiling == resource.RLIM_INFINITY else min(limit, ceiling), ceiling),
        )
