"""The admin key of a data folder: made once, and never empty."""

import stat
from pathlib import Path

import pytest

from headrace.admin_key import admin_key, key_file
from headrace.cli.settings import load_settings
from schemas.errors import RequestError


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "new")
    made = admin_key(settings)
    assert made.startswith("hr-")
    assert admin_key(settings) == made
    assert stat.S_IMODE(key_file(settings.data_dir).stat().st_mode) == 0o600


def test_an_empty_file_is_named_and_is_no_key(tmp_path: Path) -> None:
    """As a full disk leaves it."""
    settings = load_settings(data_dir=tmp_path)
    key_file(tmp_path).touch()
    with pytest.raises(RequestError, match=r"admin\.key is empty: remove it"):
        admin_key(settings)
