"""Find the gateway of a command, and start it if none is running.

HEADRACE_URL  ──►  the `up` of the data folder  ──►  a new system, for the duration of the command
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from headrace.admin_key import key_file
from headrace.local.running_file import RunningSystem, is_held, read_running
from headrace.settings import Settings
from schemas.errors import RequestError

if TYPE_CHECKING:  # commands for a running gateway need not load the local system
    from headrace.local.supervisor import StateChange

T = TypeVar("T")

#: A starting system is ready within this time, unless it fails: usually 3 s, 30 s if the broker's jars must
#: be downloaded.
_STARTING_S = 90.0
#: A wait that is longer than this is told.
TOLD_S = 2.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A gateway and its key. `ours`: this command started it and will stop it."""

    url: str
    key: str
    ours: bool = False


async def find_gateway(settings: Settings) -> Endpoint | None:
    """The configured gateway, or the one running on the data folder; None if there is neither.

    Raises RequestError if there is a gateway but no key for it.
    """
    if settings.url:
        return Endpoint(settings.url, _key(settings, f"the gateway at {settings.url}"))
    running = await wait_for_running(settings)
    if running is None:
        return None
    return Endpoint(running.url, _key(settings, f"`headrace up` on {settings.data_dir}"))


async def require_gateway(settings: Settings) -> Endpoint:
    """The running gateway, for commands that do not start one."""
    found = await find_gateway(settings)
    if found is None:
        raise RequestError(
            f"no system is running on {settings.data_dir}: start it with `headrace up`, or set HEADRACE_URL "
            "(and HEADRACE_API_KEY) to a gateway"
        )
    return found


async def with_gateway(
    settings: Settings,
    use: Callable[[Endpoint], Awaitable[T]],
    on_change: "Callable[[StateChange], None]" = lambda change: None,
    root: str | None = None,
) -> T:
    """Call `use` with the running gateway, or with one that is started for the duration of the call.

    A gateway started here also allows sources in `root`, because the user named it.
    """
    found = await find_gateway(settings)
    if found is not None:
        return await use(found)
    from headrace.local.services import default_roots
    from headrace.local.system import LocalSystem, run_local

    async def use_ours(embedded: LocalSystem) -> T:
        return await use(Endpoint(embedded.running.url, embedded.key, ours=True))

    roots = [*(settings.folder_roots or default_roots()), *([root] if root else [])]
    ours = settings.model_copy(update={"port": 0, "folder_roots": roots})
    return await run_local(ours, use_ours, on_change)


def require_data(settings: Settings) -> None:
    """Raise RequestError if there is nothing to search, before starting anything."""
    if settings.url or settings.chroma_url or (settings.data_dir / "chroma").is_dir():
        return
    raise RequestError(f"{settings.data_dir} holds no collections yet: create one with `headrace sync`")


async def wait_for_running(settings: Settings) -> RunningSystem | None:
    """The system on the data folder, waiting while it starts; None if there is none."""
    clock = asyncio.get_running_loop().time
    began, told = clock(), False
    while (running := read_running(settings.data_dir)) is None and is_held(settings.data_dir):
        waited = clock() - began
        if waited > _STARTING_S:
            raise RequestError(
                f"{settings.data_dir} is in use, but its system was not ready within {_STARTING_S:g} s"
            )
        if waited > TOLD_S and not told:
            told = True
            sys.stderr.write(f"headrace: waiting for the system on {settings.data_dir}, which is starting\n")
        await asyncio.sleep(0.1)
    return running


def _key(settings: Settings, whose: str) -> str:
    if settings.api_key is not None:
        return settings.api_key.get_secret_value()
    file = key_file(settings.data_dir)
    try:
        if not settings.url:
            return file.read_text().strip()
    except OSError as error:
        raise RequestError(f"{file} cannot be read ({error.strerror}): set HEADRACE_API_KEY") from error
    raise RequestError(f"no key for {whose}: set HEADRACE_API_KEY to one")
