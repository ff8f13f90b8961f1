"""The keys that encrypt saved credentials: preset by a setting, else kept in the data folder."""

from pathlib import Path

from headrace.settings import Settings
from streams.private import write_private
from streams.secrets import Secrets, SecretsKey


def secrets_file(data_dir: Path) -> Path:
    """Where the keys of a data folder are kept, one a line, the newest first."""
    return data_dir / "secrets.key"


def secrets_keys(settings: Settings) -> list[SecretsKey]:
    """`HEADRACE_SECRETS_KEY`, else the keys of the data folder; none when there is neither."""
    if settings.secrets_key is not None:
        return _parsed(settings.secrets_key.get_secret_value().split(","))
    try:
        return _parsed(secrets_file(settings.data_dir).read_text().splitlines())
    except FileNotFoundError:
        return []


def secrets_of(settings: Settings) -> Secrets:
    """What encrypts and decrypts with these keys; a file is read again when it has to be."""
    return Secrets(lambda: secrets_keys(settings))


def keep_secrets_key(settings: Settings) -> None:
    """Make a key, for the owner of the data folder alone, when there is none."""
    if not secrets_keys(settings):
        add_secrets_key(settings.data_dir)


def add_secrets_key(data_dir: Path) -> SecretsKey:
    """Put a new key in front of those of the data folder."""
    data_dir.mkdir(parents=True, exist_ok=True)
    file, made = secrets_file(data_dir), SecretsKey.new()
    older = file.read_text() if file.exists() else ""
    write_private(file, f"{made.text}\n{older}")
    return made


def drop_older_secrets_keys(data_dir: Path) -> None:
    """Keep the newest key of the data folder alone: nothing is encrypted with the others any more."""
    file = secrets_file(data_dir)
    write_private(file, file.read_text().splitlines()[0] + "\n")


def _parsed(lines: list[str]) -> list[SecretsKey]:
    return [SecretsKey.parse(line) for line in lines if line.strip()]
