"""Which files earlier runs have looked at, and why some of them are left out."""

import os
from collections.abc import Sequence

from schemas.globs import Choice
from services.connectors.github.mirrors.mirror import Mirror
from services.connectors.github.mirrors.tree import Entry
from services.connectors.lister import Known

#: Verdicts that are remembered of a repository; more of them are found out again.
_MOST_VERDICTS = 200_000


class Seen:
    """What earlier runs have looked at: they need not see it again to say whether it is a document.

    A hint, and no more: what is missing here is fetched once more.
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
        """What is remembered beside a mirror. With another limit for LFS other files are left out, so all are
        looked at again."""
        last = mirror.recall(purpose)
        base = last.get("commit") if last.get("lfs_bytes") == lfs_bytes else None
        changed = await mirror.changed(str(base), commit) if base else None
        return cls(mirror, changed, last.get("include_globs"), known, f"left out {lfs_bytes}")

    def has(self, entry: Entry) -> bool:
        """Whether an earlier run has said of this very file what it is."""
        if self.verdict(entry) is not None:
            return True
        same = self._changed is not None and entry.path not in self._changed
        if same and (self._choice is None or self._choice.has(entry.path)):
            return True
        # A look at the disk, so last: what is beside the mirror is lost with it, memos are not.
        return self._known.memo(entry.key) == entry.oid.encode()

    def judge(self, entry: Entry, reason: str | None) -> None:
        """What a file was found to be."""
        if reason is not None and len(self._verdicts) < _MOST_VERDICTS:
            self._verdicts[self._key(entry)] = reason
            self._news = True

    def verdict(self, entry: Entry) -> str | None:
        """Why a file is left out, None if it is not."""
        return self._verdicts.get(self._key(entry)) if self._verdicts else None

    def keep(self) -> None:
        """For the runs to come."""
        if self._news:
            self._mirror.remember(self._name, self._verdicts)

    @staticmethod
    def _key(entry: Entry) -> str:
        """The name counts, too: it decides whether a binary file is a document."""
        return f"{entry.oid} {os.path.splitext(entry.path)[1].lower().decode(errors='backslashreplace')}"
