"""One name for a repository, however a source or a server writes it."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

#: `git@host:owner/name`: ssh as git writes it, without a scheme.
_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[^/:]+):(?P<path>(?!//).+)", re.DOTALL)
#: Other names of the same host.
_HOSTS = {"www.github.com": "github.com", "ssh.github.com": "github.com"}


class Repository(NamedTuple):
    """A repository's host and path (`owner/name`), both in lower case: equal when they are the same."""

    host: str
    path: str


def repository(text: str, default_host: str = "github.com") -> Repository:
    """What `owner/name`, a URL of any scheme and `git@host:owner/name` name. Users, ports and `.git` at the
    end do not count.

    Args:
        default_host: of `owner/name` alone.
    """
    if "://" in text:
        parts = urlsplit(text)
        host, path = _hostname(parts.netloc), parts.path
    elif found := _SCP.fullmatch(text):
        host, path = found["host"], found["path"]
    else:
        host, path = default_host, text
    host = host.lower()
    return Repository(_HOSTS.get(host, host), path.strip("/").removesuffix(".git").lower())


def renamed(text: str, path: str) -> str:
    """The same way of writing for another path (`owner/name`) on the same host."""
    if "://" in text:
        parts = urlsplit(text)
        suffix = ".git" if parts.path.endswith(".git") else ""
        return parts._replace(path=f"/{path}{suffix}").geturl()
    if found := _SCP.fullmatch(text):
        suffix = ".git" if found["path"].endswith(".git") else ""
        return f"{text[: found.start('path')]}{path}{suffix}"
    return path


def _hostname(netloc: str) -> str:
    """Without user and port; an address in brackets stays whole."""
    host = netloc.rpartition("@")[2]
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
