"""Which server repositories are on, and what their mirrors may take of the disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

#: A first index keeps the blobs of a repository; the Linux kernel's newest commit has 1.5 GB.
CACHE_BYTES = 10 * 1024**3


@dataclass(frozen=True, slots=True)
class GithubAccess:
    """What the deployment says of repositories.

    Attributes:
        url: of the server; repositories are at `url/owner/repo`.
        api_url: of its REST API; None derives it from `url`. Only GitHub Apps need it.
        folder: of the mirrors; None where a process keeps none.
        cache_bytes: what the mirrors may take of the disk together.
        lfs_bytes: files in LFS up to this size are fetched; 0 skips them all.
        stall_s: a transfer of which nothing arrives for so long is given up.
        push_pauses_s: between tries to see a commit that a webhook has told of.
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
        """Where the REST API is: GitHub has it on a host of its own, GitHub Enterprise below `/api/v3`."""
        if self.api_url is not None:
            return self.api_url.rstrip("/")
        if urlsplit(self.base).hostname == "github.com":
            return "https://api.github.com"
        return f"{self.base}/api/v3"
