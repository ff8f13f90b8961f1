"""What a source would sync, before it is created: its listing, within limits. Nothing is written.

The same origins and the same rules as for a run decide what is read: places, endpoints, addresses and
credentials.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from schemas.api import CheckedDocument, SkippedDocuments, SourceCheck
from schemas.base import Event
from schemas.errors import RequestError, TransientError
from schemas.events import Chunking, Embedding, RunRequested, make_source
from schemas.sources import SOURCE_TYPES
from services.connectors.lister import Access, Credentials, Entry, Item, LeftOut, Lister, Skipped, Unreadable

#: What the answer names.
_FIRST, _EXAMPLES, _REASONS = 20, 3, 50
#: Disk space of the mirrors of repositories that were only looked at.
_MIRROR_BYTES = 1024**3
#: A site is asked this much less often than it has time for: robots.txt and sitemaps cost requests, too.
_SITE_SHARE = 0.6
#: The credential of a payload that brings its secret along; saved ones have nine digits.
INLINE = 1


@runtime_checkable
class Partial(Protocol):
    """A lister that lists at the end what it has found on its way."""

    def so_far(self) -> Sequence[Entry]:
        """What was found until now."""
        ...


class NothingKnown:
    """A source that never ran: implements `services.connectors.lister.Known`."""

    def keys(self) -> Iterator[str]:
        """None."""
        return iter(())

    def memo(self, key: str) -> bytes | None:
        """None."""
        return None

    def version(self, key: str) -> str | None:
        """None."""
        return None


@dataclass(frozen=True, slots=True)
class _WithInline:
    """The saved credentials, and the secret of the payload."""

    saved: Credentials
    members: Mapping[str, str] = field(repr=False)

    async def secret(self, tenant: str, credential_id: int, kind: str) -> Mapping[str, str]:
        """See `Credentials`."""
        if credential_id == INLINE:
            return self.members
        return await self.saved.secret(tenant, credential_id, kind)


class Preview:
    """Looks at sources of every type that lists.

    Args:
        make: of `services.connectors.origins`.
        access: what sources may read, the same as for runs.
        folder: of the mirrors of repositories; used by one process at a time.
    """

    def __init__(self, make: "Makes", access: Access, folder: Path) -> None:
        self._make = make
        github = replace(access.github, folder=folder, cache_bytes=_MIRROR_BYTES, push_pauses_s=())
        self._access = replace(access, github=github, web=replace(access.web, folder=None, browser=""))
        self._origins = make(self._access)

    async def look(
        self,
        kind: str,
        config: Event,
        tenant: str,
        secret: Mapping[str, str] | None,
        limit: int,
        seconds: float,
    ) -> tuple[Any, SourceCheck]:
        """The configuration as it would be stored, and what a run of it would read.

        Args:
            secret: of a payload that brings it along; its configuration has credential `INLINE`.
            limit: entries that are looked at.

        Raises RequestError for an origin that cannot be read, as a run would.
        """
        begun = time.monotonic()
        origins = self._origins
        if secret is not None:
            credentials = _WithInline(self._access.credentials, secret)
            origins = self._make(replace(self._access, credentials=credentials))
        looked, checked = _Looked(limit), config
        try:
            async with asyncio.timeout(seconds) as timeout:
                checked = await origins[kind].check(config, tenant)
                run = _run(kind, _bounded(checked, self._access, limit, seconds), tenant)
                async with aclosing(origins[kind].open(run, NothingKnown())) as lister:
                    await _list(lister, looked)
        except TimeoutError as error:
            if not timeout.expired():
                raise RequestError(f"the origin did not answer in time: {error}") from error
            looked.stopped = f"{seconds:g} s had passed (seconds)"
        except TransientError as error:
            raise RequestError(f"{error}; try again later") from error
        return checked, looked.answer(kind, checked, time.monotonic() - begun)


class Makes(Protocol):
    """Makes origins: `services.connectors.origins`."""

    def __call__(self, access: Access) -> Mapping[str, Any]:
        """The origins, by source type."""
        ...


async def _list(lister: Lister, looked: "_Looked") -> None:
    try:
        async with aclosing(lister.pages()) as pages:  # type: ignore[type-var]
            async for page in pages:
                if not looked.take(page):
                    return
        looked.complete = True
    except (asyncio.CancelledError, TimeoutError):
        if isinstance(lister, Partial):
            looked.take(lister.so_far())
        raise


def _bounded(config: Event, access: Access, limit: int, seconds: float) -> Event:
    """The configuration of a site with no more pages than there is time for."""
    if not hasattr(config, "page_limit"):
        return config
    pages = max(1, int(_SITE_SHARE * seconds / max(access.web.delay_s, 0.05)))
    wanted = config.page_limit or access.web.max_pages
    return config.model_copy(update={"page_limit": min(wanted, limit, pages)})


def _run(kind: str, config: Event, tenant: str) -> RunRequested:
    now = datetime.now(UTC)
    source = make_source(
        config,
        id="check",
        tenant=tenant,
        database="",
        type=kind,
        embedding=Embedding(model=""),
        chunking=Chunking(),
        created_at=now,
    )
    return RunRequested(invocation_id="check", source=source, collection="", requested_at=now)


class _Reasons:
    """Documents by reason, with some of their names."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}

    def add(self, reason: str, key: str | None = None, count: int = 1) -> None:
        """Count documents."""
        self._counts[reason] += count
        if key is not None:
            names = self._examples.setdefault(reason, [])
            names += [key][: _EXAMPLES - len(names)]

    def shown(self) -> list[SkippedDocuments]:
        """The most frequent reasons first."""
        return [
            SkippedDocuments(reason=reason, count=count, examples=self._examples.get(reason, []))
            for reason, count in self._counts.most_common(_REASONS)
        ]


