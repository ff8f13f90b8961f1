"""Runs the git command on a bare repository of ours.

All of git's configuration comes from here, through its environment: no system or user files, no hooks, no
credential helpers, no prompts, no protocol but HTTP, no redirects. A token is only in the environment of the
process that needs it, as a header for one host, and never in an argument or a file.
"""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from shutil import which
from urllib.request import getproxies

from schemas.errors import IngestError, RequestError, TransientError

#: Certificate settings that are passed on to git if set; proxies have variables of their own.
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH")
_ALWAYS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
}
_TERMINATE_S = 5.0
_STDERR_BYTES = 64 * 1024
_PROGRESS = re.compile(rb"(?:remote: )?[A-Z][a-z ]+:\s+\d+")
#: Polling interval for received bytes.
_LOOK_S = 0.5


class GitError(IngestError):
    """Git ended with a status other than 0. The message is its output, without secrets."""


class TooMuch(IngestError):
    """More bytes arrived than allowed."""


class _Stalled(TransientError):
    """Nothing arrived for too long."""


def git_path() -> str:
    """The git command. Raises RequestError if it is not installed."""
    if (found := which("git")) is None:
        raise RequestError("repositories need the git command (2.31 or newer), which is not installed here")
    return found


def environment(configuration: Mapping[str, str], protocols: str = "") -> dict[str, str]:
    """The whole environment of a git process. `protocols` are the allowed ones, separated by `:`."""
    settings = {**_ALWAYS, **configuration}
    found = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "false",
        "SSH_ASKPASS": "false",
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for number, (key, value) in enumerate(settings.items()):
        found[f"GIT_CONFIG_KEY_{number}"], found[f"GIT_CONFIG_VALUE_{number}"] = key, value
    if protocols:
        found |= {f"{name}_proxy": value for name, value in getproxies().items()}
        found |= {name: os.environ[name] for name in _CERTIFICATES if name in os.environ}
        if "SSL_CERT_FILE" in found:
            found.setdefault("GIT_SSL_CAINFO", found["SSL_CERT_FILE"])
    return found


@asynccontextmanager
async def running(
    repository: Path,
    arguments: Sequence[str],
    configuration: Mapping[str, str] | None = None,
    protocols: str = "",
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A git process with pipes, in a group of its own that ends with the block."""
    # A start that is cancelled may wait for ever for pipes that it has not connected yet, and kills git, but
    # not what git has started. So it is not cancelled: it takes milliseconds.
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            git_path(),
            f"--git-dir={repository}",
            *arguments,
            env=environment(configuration or {}, protocols),
            cwd="/",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=1024 * 1024,
        )
    )
    try:
        yield await asyncio.shield(starting)
    finally:
        if (process := await asyncio.shield(starting)).returncode is None:
            await _end(process)


async def local(repository: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """The output of a command that uses no network. Raises GitError."""
    async with running(repository, arguments) as process:
        out, err = await process.communicate(stdin)
        if process.returncode:
            raise GitError(_said(err) or f"git {arguments[0]} ended with {process.returncode}")
        return out


async def local_pieces(repository: Path, *arguments: str) -> AsyncGenerator[bytes, None]:
    """The same in pieces; complete only if it ends without GitError."""
    async with running(repository, arguments) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = asyncio.create_task(process.stderr.read(_STDERR_BYTES))
        try:
            while piece := await process.stdout.read(256 * 1024):
                yield piece
            if await process.wait():
                raise GitError(_said(await said) or f"git {arguments[0]} ended with {process.returncode}")
        finally:
            said.cancel()


async def transfer(
    repository: Path,
    arguments: Sequence[str],
    configuration: Mapping[str, str],
    stall_s: float,
    most_bytes: int,
    stdin: bytes = b"",
) -> str:
    """Fetch from a server. Returns git's messages, without its progress.

    Raises TransientError when nothing arrives for `stall_s` (there is no limit on the whole transfer),
    TooMuch after `most_bytes`, and GitError if the server or git refuses.
    """
    slow = {"http.lowSpeedLimit": "1", "http.lowSpeedTime": str(max(1, round(stall_s)))}
    packs = repository / "objects" / "pack"
    before = bytes_in(packs)
    async with running(repository, arguments, {**configuration, **slow}, "http:https") as process:
        heard = _Heard(process, packs, before)
        ended = asyncio.create_task(process.wait())
        listening = asyncio.create_task(heard.listen())
        feeding = asyncio.create_task(_feed(process, stdin))
        watching = asyncio.create_task(heard.watch(stall_s, most_bytes))
        try:
            await asyncio.wait([ended, watching], return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                watching.result()  # raises
            await listening
        finally:
            for task in (listening, feeding, watching):
                task.cancel()
        if process.returncode:
            raise GitError(heard.said() or f"git {arguments[0]} ended with {process.returncode}")
        return heard.said()


class _Heard:
    """The output of a transfer, and the bytes that arrive on disk."""

    def __init__(self, process: asyncio.subprocess.Process, packs: Path, before: int) -> None:
        self._process, self._packs, self._before = process, packs, before
        self._text = bytearray()
        self._printed = 0

    async def listen(self) -> None:
        """Read the output; keeps its end."""
        assert self._process.stderr is not None
        while piece := await self._process.stderr.read(8192):
            self._printed += len(piece)
            self._text = (self._text + piece)[-_STDERR_BYTES:]

    async def watch(self, stall_s: float, most_bytes: int) -> None:
        """Raise when nothing arrives any more, or too much has."""
        seen, since = (0, 0), time.monotonic()
        while True:
            arrived = await asyncio.to_thread(bytes_in, self._packs) - self._before
            if arrived > most_bytes:
                raise TooMuch(f"more than {most_bytes:,} bytes")
            if (arrived, self._printed) != seen:
                seen, since = (arrived, self._printed), time.monotonic()
            elif time.monotonic() - since > stall_s:
                raise _Stalled(f"nothing has arrived from the git server for {stall_s:g} s")
            await asyncio.sleep(min(_LOOK_S, stall_s / 4))

    def said(self) -> str:
        return _said(bytes(self._text))


def bytes_in(folder: Path) -> int:
    """Total size of the files in a folder; files that vanish meanwhile count as 0."""
    total = 0
    with suppress(FileNotFoundError):
        for entry in os.scandir(folder):
            with suppress(FileNotFoundError):
                total += entry.stat(follow_symlinks=False).st_size
    return total


async def _feed(process: asyncio.subprocess.Process, stdin: bytes) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):  # git reports the reason on standard error
        process.stdin.write(stdin)
        await process.stdin.drain()
    process.stdin.close()


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process. SIGTERM first, so that git removes its temporary files and locks."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(_TERMINATE_S):
                await process.wait()
                return


def _said(err: bytes) -> str:
    """Git's messages without its progress, on one line."""
    lines = [line.strip() for line in re.split(rb"[\r\n]+", err)]
    kept = [line for line in lines if line and not _PROGRESS.match(line)]
    return b"; ".join(kept).decode(errors="replace")[-2000:]
