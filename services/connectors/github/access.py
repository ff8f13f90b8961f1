"""The git server of repositories, and the disk space for their mirrors."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

#: The first run fetches all blobs of a commit; the Linux kernel's newest has 1.5 GB.
CACHE_BYTES = 10 * 1024**3


@dataclass(frozen=True, slots=True)
class GithubAccess:
    """The deployment's settings for repositories.

    Attributes:
        url: of the server; repositories are at `url/owner/repo`.
        api_url: of its REST API; None derives it from `url`. Only GitHub Apps need it.
        folder: of the mirrors; None if the process has none.
        cache_bytes: maximum disk space of all mirrors together.
        lfs_bytes: files in LFS up to this size are fetched; 0 skips them all.
        stall_s: a transfer that receives nothing for this long is aborted.
        push_pauses_s: pauses between attempts to see a commit that a webhook announced.
    """

    url: str = "https://github.com"
    api_url: str | None = None
    folder: Path | None = None
    cache_bytes: int = CACHE_BYTES
    lfs_bytes: int = 0
    stall_s: float = 60.0
    push_pauses_s: Sequence[float] = (2, 5, 15, 60)

    @property
    def base(self) -> str:
        """`url` without a slash at its end."""
        return self.url.rstrip("/")

    @property
    def api(self) -> str:
        """URL of the REST API: GitHub has a separate host for it, GitHub Enterprise uses `/api/v3`."""
        if self.api_url is not None:
            return self.api_url.rstrip("/")
        if urlsplit(self.base).hostname == "github.com":
            return "https://api.github.com"
        return f"{self.base}/api/v3"