class _Looked:
    """What was found so far."""

    def __init__(self, limit: int) -> None:
        self._limit, self._seen = limit, 0
        self._first: list[CheckedDocument] = []
        self._documents = self._bytes = self._sized = 0
        self._skipped, self._unreadable = _Reasons(), _Reasons()
        self.stopped: str | None = None
        self.complete = False

    def take(self, page: Sequence[Entry]) -> bool:
        """Count entries; False when the limit is reached."""
        for entry in page:
            if self._seen >= self._limit and not isinstance(entry, LeftOut):
                self.stopped = f"{self._limit:,} entries were looked at (limit)"
                return False
            self._seen += 1
            if isinstance(entry, Item):
                self._count(entry)
            elif isinstance(entry, Skipped):
                self._skipped.add(entry.reason, entry.key)
            elif isinstance(entry, LeftOut):
                self._skipped.add(entry.reason, count=entry.count)
            elif isinstance(entry, Unreadable):
                self._unreadable.add(entry.reason, entry.place)
        return True

    def _count(self, item: Item) -> None:
        self._documents += 1
        if item.size is not None:
            self._bytes, self._sized = self._bytes + item.size, self._sized + 1
        if len(self._first) < _FIRST:
            self._first.append(CheckedDocument(document_key=_printable(item.key), size=item.size))

    def answer(self, kind: str, config: Event, seconds: float) -> SourceCheck:
        """The answer of the API."""
        type_ = SOURCE_TYPES[kind]
        return SourceCheck(
            source=type_.shown(type_.form_of(config)),
            complete=self.complete,
            stopped=None if self.complete else self.stopped,
            documents=self._documents,
            bytes=self._bytes,
            sized=self._sized,
            first=self._first,
            skipped=self._skipped.shown(),
            unreadable=self._unreadable.shown(),
            overlapping_source_ids=[],
            notes=list(_NOTES.get(kind, ())),
            seconds=round(seconds, 3),
        )


_NOTES: Mapping[str, Sequence[str]] = {
    "folder": ("Files were not opened: a run also skips those that turn out to be binary.",),
    "web_scrape": ("Pages were fetched without a browser, and no more than there was time for.",),
}


def _printable(key: str) -> str:
    return key.encode(errors="replace").decode()
