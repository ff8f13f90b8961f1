"""What runs in a worker process: one call after the other, each under a CPU limit of its own."""

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
        except ConnectionError:  # the service wants no answer any more
            raise
        except BaseException as error:
            wire.send_error(channel, error, traceback.format_exc())


@lru_cache(maxsize=256)
def _function(name: str) -> Callable[..., Any]:
    """The function of this name; it makes of its JSON arguments what its parameters declare."""
    module, _, path = name.partition(":")
    found: Any = reduce(getattr, path.split("."), importlib.import_module(module))
    validated: Callable[..., Any] = validate_call(config=ConfigDict(arbitrary_types_allowed=True))(found)
    return validated


def _limit_cpu(seconds: int) -> None:
    """Let the kernel end this process (SIGXCPU) after so many more seconds of processor time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, ceiling = resource.getrlimit(resource.RLIMIT_CPU)
    limit = int(used.ru_utime + used.ru_stime) + seconds + 1
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(
            resource.RLIMIT_CPU,
            (limit if ceiling == resource.RLIM_INFINITY else min(limit, ceiling), ceiling),
        )
