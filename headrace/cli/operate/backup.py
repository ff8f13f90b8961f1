"""`headrace backup` and `headrace restore`: a data folder as one file."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.settings import DataDir, load_settings

if TYPE_CHECKING:
    from headrace.settings import Settings


def backup(
    file: Annotated[
        Path,
        typer.Argument(help="File to write, .tar, .tar.gz or .tgz.", dir_okay=False, show_default=False),
    ],
    data_dir: DataDir = None,
) -> None:
    """Back up the data folder, with its keys, into one file (0600).

    A running system pauses meanwhile, for a second or two.
    """
    from headrace.cli.output import console
    from headrace.local.backup import back_up

    settings = load_settings(data_dir)
    manifest = back_up(settings.data_dir, file, lambda said: print(said, file=sys.stderr))
    print(f"{file}: {manifest.files:,} files, {manifest.size:,} bytes; it holds keys, keep it safe")
    for elsewhere in _elsewhere(settings):
        console(stderr=True).print(f"[yellow]not in it[/] {elsewhere}")


def restore(
    file: Annotated[
        Path,
        typer.Argument(help="File of `headrace backup`.", exists=True, dir_okay=False, show_default=False),
    ],
    data_dir: DataDir = None,
) -> None:
    """Restore a backup as the data folder, which must be empty or not there. `headrace up` starts it."""
    from headrace.local.backup import restore as restore_file

    settings = load_settings(data_dir)
    manifest = restore_file(file, settings.data_dir)
    named = "" if data_dir is None else f" --data-dir {shlex.quote(str(data_dir))}"
    print(
        f"{settings.data_dir}: {manifest.files:,} files of {manifest.created_at}, written by headrace "
        f"{manifest.headrace}; `headrace up{named}` starts it"
    )


def _elsewhere(settings: "Settings") -> list[str]:
    """What the settings keep outside of the data folder."""
    found = {
        "topics: HEADRACE_KAFKA_BOOTSTRAP_SERVERS names a cluster": settings.kafka_bootstrap_servers,
        "collections: HEADRACE_CHROMA_URL names a server": settings.chroma_url,
        "blobs: HEADRACE_BLOB_URL names another place": settings.blob_url,
        "the admin key: HEADRACE_API_KEY": settings.api_key,
        "the keys of credentials: HEADRACE_SECRETS_KEY": settings.secrets_key,
    }
    return [f"{what} (docs/backup.md)" for what, setting in found.items() if setting is not None]
