"""The files that earlier runs have examined, and why some of them are skipped."""

import os
from collections.abc import Sequence

from schemas.globs import Choice
from services.connectors.github.contents import rules
from services.connectors.github.mirrors.mirror import Mirror
from services.connectors.github.mirrors.tree import Entry
from services.connectors.lister import Known

#: Stored verdicts per repository; files beyond that are examined again.
_MOST_VERDICTS = 200_000


class Seen:
    """Files that earlier runs have examined, so that they need not be fetched again to decide whether they
    are documents.

    Only a cache: whatever is missing is fetched again.
    """

    def __init__(
        self,
        mirror: Mirror,
        changed: set[bytes] | None,
        globs: Sequence[str] | None,
        known: Known,
        name: str,
    ) -> None:
        """`changed` since the last listing, None for everything; `globs` are those of the last listing."""
        self._mirror, self._changed, self._known, self._name = mirror, changed, known, name
        self._choice = Choice(globs) if globs else None
        self._verdicts: dict[str, str] = mirror.recall(name)
        self._news = False

    @classmethod
    async def of(cls, mirror: Mirror, purpose: str, commit: str, known: Known, lfs_bytes: int) -> "Seen":
        """Load what is stored beside a mirror. Other rules skip other files, so then everything is examined
        again."""
        last, now = mirror.recall(purpose), rules(lfs_bytes)
        base = last.get("commit") if last.get("rules") == now else None
        changed = await mirror.changed(str(base), commit) if base else None
        return cls(mirror, changed, last.get("include_globs"), known, f"left out {now}")

    def has(self, entry: Entry) -> bool:
        """Whether an earlier run has examined exactly this file."""
        if self.verdict(entry) is not None:
            return True
        same = self._changed is not None and entry.path not in self._changed
        if same and (self._choice is None or self._choice.has(entry.path)):
            return True
        # A disk access, so last. Memos survive the loss of the mirror.
        return self._known.memo(entry.key) == entry.oid.encode()

    def judge(self, entry: Entry, reason: str | None) -> None:
        """Record the verdict on a file."""
        if reason is not None and len(self._verdicts) < _MOST_VERDICTS:
            self._verdicts[self._key(entry)] = reason
            self._news = True

    def verdict(self, entry: Entry) -> str | None:
        """Why a file is skipped; None if it is not."""
        return self._verdicts.get(self._key(entry)) if self._verdicts else None

    def keep(self) -> None:
        """Store the verdicts for later runs."""
        if self._news:
            self._mirror.remember(self._name, self._verdicts)

    @staticmethod
    def _key(entry: Entry) -> str:
        """The key of a verdict. It includes the name, which decides whether a binary file is a document."""
        return f"{entry.oid} {os.path.splitext(entry.path)[1].lower().decode(errors='backslashreplace')}"
