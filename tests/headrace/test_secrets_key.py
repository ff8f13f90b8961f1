"""The keys that encrypt saved credentials: preset, or made once and kept for their owner alone."""

import stat
from pathlib import Path

import pytest

from headrace.cli.settings import load_settings
from headrace.secrets_key import (
    add_secrets_key,
    keep_secrets_key,
    secrets_file,
    secrets_keys,
    secrets_of,
)
from schemas.errors import RequestError
from streams.secrets import SecretsKey


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "new")
    assert secrets_keys(settings) == []

    keep_secrets_key(settings)
    [made] = secrets_keys(settings)
    keep_secrets_key(settings)

    assert secrets_keys(settings) == [made]
    assert stat.S_IMODE(secrets_file(settings.data_dir).stat().st_mode) == 0o600


def test_a_new_key_stands_in_front_and_the_old_one_stays(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    old = add_secrets_key(tmp_path)
    running = secrets_of(settings)
    sealed = running.seal({"token": "t"}, "c")

    new = add_secrets_key(tmp_path)

    assert secrets_keys(settings) == [new, old]
    assert running.open(sealed, "c") == {"token": "t"}
    running.reload()
    assert running.key_id == new.id


def test_a_preset_key_comes_first_and_none_is_made(tmp_path: Path) -> None:
    new, old = SecretsKey.new(), SecretsKey.new()
    settings = load_settings(data_dir=tmp_path, secrets_key=f"{new.text}, {old.text}")

    keep_secrets_key(settings)

    assert secrets_keys(settings) == [new, old]
    assert not secrets_file(tmp_path).exists()
    with pytest.raises(RequestError, match="HEADRACE_SECRETS_KEY: a key is 32 random bytes"):
        secrets_keys(load_settings(data_dir=tmp_path, secrets_key="short"))
