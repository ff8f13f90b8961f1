"""Settings: documented, read from the environment, refused with a reason."""

import re
from pathlib import Path
from typing import Any

import pytest

from headrace.cli.settings import load_settings
from headrace.settings import Settings
from headrace.settings.page import render
from headrace.usage_error import UsageError
from streams.data_dir import default_data_dir

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_about_settings_is_up_to_date() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == render(), "run `make docs`"


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_variable_that_the_code_names_is_a_setting() -> None:
    known = {f"HEADRACE_{name.upper()}" for name in Settings.model_fields}
    sources = [
        path
        for package in ("api", "headrace", "services", "streams")
        for path in (ROOT / package).rglob("*.py")
    ]
    named = {
        name for path in sources for name in re.findall(r"\bHEADRACE_[A-Z][A-Z_]*[A-Z]\b", path.read_text())
    }

    assert {name for name in named if not name.startswith("HEADRACE_KAFKA_")} - known == set()


def test_what_is_given_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_PORT", "1000")
    monkeypatch.setenv("HEADRACE_HOST", "::1")

    settings = load_settings(port=2000, host=None)

    assert (settings.port, settings.host) == (2000, "::1")


def test_every_list_is_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = [name for name, field in Settings.model_fields.items() if field.annotation == list[str]]
    for name in lists:
        monkeypatch.setenv(f"HEADRACE_{name.upper()}", "http://a, http://b,")
    read = {name: getattr(load_settings(), name) for name in lists}
    assert read == {name: ["http://a", "http://b"] for name in lists}

    monkeypatch.setenv("HEADRACE_FOLDER_ROOTS", "/srv/a, /srv/b,")

    assert load_settings().folder_roots == ["/srv/a", "/srv/b"]


def test_a_list_with_commas_in_it_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_FOLDER_ROOTS", '["/srv/a, b"]')
    assert load_settings().folder_roots == ["/srv/a, b"]

    monkeypatch.setenv("HEADRACE_FOLDER_ROOTS", '["/srv/a')
    with pytest.raises(UsageError, match=r"HEADRACE_FOLDER_ROOTS is .*it begins with"):
        load_settings()


def test_librdkafka_properties_come_from_the_environment() -> None:
    given = {"HEADRACE_KAFKA_SASL_USERNAME": "me", "HEADRACE_KAFKA_BOOTSTRAP_SERVERS": "b:1", "HOME": "/"}

    assert load_settings().kafka_properties(given) == {"sasl.username": "me"}


def test_a_file_of_librdkafka_properties_comes_before_the_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "client.properties"
    file.write_text("bootstrap.servers=b:1\nsasl.password=kept\n")
    monkeypatch.setenv("HEADRACE_KAFKA_CONFIG", str(file))
    given = {"HEADRACE_KAFKA_SASL_PASSWORD": "other", "HEADRACE_KAFKA_LINGER_MS": "1"}

    settings = load_settings()

    assert settings.kafka_bootstrap_servers == "b:1"
    assert settings.kafka_properties(given) == {"sasl.password": "kept", "linger.ms": "1"}
    assert load_settings(kafka_bootstrap_servers="c:2").kafka_bootstrap_servers == "c:2"


def test_a_file_of_properties_that_cannot_be_read_names_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_KAFKA_CONFIG", str(tmp_path / "none"))

    with pytest.raises(UsageError, match=r"HEADRACE_KAFKA_CONFIG is .*none cannot be read"):
        load_settings()


def test_a_value_that_is_none_is_named_and_keys_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_LOG_LEVEL", "loud")

    with pytest.raises(UsageError, match="HEADRACE_LOG_LEVEL is 'loud': Input should be 'debug'"):
        load_settings()
    given: Any = {"api_key": "marked", "secrets_key": "marked", "github_webhook_secret": "marked"}
    assert "marked" not in repr(load_settings(log_level="info", **given))


def test_a_variable_that_is_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEADRACE_API_KEY", "HEADRACE_DATA_DIR", "HEADRACE_PORT"):
        monkeypatch.setenv(name, "")

    settings = load_settings()

    assert (settings.api_key, settings.data_dir, settings.port) == (None, default_data_dir(), 8383)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HEADRACE_PORT", "65536", "less than or equal to 65535"),
        ("HEADRACE_METRICS_PORT", "-1", "greater than or equal to 0"),
        ("HEADRACE_URL", "127.0.0.1:8383", "it must begin with http:// or https://"),
        ("HEADRACE_CHROMA_URL", "chroma:8000", "it must begin with http:// or https://"),
    ],
)
def test_ports_and_urls_are_checked_before_anything_starts(
    name: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(UsageError, match=f"{name} is '{value}': .*{expected}"):
        load_settings()


def test_a_key_fits_a_header(monkeypatch: pytest.MonkeyPatch) -> None:
    key = load_settings(api_key="hr-1\n").api_key
    assert key is not None
    assert key.get_secret_value() == "hr-1"
    monkeypatch.setenv("HEADRACE_API_KEY", "two\nlines")

    with pytest.raises(UsageError, match=r"HEADRACE_API_KEY: .*printable ASCII") as refusal:
        load_settings()
    assert "two" not in str(refusal.value)
