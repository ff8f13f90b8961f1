"""Who reads a repository: nobody, a saved token, a GitHub App; and that a token goes nowhere else."""

import asyncio
import logging
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from schemas.errors import DocumentError, RequestError
from schemas.sources.github import GithubConfig
from services.connectors.github.server import app_tokens, remote
from services.connectors.github.server.scrubbing import basic, scrubbed
from tests.processes import command_lines
from tests.services.connectors.github.git_server import App, GitServer, key_pair, serving
from tests.services.connectors.github.reading import Reader, Saved
from tests.services.connectors.github.repositories import Repository

TOKEN = "ghp_s3cret+/=tok en"  # with what URLs and base64 change


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    """A private key and its public one, in PEM."""
    return key_pair()


@pytest.fixture
def private(reader: Reader, server: GitServer, repository: Repository) -> Reader:
    """A private repository, and a source with a saved token for it."""
    repository.commit({"a.md": "a"})
    server.tokens = {TOKEN}
    return with_token(reader, TOKEN)


def contents_below(folder: Path) -> list[bytes]:
    """Of all files that are not the server's."""
    return [p.read_bytes() for p in folder.rglob("*") if p.is_file() and "served" not in p.parts]


def with_token(reader: Reader, token: str) -> Reader:
    reader.config = GithubConfig(repository="owner/repo", credential_id=1)
    reader.saved = Saved(github_token={"token": token})
    reader.restart()
    return reader


