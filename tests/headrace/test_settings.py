"""Settings: documented, read from the environment, refused with a reason."""

from pathlib import Path

import pytest

from headrace.cli.settings import Misuse, load_settings
from headrace.settings import Settings, render

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_about_settings_is_up_to_date() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == render(), "run `make docs`"


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_what_is_given_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_PORT", "1000")
    monkeypatch.setenv("HEADRACE_HOST", "::1")

    settings = load_settings(port=2000, host=None)

    assert (settings.port, settings.host) == (2000, "::1")


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_FOLDER_ROOTS", "/srv/a, /srv/b,")

    assert load_settings().folder_roots == ["/srv/a", "/srv/b"]


def test_librdkafka_properties_come_from_the_environment() -> None:
    given = {"HEADRACE_KAFKA_SASL_USERNAME": "me", "HEADRACE_KAFKA_BOOTSTRAP_SERVERS": "b:1", "HOME": "/"}

    assert load_settings().kafka_properties(given) == {"sasl.username": "me"}


def test_a_value_that_is_none_is_named_and_keys_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_LOG_LEVEL", "loud")

    with pytest.raises(Misuse, match="HEADRACE_LOG_LEVEL is 'loud': Input should be 'debug'"):
        load_settings()
    assert "secret" not in repr(load_settings(log_level="info", api_key="secret"))
