"""Keeps the responses of a run on disk until it ends.

A page whose response is kept is not requested again: neither when it is read after the listing, nor by the
next attempt after an interruption, which crawls in the same order over these responses.
"""

import asyncio
import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from multidict import CIMultiDict, CIMultiDictProxy

from schemas.ids import text_sha256
from services.connectors.web.transport.fetch import Answer

#: Maximum bytes for one run; pages beyond that are fetched again.
MAX_BYTES = 1024**3
#: Maximum age: after a longer interruption the next attempt fetches everything again.
KEPT_SECONDS = 24 * 3600
#: Request headers that do not select another response, only whether its body is sent.
_VALIDATORS = frozenset(("if-none-match", "if-modified-since"))


class Spool:
    """Responses by URL and request headers.

    Args:
        folder: remains after `close`; None for a temporary one that is deleted by `close`.
        max_bytes: of all responses.
    """

    def __init__(self, folder: Path | None = None, max_bytes: int = MAX_BYTES) -> None:
        self._folder, self._temporary = folder, folder is None
        self._left = max_bytes
        self._opened = False

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer | None:
        """The response to such a request; None if it was not kept. A 304 is only returned for a request with
        validators."""
        headers = headers or {}
        found = await asyncio.to_thread(self._read, _name(url, headers))
        if found is None or (found.status == 304 and not _VALIDATORS & {name.lower() for name in headers}):
            return None
        return found

    async def put(self, answer: Answer, headers: Mapping[str, str] | None = None) -> None:
        """Keep the response to a request with these headers, if there is room."""
        await asyncio.to_thread(self._write, _name(answer.url, headers or {}), answer)

    def close(self) -> None:
        """Delete a temporary folder."""
        if self._temporary and self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder, self._opened = None, False

    def _read(self, name: str) -> Answer | None:
        if self._folder is None:
            return None
        self._open(self._folder)
        try:
            head, _, body = (self._folder / name).read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        url, status, headers = json.loads(head)
        return Answer(url, status, CIMultiDictProxy(CIMultiDict(headers)), body)

    def _write(self, name: str, answer: Answer) -> None:
        if self._folder is not None:
            self._open(self._folder)
        head = json.dumps([answer.url, answer.status, list(answer.headers.items())]).encode()
        if (size := len(head) + 1 + len(answer.body)) > self._left:
            return
        self._left -= size
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="headrace-web-"))
        file = self._folder / name
        incoming = file.with_suffix(".new")
        with contextlib.suppress(OSError):  # the disk is full, or another attempt has ended the run
            incoming.write_bytes(b"%b\n%b" % (head, answer.body))
            incoming.replace(file)  # atomic: a process that dies leaves no partial file

    def _open(self, folder: Path) -> None:
        """Count the responses of an earlier attempt, once; delete those that are too old."""
        if self._opened:
            return
        self._opened = True
        if not self._temporary:
            _sweep(folder.parent)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                self._left -= file.stat().st_size


def _name(url: str, headers: Mapping[str, str]) -> str:
    chosen = sorted((name.lower(), value) for name, value in headers.items())
    return text_sha256(json.dumps([url, *(one for one in chosen if one[0] not in _VALIDATORS)]))


def _sweep(runs: Path) -> None:
    """Delete the responses of runs that were never continued."""
    with contextlib.suppress(FileNotFoundError):
        for folder in runs.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if folder.stat().st_mtime < time.time() - KEPT_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)
