"""One run of a repository: its files at one commit.

A page of the listing takes three steps: list paths and hashes and apply the patterns; fetch, in one batch,
the blobs that no earlier run has examined; decide what each of them is.
"""

import os
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass

from schemas.errors import DocumentError, RequestError, TransientError
from schemas.events import MetadataValue
from schemas.globs import Choice
from schemas.limits import MAX_FILE_BYTES
from schemas.sources.github import GithubConfig, GithubOptions
from services.connectors.binary import HEAD_BYTES
from services.connectors.github.contents import LINK, SUBMODULE, left_out, pointer, rules
from services.connectors.github.mirrors import blobs
from services.connectors.github.mirrors.cache import Mirrors
from services.connectors.github.mirrors.history import full_hash
from services.connectors.github.mirrors.mirror import BATCH, Mirror
from services.connectors.github.mirrors.tree import Entry
from services.connectors.github.pushed import refs_with
from services.connectors.github.seen import Seen
from services.connectors.github.server.lfs import Lfs
from services.connectors.github.server.refs import HEADS, Refs
from services.connectors.github.server.remote import Remote
from services.connectors.lister import Content, Item, Known, Skipped, Unreadable
from services.connectors.lister import Entry as Listed


@dataclass(frozen=True, slots=True)
class Target:
    """What a run reads: a commit, and the branch that led to it."""

    oid: str
    branch: str | None = None


