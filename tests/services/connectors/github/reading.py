"""Reads a repository as a run does."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import RequestError
from schemas.events import RunOptions
from schemas.sources.github import GithubConfig, GithubOptions
from services.connectors.github.access import GithubAccess
from services.connectors.github.lister import GithubLister
from services.connectors.github.origin import GithubOrigin
from services.connectors.lister import Access
from tests.services.connectors.fakes import requested
from tests.services.connectors.fakes import source as make_source
from tests.services.connectors.github.git_server import GitServer
from tests.services.connectors.github.repositories import git
from tests.services.connectors.listing import Known, Listing


class Saved:
    """Saved credentials: id → kind → members."""

    def __init__(self, **kinds: Mapping[str, str]) -> None:
        self.kinds = kinds

    async def secret(self, tenant: str, credential_id: int, kind: str) -> Mapping[str, str]:
        if kind not in self.kinds:
            raise RequestError(f"credential {credential_id} does not exist")
        return self.kinds[kind]


@dataclass
class Read:
    """What a run has found: `contents` are those that it was asked to read."""

    listing: Listing
    facts: Mapping[str, Any]
    contents: dict[str, bytes]

    @property
    def versions(self) -> dict[str, str | None]:
        return {key: item.version for key, item in self.listing.items.items()}


class Reader:
    """Runs of one repository, one after the other, on mirrors in `folder`."""

    def __init__(self, server: GitServer, folder: Path, **access: Any) -> None:
        self.folder = folder
        self.saved = Saved()
        self._server, self._access = server, access
        self.config = GithubConfig(repository="owner/repo")
        self.collection = "library"
        self.origin_id: str | None = None
        self.restart()

    def restart(self, **access: Any) -> None:
        """A new process, with the same folder."""
        self._access |= access
        settings = {"url": self._server.url, "folder": self.folder, "stall_s": 10.0, **self._access}
        self.origin = GithubOrigin(Access(github=GithubAccess(**settings), credentials=self.saved))

    @asynccontextmanager
    async def opened(
        self, known: Any = None, source: str = "source-1", **options: str
    ) -> AsyncIterator[GithubLister]:
        """A lister, as a run of a source opens it."""
        kept = {"id": source, "origin_id": self.origin_id}
        run = requested(make_source(self.config, "github").model_copy(update=kept)).event
        asked = RunOptions.model_validate({"github": GithubOptions(**options)}) if options else None
        run = run.model_copy(update={"options": asked, "collection": self.collection})
        lister = self.origin.open(run, known or Known())
        assert isinstance(lister, GithubLister)
        try:
            yield lister
        finally:
            await lister.aclose()

    async def read(self, *keys: str, known: Any = None, **options: str) -> Read:
        """List, then read these keys."""
        async with self.opened(known, **options) as lister:
            listing = await Listing.of(lister)
            contents = {key: (await lister.read(listing.items[key])).body for key in keys}
            return Read(listing, lister.facts(), contents)

    async def sync(self, before: Mapping[str, str | None], **options: str) -> Read:
        """List, then read what differs from before, as a run does."""
        async with self.opened(**options) as lister:
            listing = await Listing.of(lister)
            new = [item for key, item in listing.items.items() if before.get(key) != item.version]
            contents = {item.key: (await lister.read(item)).body for item in new}
            return Read(listing, lister.facts(), contents)

    def blobs(self) -> set[str]:
        """The blobs that are in any mirror."""
        found: set[str] = set()
        for mirror in self.folder.glob("*/repository.git"):
            lines = git(mirror, "cat-file", "--batch-all-objects", "--batch-check").decode().splitlines()
            found |= {line.split()[0] for line in lines if line.split()[1] == "blob"}
        return found
