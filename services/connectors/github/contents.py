"""Decide from its bytes and path whether a blob is indexed, or why it is skipped."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from schemas.limits import MAX_FILE_BYTES
from services.connectors.binary import BINARY, binary_rule, is_binary

#: Pictures are not read in repositories: most are icons.
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".tiff", ".tif", ".heic", ".bmp", ".ico"})
#: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: a pointer has less than 1,024 bytes.
_POINTER = re.compile(
    rb"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1\n"
    rb"(?:ext-[^\n]*\n)*oid sha256:(?P<oid>[0-9a-f]{64})\nsize (?P<size>[0-9]{1,18})\n"
)
_POINTER_BYTES = 1024

LINK = "a symbolic link, which is not followed"
SUBMODULE = "a submodule, which is another repository"
PICTURE = "a picture"


@dataclass(frozen=True, slots=True)
class Pointer:
    """A file in Git LFS: the SHA-256 and size of its content."""

    oid: str
    size: int


def pointer(body: bytes) -> Pointer | None:
    """The LFS file that a blob points to, if it is a Git LFS pointer."""
    if len(body) >= _POINTER_BYTES or not (found := _POINTER.match(body)):
        return None
    return Pointer(found["oid"].decode(), int(found["size"]))


def rules(lfs_bytes: int) -> str:
    """Identifies the rules of `left_out`. With others, everything is examined again."""
    return f"1 {binary_rule()} {lfs_bytes}"


def left_out(key: str, size: int, head: bytes, lfs_bytes: int = 0) -> str | None:
    """Why a blob is not a document; None if it is one.

    Args:
        size: of the whole blob.
        head: its first `HEAD_BYTES`.
        lfs_bytes: files in LFS up to this size are fetched.
    """
    if size > MAX_FILE_BYTES:
        return f"{size:,} bytes, the limit is {MAX_FILE_BYTES:,}"
    suffix = PurePosixPath(key).suffix.lower()
    if (found := pointer(head) if size < _POINTER_BYTES else None) is not None:
        if found.size > lfs_bytes:
            limit = f", the limit is {lfs_bytes:,} (HEADRACE_GITHUB_LFS_BYTES)" if lfs_bytes else ""
            return f"in Git LFS, {found.size:,} bytes{limit}" if lfs_bytes else "in Git LFS"
        return PICTURE if suffix in PICTURES else None
    if suffix in PICTURES:
        return PICTURE
    return BINARY if is_binary(key, head) else None
