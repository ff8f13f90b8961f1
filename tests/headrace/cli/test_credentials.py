"""`headrace credentials`: secrets come from a prompt, a pipe or the environment, and are shown by nobody."""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from headrace.cli import credentials as module
from headrace.cli.app import run
from headrace.cli.credentials.secret_input import parse_secret
from headrace.secrets_key import add_secrets_key, secrets_file
from headrace.usage_error import UsageError
from schemas.api import CredentialSummary, RotatedCredentials

PAIR = {"access_key_id": "AKIA-marked", "secret_access_key": "marked"}
SUMMARY = {
    "id": 123456789,
    "kind": "aws",
    "name": "docs",
    "hint": "…WXYZ",
    "key_id": "0123abcd",
    "created_at": "2026-01-01T00:00:00Z",
    "source_ids": [],
}


class Gateway:
    """A client, as the commands call it."""

    def __init__(self) -> None:
        self.created: list[Any] = []
        self.failed: list[str] = []
        self.deleted: list[int] = []

    async def credentials(self) -> list[CredentialSummary]:
        return [CredentialSummary.model_validate_json(json.dumps(SUMMARY))]

    async def create_credential(self, payload: Any) -> CredentialSummary:
        self.created.append(payload)
        return (await self.credentials())[0]

    async def delete_credential(self, credential_id: int) -> None:
        self.deleted.append(credential_id)

    async def rotate_credentials(self) -> RotatedCredentials:
        return RotatedCredentials(key_id="0123abcd", rotated=2, failed=self.failed)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gateway:
    found = Gateway()

    def ask(data_dir: Path | None, use: Callable[[Any], Awaitable[Any]]) -> Any:
        async def asked() -> Any:
            return await use(found)

        return asyncio.run(asked())

    monkeypatch.setattr(module, "ask", ask)
    monkeypatch.setenv("HEADRACE_DATA_DIR", str(tmp_path))
    for name in ("HEADRACE_URL", "HEADRACE_SECRETS_KEY"):
        monkeypatch.delenv(name, raising=False)
    return found


def test_a_deletion_is_confirmed_and_a_wrong_id_is_named(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["credentials", "delete", "7"]) == 0
    assert run(["credentials", "delete", "nosuch"]) == 2

    assert gateway.deleted == [7]
    said = capsys.readouterr()
    assert said.out == "credential 7 is deleted\n"
    assert said.err == "headrace: 'nosuch' is no id of a credential, see `headrace credentials list`\n"


def test_a_secret_is_taken_from_the_environment(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA-marked")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "marked")

    assert run(["credentials", "create", "docs", "--from-env"]) == 0

    assert gateway.created == [{"kind": "aws", "name": "docs", "secret": PAIR}]


def test_a_variable_that_is_not_set_is_named(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA-marked")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)

    assert run(["credentials", "create", "docs", "--from-env"]) == 2

    told = capsys.readouterr()
    assert "AWS_SECRET_ACCESS_KEY not set" in told.err
    assert "marked" not in told.out + told.err


def test_a_secret_is_taken_from_a_pipe(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("ghp_marked\n"))

    assert run(["credentials", "create", "bot", "--kind", "github_token", "--json"]) == 0

    assert gateway.created == [{"kind": "github_token", "name": "bot", "secret": {"token": "ghp_marked"}}]


def test_a_terminal_is_asked_without_showing_the_answer(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "app.pem").write_text("-----BEGIN KEY-----\nmarked\n")
    answers = {"App id: ": "77", "Private key (PEM, or the path of its file): ": str(tmp_path / "app.pem")}
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", answers.__getitem__)

    assert run(["credentials", "create", "app", "--kind", "github_app"]) == 0

    [made] = gateway.created
    assert made["secret"] == {"app_id": "77", "private_key": "-----BEGIN KEY-----\nmarked"}


@pytest.mark.parametrize(
    ("kind", "text", "members"),
    [
        ("aws", "AKIA\nsecret\n", {"access_key_id": "AKIA", "secret_access_key": "secret"}),
        ("aws", json.dumps(PAIR), PAIR),
        ("github_app", "77\n-----BEGIN\nx\n", {"app_id": "77", "private_key": "-----BEGIN\nx"}),
        ("github_token", "t", {"token": "t"}),
    ],
)
def test_members_are_one_a_line_or_json(kind: str, text: str, members: dict[str, str]) -> None:
    assert parse_secret(text, kind) == members


@pytest.mark.parametrize(
    "text", ["", "marked", "marked\n", '{"marked', '{"access_key_id": "marked"}', '{"a": 1}']
)
def test_what_is_no_secret_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_secret(text, "aws")
    assert "marked" not in str(refused.value)


def test_a_list_shows_what_tells_credentials_apart(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["credentials", "list"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split("\t")[:6] == [
        "123456789",
        "aws",
        "docs",
        "…WXYZ",
        "0",
        "0123abcd",
    ]


def test_rotating_makes_a_key_and_removes_the_older_ones_in_the_end(gateway: Gateway, tmp_path: Path) -> None:
    old = add_secrets_key(tmp_path)

    assert run(["credentials", "rotate"]) == 0

    [new] = secrets_file(tmp_path).read_text().split()
    assert new != old.text


def test_older_keys_stay_while_they_are_needed(
    gateway: Gateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = add_secrets_key(tmp_path)
    gateway.failed = ["credential 1 (docs): no"]

    assert run(["credentials", "rotate"]) == 1

    assert secrets_file(tmp_path).read_text().split()[1:] == [old.text]
    assert "older keys are still needed: credential 1 (docs)" in capsys.readouterr().err


def test_in_a_deployment_no_key_is_made_here(
    gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEADRACE_URL", "http://127.0.0.1:1")

    assert run(["credentials", "rotate"]) == 0

    assert not secrets_file(tmp_path).exists()
    assert "no longer needed" in capsys.readouterr().err