@pytest.fixture
def app(
    reader: Reader,
    server: GitServer,
    repository: Repository,
    keys: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> App:
    """A private repository, and a source of a GitHub App that is installed on it."""
    repository.commit({"a.md": "a"})
    server.tokens = set()
    server.app = App("77", keys[1], {"owner/repo": 4711})
    reader.config = GithubConfig(repository="owner/repo", app_id="77", credential_id=1)
    reader.saved = Saved(github_app={"app_id": "77", "private_key": keys[0]})
    reader.restart()
    monkeypatch.setattr(remote, "PAUSE_S", 0.0)
    return server.app


async def test_a_saved_token_reads_a_private_repository_and_every_request_has_it(
    private: Reader, server: GitServer
) -> None:
    assert (await private.read("a.md")).contents == {"a.md": b"a"}
    assert {one.token for one in server.asked} == {TOKEN}


async def test_without_a_credential_a_private_repository_asks_for_one(
    private: Reader, server: GitServer
) -> None:
    private.config = GithubConfig(repository="owner/repo")
    with pytest.raises(RequestError, match=r"401 without a credential.*--github-credential"):
        await private.read()


async def test_a_token_that_is_refused_is_never_tried_without(private: Reader, server: GitServer) -> None:
    server.tokens = {"another"}
    with pytest.raises(RequestError, match="404 with the saved credential"):
        await private.read()
    assert {one.token for one in server.asked} == {TOKEN}


async def test_a_credential_that_is_not_there_fails_the_run_without_a_request(
    private: Reader, server: GitServer
) -> None:
    private.saved = Saved()
    private.restart()
    with pytest.raises(RequestError, match="credential 1 does not exist"):
        await private.read()
    assert not server.asked
    with pytest.raises(RequestError, match="credential 1 does not exist"):
        await private.origin.check(private.config, "t")


async def test_a_token_is_in_no_command_line_no_file_no_log_and_no_error(
    private: Reader,
    server: GitServer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    commands: list[bytes] = []

    async def look(request: web.Request) -> web.Response | None:
        commands.extend(command_lines())
        return None

    server.fault = look
    await private.read("a.md")

    async def fails(request: web.Request) -> web.Response | None:
        if len(server.asked) < 3:
            return None
        said = f"{TOKEN} {quote(TOKEN)} {basic(TOKEN)} Authorization: {basic(TOKEN)}"
        line = f"ERR {said}\n".encode()
        kind = "advertisement" if request.method == "GET" else "result"
        body = b"%04x" % (len(line) + 4) + line + b"0000"
        return web.Response(body=body, content_type=f"application/x-git-upload-pack-{kind}")

    server.asked.clear()
    server.fault = fails
    private.folder = tmp_path / "other"
    private.restart()
    with pytest.raises(Exception) as failure:  # noqa: PT011 – whichever it is
        await private.read("a.md")

    forms = (TOKEN, quote(TOKEN), basic(TOKEN).removeprefix("Basic "), b64encode(TOKEN.encode()).decode())
    captured = capfd.readouterr()
    texts = [str(failure.value), caplog.text, captured.out, captured.err]
    files = contents_below(tmp_path)
    assert any(b"fetch" in command and b"git" in command for command in commands)
    assert len(files) > 5
    for form in forms:
        assert not any(form in text for text in texts)
        assert not any(form.encode() in content for content in (*commands, *files))


def test_secrets_are_scrubbed_in_every_form() -> None:
    text = f"https://x:{TOKEN}@h/a {quote(TOKEN, safe='')} {basic(TOKEN)} authorization: bearer abc"
    assert scrubbed(text, (TOKEN,)) == "https://…@h/a … Basic … authorization: …"


async def test_a_redirect_in_the_middle_of_a_fetch_takes_the_token_nowhere(
    private: Reader, server: GitServer, tmp_path: Path
) -> None:
    async with serving(tmp_path / "elsewhere") as other:

        async def elsewhere(request: web.Request) -> web.Response | None:
            if len(server.asked) <= 2:  # refs are answered, git is sent away
                return None
            target = other.url.replace("127.0.0.1", "localhost")
            return web.Response(status=302, headers={"Location": f"{target}{request.path_qs}"})

        server.fault = elsewhere
        with pytest.raises(RequestError, match="redirects to another host"):
            await private.read()
        assert not other.asked


async def test_the_git_configuration_of_user_and_system_does_not_matter(
    private: Reader, server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper, witness = tmp_path / "helper", tmp_path / "was-here"
    helper.write_text(f"#!/bin/sh\ntouch {witness}\n")
    helper.chmod(0o700)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text(
        f'[credential]\nhelper = !{helper}\n[url "http://127.0.0.1:1/"]\ninsteadOf = {server.url}/\n'
        f"[core]\nhooksPath = {tmp_path}\naskPass = {helper}\nfsmonitor = {helper}\n"
    )
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "GIT_CONFIG_GLOBAL": str(tmp_path / "home" / ".gitconfig"),
        "GIT_ASKPASS": str(helper),
        "GIT_CONFIG_PARAMETERS": f"'core.askPass={helper}'",
        "GIT_TRACE_CURL": str(tmp_path / "trace"),
        "GIT_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    assert (await private.read("a.md")).contents == {"a.md": b"a"}

    private.config = GithubConfig(repository="owner/repo")
    with pytest.raises(RequestError):
        await private.read()
    assert not witness.exists()
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    ("repository", "name"),
    [
        ("owner/repo", "owner/repo"),
        ("{url}/owner/repo", "owner/repo"),
        ("https://elsewhere.example/owner/repo", None),
        ("https://github.com/owner/repo", None),
    ],
)
async def test_only_the_server_of_the_deployment_is_read(
    reader: Reader, server: GitServer, repository: str, name: str | None
) -> None:
    url = server.url.replace("http://", "https://")
    config = GithubConfig(repository=repository.replace("{url}", url))
    if name is not None:
        assert (await reader.origin.check_run(config, "t")).repository == name
        return
    with pytest.raises(RequestError, match="HEADRACE_GITHUB_URL"):
        await reader.origin.check(config, "t")


async def test_an_app_reads_with_a_token_for_this_repository_alone(
    app: App, reader: Reader, server: GitServer
) -> None:
    assert (await reader.read("a.md")).contents == {"a.md": b"a"}
    await reader.read()

    assert app.minted == [
        {
            "path": "/app/installations/4711/access_tokens",
            "token": "ghs_token0",
            "repositories": ["repo"],
            "permissions": {"contents": "read", "metadata": "read"},
        }
    ]
    assert {one.token for one in server.asked if ".git/" in one.path} == {"ghs_token0"}


async def test_a_token_is_renewed_before_it_ends_also_in_the_middle_of_a_run(
    app: App, reader: Reader, server: GitServer
) -> None:
    app.lifetime_s = app_tokens.RENEW_S - 1
    assert (await reader.read("a.md")).contents == {"a.md": b"a"}
    assert len(app.minted) >= 3  # for refs, trees and blobs
    app.lifetime_s = app_tokens.RENEW_S + 60
    before = len(app.minted)
    await reader.read()
    await reader.read()
    assert len(app.minted) == before + 1


async def test_a_token_that_was_revoked_is_replaced(
    app: App, reader: Reader, server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reader.read()
    monkeypatch.setattr(app_tokens, "YOUNG_S", 0.0)
    server.tokens = set()
    assert (await reader.read("a.md")).contents == {"a.md": b"a"}
    assert len(app.minted) == 2


async def test_a_new_token_that_not_all_servers_know_yet_is_tried_again(
    app: App, reader: Reader, server: GitServer
) -> None:
    refusals = iter([401, 404])

    async def lags(request: web.Request) -> web.Response | None:
        if ".git/" not in request.path or (status := next(refusals, None)) is None:
            return None
        return web.Response(status=status)

    server.fault = lags
    assert (await reader.read("a.md")).contents == {"a.md": b"a"}
    assert len(app.minted) == 1


@pytest.mark.parametrize("ahead_s", [-3600.0, -90.0, 90.0, 3600.0])
async def test_a_clock_that_is_off_is_corrected(app: App, reader: Reader, ahead_s: float) -> None:
    app.ahead_s = ahead_s
    assert (await reader.read("a.md")).contents == {"a.md": b"a"}


async def test_an_app_that_is_not_installed_suspended_or_signs_wrongly_says_so(
    app: App, reader: Reader, server: GitServer, keys: tuple[str, str]
) -> None:
    app.suspended = True
    with pytest.raises(RequestError, match="of GitHub App 77 on owner/repo is suspended"):
        await reader.read()
    app.installed.clear()
    with pytest.raises(RequestError, match="GitHub App 77 is not installed on owner/repo"):
        await reader.read()
    other = rsa.generate_private_key(65537, 2048).public_key()
    app.public_key = other.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()
    app.ahead_s = 7200
    with pytest.raises(
        RequestError, match=r"cannot sign in .*private key; this machine's clock is 7\d+ s behind"
    ):
        await reader.read()
    assert not any(".git/" in one.path for one in server.asked)


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ({"app_id": "78", "private_key": "x"}, "is the key of GitHub App 78, the source names app 77"),
        ({"app_id": "77", "private_key": "hunter2"}, "no RSA key in PEM"),
        ({"app_id": "77", "private_key": ""}, "no RSA key in PEM"),
    ],
)
async def test_a_key_that_cannot_be_used_is_named_and_not_shown(
    app: App, reader: Reader, secret: dict[str, str], reason: str
) -> None:
    reader.saved = Saved(github_app=secret)
    reader.restart()
    with pytest.raises(RequestError, match=reason) as refusal:
        await reader.read()
    assert "hunter2" not in str(refusal.value)


async def test_runs_at_once_share_the_tokens_of_an_app(app: App, reader: Reader) -> None:
    await asyncio.gather(*(reader.read() for _ in range(5)))
    assert len(app.minted) == 1


async def test_files_in_lfs_are_fetched_where_a_setting_says_so(
    private: Reader, server: GitServer, repository: Repository
) -> None:
    text = b"# from LFS\n" * 100
    oid = sha256(text).hexdigest()
    server.lfs[oid] = text

    def pointer(oid: str, size: int) -> str:
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"

    repository.commit(
        {
            "in.md": pointer(oid, len(text)),
            "big.md": pointer("b" * 64, 100_000),
            "lost.md": pointer("c" * 64, 10),
            "a.png": pointer("d" * 64, 10),
        }
    )
    assert (await private.read()).listing.skipped == {
        "a.png": "in Git LFS",
        "big.md": "in Git LFS",
        "in.md": "in Git LFS",
        "lost.md": "in Git LFS",
    }
    private.restart(lfs_bytes=5000)

    found = await private.read("in.md")

    assert found.contents == {"in.md": text}
    assert found.listing.skipped == {
        "a.png": "a picture",
        "big.md": "in Git LFS, 100,000 bytes, the limit is 5,000 (HEADRACE_GITHUB_LFS_BYTES)",
    }
    with pytest.raises(DocumentError, match=r"lost\.md: in Git LFS, and its server does not have it"):
        await private.read("lost.md")
    server.lfs[oid] = b"something else"
    with pytest.raises(DocumentError, match="not this content"):
        await private.read("in.md")
