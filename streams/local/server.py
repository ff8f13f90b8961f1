"""The base of the local servers: a data folder, a port, a child process, a life cycle."""

import asyncio
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from schemas.errors import RequestError
from streams.local.lock import DataDirLock
from streams.local.ports import LOOPBACK
from streams.local.process import ChildProcess, ProcessSpec


class EmbeddedServer(ABC):
    """A server on loopback; an asynchronous context manager that starts and stops it.

    Only one server at a time owns a data folder. The next one continues with its data and, unless it is
    taken, its port. A supervisor that runs the `ProcessSpec` itself calls only `prepare`.
    """

    #: Its name in messages.
    title: str

    def __init__(self, data_dir: Path, port: int | None) -> None:
        self.data_dir = data_dir.resolve()
        #: The port on loopback; 0 until `prepare` or `start` chooses one.
        self.port = port or 0
        self._lock = DataDirLock(self.data_dir, self.title)
        self._child: ChildProcess | None = None

    @abstractmethod
    def _prepare(self) -> ProcessSpec:
        """Do everything before the start of the process, and set `port`. Runs in a thread, with the data
        folder locked."""

    @property
    def address(self) -> str:
        """`host:port`, once the port is known."""
        if not self.port:
            raise RequestError(f"the {self.title} of {self.data_dir} was not prepared or started")
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the current or last run."""
        return self._started().pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.running

    @property
    def exit_status(self) -> int | None:
        """Exit status of the last run, minus the signal's number if one ended it; None while it runs."""
        return self._started().returncode

    async def prepare(self) -> ProcessSpec:
        """Lock the data folder and do everything before the start of the process.

        Raises:
            RequestError: another process owns the data folder; the message names it.
        """
        if self._child is None:
            self._child = ChildProcess(await asyncio.to_thread(self._prepare_locked))
        return self._child.spec

    async def start(self) -> None:
        """Start the server and wait until it answers. Does nothing if it is running.

        Raises:
            RequestError: another process owns the data folder; the message names it.
            TransientError: the server ended or did not answer; the message has the last line of its log.
        """
        await self.prepare()
        await self._started().start_ready()

    async def kill(self) -> None:
        """SIGKILL the server, to simulate a crash. Keeps the data folder locked; `start` restarts it on its
        data."""
        await self._started().kill()

    async def stop(self) -> None:
        """Send SIGTERM, give it time to write its state, then SIGKILL. Keeps the data folder locked."""
        await self._started().stop()

    async def restart(self) -> None:
        """Stop it if it is running, and start it again on the same port."""
        await self.stop()
        await self.start()

    async def close(self) -> None:
        """Stop it and release the data folder. Does nothing if it was never started."""
        try:
            if self._child is not None:
                await self._child.stop()
        finally:
            self._child = None
            self._lock.release()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _prepare_locked(self) -> ProcessSpec:
        self._lock.acquire()
        try:
            return self._prepare()
        except BaseException:
            self._lock.release()
            raise

    def _started(self) -> ChildProcess:
        if self._child is None:
            raise RequestError(f"the {self.title} of {self.data_dir} was not started")
        return self._child
