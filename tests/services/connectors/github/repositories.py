"""Bare repositories that tests commit to, without a working tree: any path, link or submodule is possible."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: bytes


@dataclass(frozen=True)
class Submodule:
    """A commit of another repository."""

    sha: str = "1" * 40


Content = bytes | str | Link | Submodule | None
_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "LC_ALL": "C",
}


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """What a git command prints."""
    command = ["git", "-C", str(folder), *arguments]
    run = subprocess.run(command, input=stdin, capture_output=True, env=_ENVIRONMENT, check=False)
    assert run.returncode == 0, run.stderr.decode(errors="replace")
    return run.stdout


class Repository:
    """A bare repository below the root of a `GitServer`."""

    def __init__(self, root: Path, name: str, *init: str) -> None:
        self.name = name
        self.path = root / f"{name}.git"
        self.path.mkdir(parents=True)
        git(self.path, "init", "--quiet", "--bare", "--initial-branch=main", *init)
        for key, value in {"allowFilter": "true", "allowAnySHA1InWant": "true"}.items():
            git(self.path, "config", f"uploadpack.{key}", value)

    def commit(self, changes: Mapping[Any, Content], branch: str = "main", afresh: bool = False) -> str:
        """Change files, by paths as text or bytes (None removes one), in a new commit of a branch; its hash.
        With `afresh` the branch begins anew: history is rewritten."""
        ref = f"refs/heads/{branch}"
        stream = [f"commit {ref}\ncommitter t <t@example.org> 1700000000 +0000\ndata 0\n".encode()]
        known = subprocess.run(
            ["git", "-C", str(self.path), "rev-parse", "-q", "--verify", ref],
            capture_output=True,
            check=False,
        )
        if known.returncode == 0 and not afresh:
            stream.append(f"from {ref}^0\n".encode())
        for path, content in changes.items():
            stream.append(_change(os.fsencode(path), content))
        git(self.path, "fast-import", "--quiet", "--force", stdin=b"".join(stream))
        return self.sha(ref)

    def branch(self, name: str, changes: Mapping[Any, Content]) -> str:
        """Begin a branch at the newest commit of main, with a commit; its hash."""
        git(self.path, "branch", name, "main")
        return self.commit(changes, branch=name)

    def sha(self, name: str = "main") -> str:
        """The hash that a name means."""
        return git(self.path, "rev-parse", "--verify", name).decode().strip()

    def blob(self, path: str, name: str = "main") -> str:
        """The hash of a file."""
        return self.sha(f"{name}:{path}")

    def tree(self, name: str = "main") -> dict[str, str]:
        """What `git ls-tree` lists of files: path → hash of the blob."""
        lines = git(self.path, "ls-tree", "-r", "-z", name).split(b"\0")[:-1]
        found = {}
        for line in lines:
            head, _, path = line.partition(b"\t")
            mode, _, sha = head.decode().split(" ")
            if mode.startswith("100"):
                found[path.decode(errors="surrogateescape")] = sha
        return found


def _change(path: bytes, content: Content) -> bytes:
    quoted = b'"' + b"".join(b"\\%03o" % letter for letter in path) + b'"'
    if content is None:
        return b"D " + quoted + b"\n"
    if isinstance(content, Submodule):
        return b"M 160000 " + content.sha.encode() + b" " + quoted + b"\n"
    mode, body = (b"120000", content.target) if isinstance(content, Link) else (b"100644", _bytes(content))
    return b"M " + mode + b" inline " + quoted + b"\ndata %d\n" % len(body) + body + b"\n"


def _bytes(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content
