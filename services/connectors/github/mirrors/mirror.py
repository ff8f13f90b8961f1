"""One repository on disk: bare, without history, and only with the requested blobs.

A mirror is a cache and may be deleted at any time. The remains of an interrupted fetch are removed before the
next one. Every completely fetched commit has a ref `refs/headrace/<hash>`, which the next fetch also
negotiates with.
"""

import asyncio
import json
import os
import shutil
import time
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import structlog

from schemas.errors import RequestError, TransientError
from schemas.limits import MAX_FILE_BYTES
from services.connectors.github.mirrors.command import (
    GitError,
    TooMuch,
    local,
    local_pieces,
    transfer,
)
from services.connectors.github.mirrors.disk import clean, ready, size_of
from services.connectors.github.mirrors.tree import Entry, entry_of
from services.connectors.github.server.remote import NotThere, Remote
from services.connectors.github.server.scrubbing import scrubbed

log = structlog.get_logger(__name__)

#: Blobs per request: 1,000 documents of 10 KB are 10 MB.
BATCH = 1000
#: Maximum bytes of one response; larger batches are halved.
BATCH_BYTES = 256 * 1024 * 1024
#: What nobody has asked for is of a source that is gone. Else all is examined once more.
_FORGOTTEN_SECONDS = 90 * 86_400
#: Git's message if the server does not support filters; git then fetches everything.
_NO_FILTER = "filtering not recognized"
#: Git's messages about a damaged local repository.
_DAMAGED = ("does not match index", "is corrupt", "bad object", "not a git repository", "invalid index-pack")


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a blob cannot be fetched; `gone`: the server does not have it (any more)."""

    reason: str
    gone: bool


class Mirror:
    """A repository in a folder; `lock` is held by whoever fetches into it.

    Attributes:
        blobs: number of blobs fetched by this object.
        grown: whether anything was fetched.
        filters: False if the server has sent blobs that were not requested.
    """

    def __init__(self, folder: Path, stall_s: float, most_bytes: int) -> None:
        self.folder = folder
        self.lock = asyncio.Lock()
        self.blobs = 0
        self.grown = False
        self.filters = True
        self._git = folder / "repository.git"
        self._stall_s, self._most_bytes = stall_s, most_bytes

    async def has(self, oid: str) -> str | None:
        """The commit of this hash (a tag is resolved), if all its trees are here."""
        if not (self._git / "HEAD").exists():
            return None
        try:
            found = await local(self._git, "rev-parse", "--verify", "--quiet", f"{_ref(oid)}^{{commit}}")
        except GitError:
            return None
        return found.decode().strip()

    async def fetch(self, remote: Remote, oid: str) -> str:
        """Fetch a commit with its trees. Returns the commit's hash.

        Raises RequestError if the server does not have the hash, it is not a commit, or the repository is
        larger than the cache; TransientError; and the errors of `Remote`.
        """
        async with self.lock:
            if (found := await self.has(oid)) is not None:
                return found
            await ready(self._git, len(oid))
            said = await self._transfer(remote, ["--depth=1", "--", "origin", f"+{oid}:{_ref(oid)}"])
            self.filters = self.filters and _NO_FILTER not in said
            await self._require_room(remote)
            if (found := await self.has(oid)) is None:
                raise RequestError(f"{oid} is no commit of {remote.shown}")
            return found

    async def fetch_blobs(self, remote: Remote, oids: Iterable[str]) -> dict[str, Refused]:
        """Fetch missing blobs, in batches. Returns hash → why, for blobs that cannot be fetched. Raises as
        `fetch`."""
        async with self.lock:
            missing = await self.missing(oids)
            if missing:
                clean(self._git)
            refused: dict[str, Refused] = {}
            for start in range(0, len(missing), BATCH):
                await self._fetch_batch(remote, missing[start : start + BATCH], refused)
                await self._require_room(remote)
            self.blobs += len(missing) - len(refused)
            return refused

    async def _fetch_batch(self, remote: Remote, oids: Sequence[str], refused: dict[str, Refused]) -> None:
        most = BATCH_BYTES if len(oids) > 1 else max(BATCH_BYTES, MAX_FILE_BYTES)
        try:
            await self._transfer(remote, ["--stdin", "origin"], "\n".join(oids).encode() + b"\n", most)
        except (TooMuch, NotThere) as error:
            clean(self._git)
            gone = isinstance(error, NotThere)
            if len(oids) == 1:
                refused[oids[0]] = Refused(str(error), gone)
                return
            if (
                isinstance(error, NotThere) and error.oid is not None and error.oid in oids
            ):  # one bad blob fails the whole batch
                refused[error.oid] = Refused(str(error), gone)
                parts = [[oid for oid in oids if oid != error.oid]]
            else:
                half = len(oids) // 2
                parts = [list(oids[:half]), list(oids[half:])]
            for part in parts:
                await self._fetch_batch(remote, part, refused)

    async def missing(self, oids: Iterable[str]) -> list[str]:
        """The missing ones of these objects, each once, in order."""
        asked = list(dict.fromkeys(oids))
        if not asked:
            return []
        out = await self._local("cat-file", "--batch-check", stdin="\n".join(asked).encode() + b"\n")
        lines = out.decode(errors="replace").splitlines()
        if len(lines) != len(asked):
            raise TransientError("git answers for other objects than it was asked for")
        return [oid for oid, line in zip(asked, lines, strict=True) if line.endswith(" missing")]

    async def entries(self, commit: str) -> AsyncGenerator[list[Entry], None]:
        """All files of a commit in path order, in batches."""
        rest = b""
        command = ("ls-tree", "-r", "-z", "--full-tree", commit)
        try:
            async with aclosing(local_pieces(self._git, *command)) as pieces:
                async for piece in pieces:
                    *lines, rest = (rest + piece).split(b"\0")
                    yield [entry_of(line) for line in lines]
        except GitError as error:
            raise self.damaged(str(error)) from error
        if rest:
            raise TransientError("git's listing breaks off")

    async def changed(self, base: str, commit: str) -> set[bytes] | None:
        """The paths that differ between two commits; None if the first is no longer here. The second must
        be."""
        if base == commit:
            return set()
        if await self.has(base) is None:
            return None
        names = ("diff-tree", "-r", "-z", "--no-renames", "--name-only", "--no-commit-id")
        return set((await self._local(*names, base, commit)).split(b"\0")) - {b""}

    async def knows(self, remote: Remote, oid: str) -> bool:
        """Whether the server has a commit, or had it at an earlier request. Fetches it once, without its
        trees, into a separate repository beside the mirror. Raises as `fetch`."""
        async with self.lock:
            if await self.has(oid) is not None:
                return True
            pushed = await ready(self.folder / "pushed.git", len(oid))
            with suppress(GitError):
                await local(pushed, "cat-file", "-e", oid)
                return True
            try:
                await self._transfer(remote, ["--depth=1", "--", "origin", oid], into=pushed, omit="tree:0")
            except NotThere:
                return False
            return True

    async def commits(self, remote: Remote, beginning: str) -> list[str]:
        """The commits of all branches whose hashes have this prefix. Fetches only commits, into a separate
        repository beside the mirror. Raises as `fetch`."""
        async with self.lock:
            history = await ready(self.folder / "history.git")
            branches = "+refs/heads/*:refs/heads/*"
            await self._transfer(remote, ["--prune", "--", "origin", branches], into=history, omit="tree:0")
        found = (await local(history, "rev-parse", f"--disambiguate={beginning}")).decode().split()
        kinds = await local(history, "cat-file", "--batch-check", stdin="\n".join([*found, ""]).encode())
        lines = [line.split() for line in kinds.decode().splitlines()]
        return [line[0] for line in lines if line[1] == "commit"]

    def recall(self, name: str) -> dict[str, Any]:
        """A value stored beside the repository; empty if there is none or it cannot be read."""
        path = self.folder / f"{_named(name)}.json"
        try:
            found = json.loads(path.read_bytes())
            os.utime(path)
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def remember(self, name: str, what: Mapping[str, Any]) -> None:
        """Store a value beside the repository; it is deleted with the mirror, or when nobody has asked for it
        for a season: its source is gone."""
        path = self.folder / f"{_named(name)}.json"
        path.with_suffix(".new").write_text(json.dumps(what))
        path.with_suffix(".new").replace(path)
        for other in self.folder.glob("*.json"):
            with suppress(FileNotFoundError):
                if time.time() - other.stat().st_mtime > _FORGOTTEN_SECONDS:
                    other.unlink()

    @property
    def git_dir(self) -> Path:
        """The repository itself."""
        return self._git

    def discard(self) -> None:
        """Delete the mirror; the next run creates a new one."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def damaged(self, why: str) -> TransientError:
        """Delete a repository that git cannot read. Returns the error to raise; the retry creates a new
        one."""
        log.warning("mirror of a repository is damaged and made anew", folder=str(self.folder), reason=why)
        shutil.rmtree(self._git, ignore_errors=True)
        return TransientError(f"the mirror of the repository was damaged and is made anew: {why[-300:]}")

    async def _local(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """The output of a command that only fails if the repository is damaged."""
        try:
            return await local(self._git, *arguments, stdin=stdin)
        except GitError as error:
            raise self.damaged(str(error)) from error

    async def _require_room(self, remote: Remote) -> None:
        """Raise RequestError if the repository exceeds the limit of all mirrors together."""
        if await asyncio.to_thread(size_of, self.folder) > self._most_bytes:
            self.discard()
            raise RequestError(_does_not_fit(remote, self._most_bytes))

    async def _transfer(
        self,
        remote: Remote,
        what: Sequence[str],
        stdin: bytes = b"",
        most_bytes: int | None = None,
        into: Path | None = None,
        omit: str = "blob:none",
    ) -> str:
        self.grown = True
        repository = into or self._git
        most = self._most_bytes if most_bytes is None else most_bytes
        command = ["fetch", "--progress", "--no-tags", "--no-write-fetch-head", "--no-auto-gc"]
        command += ["--recurse-submodules=no", f"--filter={omit}", *what]
        settings = await remote.configuration()
        if stdin:  # what is asked for by its hash has nothing in common with what is here
            settings = {**settings, "fetch.negotiationAlgorithm": "noop"}
        try:
            return await transfer(repository, command, settings, self._stall_s, most, stdin)
        except TooMuch:
            if most_bytes is None:
                self.discard()
                raise RequestError(_does_not_fit(remote, most)) from None
            raise
        except GitError as error:
            clean(repository)
            ours = "; ".join(one for one in str(error).split("; ") if not one.startswith("remote"))
            if any(sign in ours for sign in _DAMAGED):
                raise self.damaged(scrubbed(ours)) from None
            raise await remote.explained(str(error)) from None


def _does_not_fit(remote: Remote, most: int) -> str:
    return (
        f"{remote.shown} is larger than the cache of repositories, HEADRACE_GIT_CACHE_BYTES "
        f"({most:,} bytes); raise it, or choose fewer files by include_globs"
    )


def _ref(oid: str) -> str:
    return f"refs/headrace/{oid}"


def _named(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:32]
