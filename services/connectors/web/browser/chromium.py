"""One Chromium: how it is started, how much memory it may take, and how it ends."""

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

#: Of all its processes together.
MEMORY_BYTES = 1024**3
_MEMORY_EVERY_S = 0.5
_START_SECONDS = 60.0
_PREFIX = "headrace-browser-"
_END_SECONDS = 5.0
#: Requests that the gate does not see (WebSocket, WebRTC, preconnect, prefetch, what Chromium asks for
#: itself) find no resolver, and a proxy whose name cannot be resolved, also for loopback and IP addresses.
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
#: Playwright keeps the browser's process to itself. So it runs behind a script that tells the id, and it
#: is killed when Playwright's own process ends, which ends with ours.
_BEHIND = """#!/bin/sh
echo $$ > '{folder}/pid'
exec '{python}' -I -S '{guard}' $PPID '{program}' "$@"
"""


class NotRendered(Exception):
    """A page that the browser has not shown; the message is the reason."""


class Chromium:
    """A process of Chromium. `pages` counts those that it was given, `open` those that it still shows."""

    def __init__(self, browser: Browser, folder: Path, memory_bytes: int) -> None:
        self._browser, self._folder, self._memory_bytes = browser, folder, memory_bytes
        self.pid = int((folder / "pid").read_text())
        self.pages = self.open = 0
        #: Why it was killed.
        self.killed = ""
        self._watch = asyncio.create_task(self._watched())

    @classmethod
    async def start(cls, playwright: Playwright, program: str, memory_bytes: int = MEMORY_BYTES) -> Chromium:
        """Raises NotRendered when it does not start."""
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
                # None of our own variables: some are secrets.
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
        """Whether it can be given a page."""
        return self._browser.is_connected() and not self.killed

    async def context(self, agent: str, answer: Callable[[Route], Awaitable[None]]) -> BrowserContext:
        """A profile for one page, empty and alone. Every request of the page goes to `answer`."""
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
        """End it; kill it if it does not."""
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
        """End it at once; `killed` is the reason from now on."""
        self.killed = self.killed or reason
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def _sweep() -> None:
    """Delete what browsers have left whose connector was killed."""
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
    """Bytes that the processes of a group have for themselves; 0 where there is no /proc."""
    pages = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # pid (name) state ppid pgrp …; the name may hold anything but ends at the last ")"
            if int((process / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                resident, shared = (process / "statm").read_text().split()[1:3]
                pages += int(resident) - int(shared)
    return pages * os.sysconf("SC_PAGE_SIZE")


def first_line(error: Exception) -> str:
    """What Playwright says, without its log of the browser."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