class GithubLister:
    """The files of a commit. Blobs that an earlier run has examined are only fetched if they are read."""

    when_empty = "Is it the right branch, and do the patterns match?"
    in_order = True
    only: Sequence[str] | None = None

    def __init__(
        self,
        config: GithubConfig,
        options: GithubOptions | None,
        remote: Remote,
        mirrors: Mirrors,
        known: Known,
        purpose: str,
        lfs: Lfs,
        push_pauses_s: Sequence[float] = (),
    ) -> None:
        """`purpose` separates what different sources and collections have seen of the repository."""
        #: Called before a fetch. Raises RequestError if new content must not be read.
        self.before_a_fetch: Callable[[], Awaitable[None]] = _always
        self._push_pauses_s = push_pauses_s
        self._config, self._options, self._remote = config, options or GithubOptions(), remote
        self._mirrors, self._known, self._purpose, self._lfs = mirrors, known, purpose, lfs
        self._choice = Choice(config.include_globs) if config.include_globs else None
        self._opened = AsyncExitStack()
        self._mirror: Mirror | None = None
        self._blobs: blobs.Blobs | None = None
        self._blobs_before = 0
        self._facts: dict[str, MetadataValue] = {}
        self._commit: str | None = None
        self._listed = False
        self._ahead = 1

    def facts(self) -> Mapping[str, MetadataValue]:
        """The commit, its branch, and the blobs that were fetched."""
        fetched = self._mirror.blobs - self._blobs_before if self._mirror else 0
        return {**self._facts, "blobs_fetched": fetched}

    async def pages(self) -> AsyncIterator[Sequence[Listed]]:
        """Files in order of their paths. Raises RequestError, TransientError."""
        mirror = self._mirror = await self._opened.enter_async_context(self._mirrors.use(self._remote.url))
        self._blobs_before = mirror.blobs
        target = await self._target(mirror)
        if target is None:  # a repository without commits
            self._listed = True
            return
        self._commit = await mirror.has(target.oid)
        if self._commit is None:
            await self.before_a_fetch()
            self._commit = await mirror.fetch(self._remote, target.oid)
        self._facts["commit"] = self._commit
        if target.branch:
            self._facts["branch"] = target.branch
        if self._remote.moved_to is not None:
            self._facts["moved_to"] = self._remote.moved_to
        if not mirror.filters:
            self._facts["partial_clone"] = "not supported by the server, so all blobs were fetched"
        self._blobs = await self._opened.enter_async_context(blobs.opened(mirror))
        seen = await Seen.of(mirror, self._purpose, self._commit, self._known, self._lfs.most_bytes)
        last = b""
        async with aclosing(_batches(mirror, self._commit)) as batches:
            async for batch in batches:
                last = _require_order(last, batch)
                yield await self._page(mirror, seen, batch)
        seen.keep()
        self._listed = True

    async def read(self, item: Item) -> Content:
        """A blob. Raises DocumentError if the server no longer has it."""
        assert self._mirror is not None
        assert self._blobs is not None
        assert item.version is not None
        found = await self._blobs.read(item.version, MAX_FILE_BYTES)
        if found is None:
            await self._fetch_from(item)
            found = await self._blobs.read(item.version, MAX_FILE_BYTES)
        if found is None:
            raise DocumentError(f"{item.key}: the server does not have this version any more")
        size, body = found
        if size > MAX_FILE_BYTES:
            raise DocumentError(f"{item.key}: {size:,} bytes, the limit is {MAX_FILE_BYTES:,}")
        if (points_to := pointer(body)) is not None:
            return Content(await self._lfs.fetch(self._remote, item.key, points_to))
        return Content(body)

    async def aclose(self) -> None:
        """Store what this run has seen, and release the mirror."""
        if self._listed and self._mirror is not None and self._commit is not None:
            seen = {
                "commit": self._commit,
                "include_globs": self._config.include_globs,
                "rules": rules(self._lfs.most_bytes),
            }
            self._mirror.remember(self._purpose, seen)
        await self._opened.aclose()

    async def _target(self, mirror: Mirror) -> Target | None:
        """The commit to read; None for a repository without commits. Every run asks the server, so that lost
        access is noticed even if nothing has changed."""
        sha, branch = self._options.sha, self._options.branch
        short = sha is not None and len(sha) < 40
        prefixes = [HEADS, "refs/tags/"] if short else [f"{HEADS}{branch}"] if branch else []
        refs = await self._refs(mirror, prefixes)
        if sha is not None:
            if short:
                return Target(await full_hash(mirror, self._remote, refs, sha))
            if any(len(oid) != len(sha) for oid in refs.hashes.values()):
                raise RequestError(
                    f"{self._remote.shown} has no commit {sha}: its hashes have another length"
                )
            return Target(sha)
        name = f"{HEADS}{branch}" if branch not in (None, "HEAD") else None
        if name is None and "HEAD" in refs.hashes:
            return Target(refs.hashes["HEAD"], (refs.head or "").removeprefix(HEADS) or None)
        if name is not None and name in refs.hashes:
            return Target(refs.hashes[name], branch)
        await self._require_empty(refs, branch)
        return None

    async def _refs(self, mirror: Mirror, prefixes: Sequence[str]) -> Refs:
        after = self._options.after
        if after is None or self._options.branch is None:
            return await self._remote.refs(prefixes)
        return await refs_with(
            self._remote, mirror, f"{HEADS}{self._options.branch}", after, self._push_pauses_s
        )

    async def _require_empty(self, refs: Refs, branch: str | None) -> None:
        """Raises RequestError unless the repository is empty."""
        default = (refs.head or "").removeprefix(HEADS)
        branches = refs.hashes if "HEAD" in refs.hashes else (await self._remote.refs([HEADS])).hashes
        if not branches and branch in (None, "HEAD", default):
            return
        what = f"no branch {branch!r}" if branch not in (None, "HEAD") else "no default branch"
        is_default = f"; its default branch is {default!r}" if default and default != branch else ""
        raise RequestError(f"{self._remote.shown} has {what} (any more){is_default}. Nothing was deleted")

    async def _page(self, mirror: Mirror, seen: Seen, batch: Sequence[Entry]) -> list[Listed]:
        chosen = [entry for entry in batch if self._choice is None or self._choice.has(entry.path)]
        new = [entry for entry in chosen if _is_file(entry) and not seen.has(entry)]
        refused = await mirror.fetch_blobs(self._remote, [entry.oid for entry in new])
        gone = {oid: one.reason for oid, one in refused.items() if one.gone}
        for entry in new:
            if entry.oid not in gone:
                one = refused.get(entry.oid)
                seen.judge(entry, one.reason if one else await self._verdict(entry))
        return [_listed(entry, seen.verdict(entry), gone.get(entry.oid)) for entry in chosen]

    async def _verdict(self, entry: Entry) -> str | None:
        assert self._blobs is not None
        found = await self._blobs.read(entry.oid, HEAD_BYTES)
        if found is None:
            raise TransientError(f"the git server has not sent {entry.key} ({entry.oid}) that it lists")
        return left_out(entry.key, *found, self._lfs.most_bytes)

    async def _fetch_from(self, item: Item) -> None:
        """Fetch a blob that was not expected to be read, together with the following ones, twice as many each
        time. So refilling a collection takes few requests, and reading one document fetches one blob."""
        assert self._mirror is not None
        assert self._commit is not None
        wanted = [item.version or ""]
        start = os.fsencode(item.key)
        async with aclosing(_batches(self._mirror, self._commit)) as batches:
            async for batch in batches:
                behind = [e.oid for e in batch if e.path > start and _is_file(e) and self._chosen(e)]
                wanted += behind[: self._ahead - len(wanted)]
                if len(wanted) >= self._ahead:
                    break
        self._ahead = min(self._ahead * 2, BATCH)
        await self._mirror.fetch_blobs(self._remote, wanted)

    def _chosen(self, entry: Entry) -> bool:
        return self._choice is None or self._choice.has(entry.path)


async def _always() -> None:
    """Everything may be read."""


def _listed(entry: Entry, verdict: str | None, gone: str | None) -> Listed:
    if entry.mode == "120000":
        return Skipped(entry.key, LINK)
    if entry.mode == "160000":
        return Skipped(entry.key, SUBMODULE)
    if gone is not None:
        return Unreadable(entry.key, gone, alone=True)
    if verdict is not None:
        return Skipped(entry.key, verdict)
    return Item(entry.key, entry.oid, memo=entry.oid.encode())


async def _batches(mirror: Mirror, commit: str) -> AsyncGenerator[list[Entry], None]:
    """All entries, in batches of the size that is fetched together."""
    waiting: list[Entry] = []
    async with aclosing(mirror.entries(commit)) as pieces:
        async for piece in pieces:
            waiting += piece
            while len(waiting) >= BATCH:
                yield waiting[:BATCH]
                waiting = waiting[BATCH:]
    if waiting:
        yield waiting


def _require_order(last: bytes, batch: Iterable[Entry]) -> bytes:
    """The last path. Raises RequestError for trees that are not in git's order, because a path could occur
    twice."""
    for entry in batch:
        if entry.path <= last:
            raise RequestError("the repository's trees are damaged: their entries are not in order")
        last = entry.path
    return last


def _is_file(entry: Entry) -> bool:
    return entry.mode.startswith("100")
