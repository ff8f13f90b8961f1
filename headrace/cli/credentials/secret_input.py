"""Where a secret is read from: the environment, a pipe, or a prompt that does not show it."""

import json
import os
import sys
from collections.abc import Mapping, Sequence

from headrace.usage_error import UsageError
from streams.secrets import KINDS

_VARIABLES: Mapping[str, Sequence[str]] = {
    "aws": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    "github_token": ("GITHUB_TOKEN",),
    "github_app": ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY"),
}
_PROMPTS: Mapping[str, str] = {
    "access_key_id": "Access key id",
    "secret_access_key": "Secret access key",
    "token": "Token",
    "app_id": "App id",
    "private_key": "Private key (PEM, or the path of its file)",
}
#: More than a private key has; whatever is longer is another file.
_MOST_BYTES = 64 * 1024


def read_secret(kind: str, from_env: bool) -> dict[str, str]:
    """The members of a secret of a kind. Raises UsageError for one that is missing."""
    members = KINDS[kind]
    if from_env:
        found = [os.environ.get(name, "").strip() for name in _VARIABLES[kind]]
        if missing := [name for name, value in zip(_VARIABLES[kind], found, strict=True) if not value]:
            raise UsageError(f"--from-env: {', '.join(missing)} not set")
        return dict(zip(members, found, strict=True))
    if sys.stdin.isatty():
        return _asked(members)
    return parse_secret(sys.stdin.read(_MOST_BYTES), kind)


def parse_secret(text: str, kind: str) -> dict[str, str]:
    """The members of a secret in a text: a JSON object, or one a line, the last to the end.

    Raises UsageError, which does not repeat the text.
    """
    members = KINDS[kind]
    if text.lstrip().startswith("{"):
        try:
            found = json.loads(text)
        except ValueError:
            raise UsageError("standard input begins as JSON and is none") from None
        values = [found.get(member) for member in members] if set(found) == set(members) else []
    else:
        values = [*text.strip().split("\n", len(members) - 1)]
    if len(values) != len(members) or not all(isinstance(value, str) and value.strip() for value in values):
        raise UsageError(
            f"standard input must hold {' and '.join(members)}, one a line or as a JSON object; in a "
            "terminal they are asked for"
        )
    return {member: str(value).strip() for member, value in zip(members, values, strict=True)}


def _asked(members: Sequence[str]) -> dict[str, str]:
    import getpass
    from pathlib import Path

    found = {}
    for member in members:
        value = getpass.getpass(f"{_PROMPTS[member]}: ").strip()
        if member == "private_key" and value and "-----" not in value:  # a key has lines, a prompt has one
            value = Path(value).expanduser().read_text().strip()
        if not value:
            raise UsageError(f"{_PROMPTS[member]} is empty")
        found[member] = value
    return found
