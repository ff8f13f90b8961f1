"""The admin key: preset by a setting, else created once and stored in the data folder."""

import os
import secrets
from pathlib import Path

from headrace.settings import Settings
from schemas.errors import RequestError

_BYTES = 32


def key_file(data_dir: Path) -> Path:
    """The file of the key of a data folder."""
    return data_dir / "admin.key"


def admin_key(settings: Settings) -> str:
    """`HEADRACE_API_KEY`, or the key of the data folder; created (mode 0600) if there is none."""
    if settings.api_key is not None:
        return settings.api_key.get_secret_value()
    path = key_file(settings.data_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if key := path.read_text().strip():
            return key
        raise RequestError(f"{path} is empty: remove it, and the next start writes a new key") from None
    key = f"hr-{secrets.token_urlsafe(_BYTES)}"
    with os.fdopen(handle, "w") as file:
        file.write(key + "\n")
    return key
