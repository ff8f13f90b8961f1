"""One Chromium process: start, memory limit and shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from streams.local import die_with_parent

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Playwright, Route

#: Memory limit for all its processes together.
MEMORY_BYTES = 1024**3
_MEMORY_EVERY_S = 0.5
_START_SECONDS = 60.0
_PREFIX = "headrace-browser-"
_END_SECONDS = 5.0
#: Without a resolver, and with a proxy whose name cannot be resolved (also for loopback and IP addresses),
#: requests that bypass the gate reach nothing: WebSocket, WebRTC, preconnect, prefetch, Chromium's own.
_NO_NETWORK = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://none.invalid:1",
    "--proxy-bypass-list=<-loopback>",
    "--disable-quic",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy",
    "--dns-prefetch-disable",
)
_QUIET = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-domain-reliability",
    "--disable-crash-reporter",
    "--no-pings",
    "--mute-audio",
)
#: Playwright does not reveal the browser's process id. So a script starts it, which reports the id and kills
#: the browser when Playwright's driver ends, which ends with our process.
_BEHIND = """#!/bin/sh
echo $$ > '{folder}/pid'
exec '{python}' -I -S '{guard}' $PPID '{program}' "$@"
"""


class NotRendered(Exception):
    """The browser did not render a page; the message is the reason."""


class Chromium:
    """A Chromium process. `pages` counts all pages that it has opened, `open` those that are open now."""

    def __init__(self, browser: Browser, folder: Path, memory_bytes: int) -> None:
        self._browser, self._folder, self._memory_bytes = browser, folder, memory_bytes
        self.pid = int((folder / "pid").read_text())
        self.pages = self.open = 0
        #: The reason if it was killed.
        self.killed = ""
        self._watch = asyncio.create_task(self._watched())

    @classmethod
    async def start(cls, playwright: Playwright, program: str, memory_bytes: int = MEMORY_BYTES) -> Chromium:
        """Start a process. Raises NotRendered if it does not start."""
        from playwright.async_api import Error

        await asyncio.to_thread(_sweep)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        script = folder / "chromium"
        script.write_text(
            _BEHIND.format(
                folder=folder, python=sys.executable, guard=die_with_parent.__file__, program=program
            )
        )
        script.chmod(0o700)
        try:
            browser = await playwright.chromium.launch(
                executable_path=script,
                args=[*_NO_NETWORK, *_QUIET],
                # Chromium refuses to run as root with its sandbox.
                chromium_sandbox=os.geteuid() != 0,
                # Without our environment variables, some of which are secrets.
                env={"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8", "TZ": "UTC"},
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
                timeout=_START_SECONDS * 1000,
            )
        except Error as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise NotRendered(f"the browser {program} does not start: {first_line(error)}") from error
        return cls(browser, folder, memory_bytes)

    @property
    def alive(self) -> bool:
        """Whether it can open pages."""
        return self._browser.is_connected() and not self.killed

    async def context(self, agent: str, answer: Callable[[Route], Awaitable[None]]) -> BrowserContext:
        """An empty, isolated profile for one page. `answer` handles every request of the page."""
        version = self._browser.version.partition(".")[0]
        made = await self._browser.new_context(
            accept_downloads=False,
            service_workers="block",
            user_agent=(
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; "
                f"{agent}) Chrome/{version}.0.0.0 Safari/537.36"
            ),
        )
        await made.route("**/*", answer)
        return made

    async def end(self) -> None:
        """End the process; kill it if it does not end."""
        self._watch.cancel()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_END_SECONDS):
                await self._browser.close()
        self.kill("the browser was ended")
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _watched(self) -> None:
        while True:
            if await asyncio.to_thread(memory_of, self.pid) > self._memory_bytes:
                self.kill(f"the browser took more than {self._memory_bytes // 1024**2:,} MiB of memory")
                return
            await asyncio.sleep(_MEMORY_EVERY_S)

    def kill(self, reason: str) -> None:
        """Kill the process, and set `killed` to the reason."""
        self.killed = self.killed or reason
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def _sweep() -> None:
    """Delete profiles of browsers whose connector was killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, ValueError):
            if folder.stat().st_uid == os.geteuid() and not _runs(int((folder / "pid").read_text())):
                shutil.rmtree(folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def memory_of(group: int) -> int:
    """Private memory of a process group in bytes; 0 without /proc."""
    pages = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # pid (name) state ppid pgrp …; the name may contain anything, and ends at the last ")"
            if int((process / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                resident, shared = (process / "statm").read_text().split()[1:3]
                pages += int(resident) - int(shared)
    return pages * os.sysconf("SC_PAGE_SIZE")


def first_line(error: Exception) -> str:
    """The message of a Playwright error, without the browser log."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
