"""What is looked at before anything starts."""

import os
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from headrace.cli.app import run
from headrace.cli.display import Startup
from headrace.cli.settings import load_settings
from headrace.local.supervisor import ProcessState, StateChange
from headrace.local.system import run_local, with_shortage
from headrace.preflight import (
    FULL_BYTES,
    START_BYTES,
    TEMPORARY_BYTES,
    browser_of,
    check_inbox,
    check_models,
    check_room,
    check_servers,
    naming_model,
    shortage,
    tables_of,
)
from headrace.usage_error import UsageError
from schemas.errors import RequestError
from schemas.limits import TRIAL_MODEL


async def never(embedded: object) -> None:
    raise AssertionError("nothing must have started")


def test_the_usual_model_and_those_that_fastembed_knows_are_served(tmp_path: Path) -> None:
    check_models(load_settings(tmp_path, embedding_models=["BAAI/bge-small-en-v1.5"]))


def test_a_model_that_nobody_serves_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^HEADRACE_EMBEDDING_MODEL is 'nope': .*served are sentence-tr"):
        check_models(load_settings(tmp_path, embedding_model="nope"))
    with pytest.raises(UsageError, match=r"^HEADRACE_EMBEDDING_MODELS is 'nope': .*not served"):
        check_models(load_settings(tmp_path, embedding_models=["nope"]))


def test_a_folder_without_a_model_is_named_with_its_setting(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, embedding_folder=tmp_path, embedding_model="ours")

    with pytest.raises(UsageError, match=r"^HEADRACE_EMBEDDING_FOLDER is .*must hold tokenizer.json"):
        check_models(settings)


def test_a_browser_is_found_or_what_is_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert browser_of(load_settings(tmp_path)) == ""
    with pytest.raises(UsageError, match=r"^HEADRACE_WEB_BROWSER is 'auto': the PATH has none of chromium, "):
        browser_of(load_settings(tmp_path, web_browser="auto"))
    with pytest.raises(UsageError, match=r"^HEADRACE_WEB_BROWSER is '/no/such': it is no program"):
        browser_of(load_settings(tmp_path, web_browser="/no/such"))
    (tmp_path / "chromium").touch(mode=0o700)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"install headrace\[browser\]"):
        browser_of(load_settings(tmp_path, web_browser="auto"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert browser_of(load_settings(tmp_path, web_browser="auto")) == str(tmp_path / "chromium")


def test_weights_that_do_not_load_are_told_with_their_setting(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, embedding_folder=tmp_path)

    with (
        pytest.raises(UsageError, match=r"^HEADRACE_EMBEDDING_FOLDER is .*: broken"),
        naming_model(settings, TRIAL_MODEL),
    ):
        raise RequestError("broken")


@pytest.mark.parametrize("called", [["up", "--port", "0"], ["service", "embedding"]])
def test_a_model_that_nobody_serves_ends_the_command_at_once(
    called: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADRACE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HEADRACE_EMBEDDING_MODEL", "nope")
    monkeypatch.setenv("HEADRACE_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")

    assert run(called) == 2
    said = capsys.readouterr().err
    assert said.startswith("headrace: HEADRACE_EMBEDDING_MODEL is 'nope': ")
    assert said.count("\n") == 1
    assert not (tmp_path / "data" / "logs").exists()


def disk(monkeypatch: pytest.MonkeyPatch, free: int, total: int = 10**12) -> None:
    """All disks have this much room."""
    usage = SimpleNamespace(total=total, used=total - free, free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage)


async def test_nothing_starts_on_a_disk_that_has_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk(monkeypatch, 1_234_567)

    with pytest.raises(
        RequestError, match=r"/data has 1,234,567 bytes free, a start .*set HEADRACE_DATA_DIR to"
    ):
        await run_local(load_settings(tmp_path / "data"), never)

    assert os.listdir(tmp_path) == []


def test_room_is_asked_for_where_temporary_files_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk(monkeypatch, START_BYTES - 1)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("headrace.preflight.START_BYTES", 0)
    check_room(tmp_path / "data")

    disk(monkeypatch, TEMPORARY_BYTES - 1)
    with pytest.raises(RequestError, match=rf"the disk of {tmp_path} has .* set TMPDIR to"):
        check_room(tmp_path / "data")


def test_a_disk_that_does_not_say_how_large_it_is_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk(monkeypatch, 0, total=0)
    check_room(tmp_path)


def test_a_full_disk_is_told_and_one_with_room_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk(monkeypatch, FULL_BYTES)
    assert shortage(tmp_path) == ""
    disk(monkeypatch, 4096)
    assert shortage(tmp_path) == f"the disk of {tmp_path} (HEADRACE_DATA_DIR) is full: 4,096 bytes free"


def test_a_death_on_a_full_disk_is_told_with_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    disk(monkeypatch, 0)
    death = StateChange("broker", ProcessState.WAITING, exit_status=1, pause_s=2, reason="Halted")

    with Startup() as startup:
        with_shortage(startup.changed, tmp_path)(death)

    said = (
        f"broker ended with 1: the disk of {tmp_path} (HEADRACE_DATA_DIR) is full: 0 bytes free; starts again"
    )
    assert said in capsys.readouterr().err


def test_a_file_of_tables_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    file = tmp_path / "tables.toml"
    file.write_text(
        '[[tables]]\ntopic = "headrace.documents"\ncollection = "docs"\nkey = "id"\ntext = "name"\n'
    )

    with pytest.raises(UsageError) as error:
        tables_of(load_settings(tmp_path, inbox_tables=file))

    assert str(error.value) == f"HEADRACE_INBOX_TABLES is {str(file)!r}: topic 'headrace.documents' is ours"
    assert tables_of(load_settings(tmp_path)) == {}


@pytest.mark.parametrize(
    ("tenant", "allowed", "blamed"),
    [
        ("default_tenant", [], None),
        ("default_tenant", ["default_tenant/docs", "default_tenant"], None),
        ("other", [], "HEADRACE_INBOX_TENANT is 'other': "),
        (
            "default_tenant",
            ["default_tenant", "other/docs"],
            "HEADRACE_INBOX_ALLOWED is 'default_tenant, other/docs': ",
        ),
        ("default_tenant", ["*"], "HEADRACE_INBOX_ALLOWED is '*': "),
    ],
)
def test_an_inbox_that_would_write_to_the_databases_of_another_tenant_is_refused_at_the_start(
    tmp_path: Path, tenant: str, allowed: list[str], blamed: str | None
) -> None:
    inbox = {"inbox_tenant": tenant, "inbox_allowed": allowed}
    check_inbox(load_settings(tmp_path, **inbox))  # Chroma keeps the tenants apart
    settings = load_settings(tmp_path, chroma_tenant="account", **inbox)
    if blamed is None:
        check_inbox(settings)
        return
    with pytest.raises(UsageError, match=f"^{re.escape(blamed)}.*HEADRACE_CHROMA_TENANT"):
        check_inbox(settings)


def test_an_image_of_the_services_says_which_servers_it_cannot_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_servers(load_settings(tmp_path))

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        RequestError, match=r"the package jgo is not installed.*HEADRACE_KAFKA_BOOTSTRAP_SERVERS"
    ):
        check_servers(load_settings(tmp_path))
    with pytest.raises(RequestError, match=r"the package chromadb is not installed.*HEADRACE_CHROMA_URL"):
        check_servers(load_settings(tmp_path, kafka_bootstrap_servers="k:9092"))
    check_servers(load_settings(tmp_path, kafka_bootstrap_servers="k:9092", chroma_url="http://c:8000"))
