"""Below what folders sources are taken, on one machine."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from headrace.cli.settings import load_settings
from headrace.client.connect import Endpoint, with_gateway
from headrace.local import system as embedded
from headrace.local.services import default_roots
from headrace.settings import Settings
from headrace.wiring import Wiring, places_of


async def settings_of_own_system(
    settings: Settings, root: str | None, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """The settings with which a command starts a system of its own."""
    seen: list[Settings] = []

    async def run(settings: Settings, use: Callable[[object], Awaitable[None]], on_change: object) -> None:
        seen.append(settings)

    async def nothing(endpoint: Endpoint) -> None:
        raise AssertionError("nothing was started")

    monkeypatch.setattr(embedded, "run_local", run)
    await with_gateway(settings, nothing, root=root)
    return seen[0]


def test_they_are_the_home_and_the_current_folder_of_who_starts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "a,b").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "a,b")

    assert default_roots() == [str(tmp_path / "home"), str(tmp_path / "a,b")]
    monkeypatch.setenv("HEADRACE_FOLDER_ROOTS", json.dumps(default_roots()))  # as a service is given them
    assert load_settings().folder_roots == default_roots()


async def test_a_command_that_starts_the_system_takes_what_it_was_called_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(tmp_path / "data")
    started = await settings_of_own_system(settings, "/srv/notes", monkeypatch)
    assert started.folder_roots == [*default_roots(), "/srv/notes"]

    chosen = load_settings(tmp_path / "data", folder_roots=["/srv/a"])
    assert (await settings_of_own_system(chosen, "/srv/b", monkeypatch)).folder_roots == ["/srv/a", "/srv/b"]
    assert (await settings_of_own_system(chosen, None, monkeypatch)).folder_roots == ["/srv/a"]


@pytest.mark.parametrize("url", ["{folder}", "file://{folder}"])
def test_the_folder_of_the_blobs_is_never_a_source_however_it_is_named(tmp_path: Path, url: str) -> None:
    blobs = tmp_path / "the blobs"
    (blobs / "2026-01-31").mkdir(parents=True)
    settings = load_settings(
        tmp_path / "data",
        blob_url=url.format(folder=blobs if "://" not in url else quote(str(blobs))),
        folder_roots=[str(tmp_path)],
        kafka_bootstrap_servers="127.0.0.1:9",
    )

    places = places_of(Wiring(settings))

    assert "never a source" in (places.refusal(blobs / "2026-01-31") or "")
    assert places.refusal(tmp_path / "notes") is None
