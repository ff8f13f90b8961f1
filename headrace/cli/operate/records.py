"""`headrace dead-letters`, `blobs`: commands for operators."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.output import note, print_fields, print_json, print_rows, why
from headrace.cli.settings import AsJson, DataDir, load_settings
from headrace.usage_error import UsageError
from schemas.errors import RequestError

if TYPE_CHECKING:
    from headrace.wiring import Wiring
    from schemas.events import DeadLetter

dead_letters = typer.Typer(
    help="Records that could not be processed: list, show, replay, drop.", no_args_is_help=True
)
blobs = typer.Typer(help="Payloads in the blob store: sweep.", no_args_is_help=True)


def wiring_of(data_dir: Path | None) -> "Wiring":
    """The configured cluster, else that of the system on the data folder."""
    from headrace.admin.topics import quiet
    from headrace.local.running_file import read_running
    from headrace.logs import configure_logs
    from headrace.wiring import Wiring

    configure_logs("warning")  # what services log does not belong among what is printed

    settings = load_settings(data_dir)
    if settings.kafka_bootstrap_servers is None:
        running = read_running(settings.data_dir)
        if running is None:
            raise RequestError(
                f"no system is running on {settings.data_dir}: start it with `headrace up`, or set "
                "HEADRACE_KAFKA_BOOTSTRAP_SERVERS to a cluster"
            )
        config = Path(running.kafka_config) if running.kafka_config else None
        settings = settings.model_copy(
            update={"kafka_bootstrap_servers": running.kafka, "kafka_config": config}
        )
    wiring = Wiring(settings)
    wiring.cluster = quiet(wiring.cluster)
    return wiring


@dead_letters.command("list")
def list_letters(
    limit: Annotated[int, typer.Option("-n", help="Maximum number to show, newest first.", min=1)] = 20,
    stage: Annotated[str | None, typer.Option(help="Only of this stage.", show_default=False)] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List open dead letters, newest first; none that was replayed, dropped or superseded."""
    from headrace.admin.dead_letters import as_json as letter_json
    from headrace.admin.dead_letters import read_letters

    letters = [one for one in read_letters(wiring_of(data_dir)) if stage in (None, one.stage)][-limit:][::-1]
    if as_json:
        print_json([letter_json(letter) for letter in letters])
        return
    rows = [
        (one.id[:8], one.stage, one.document_key, why(one.error, one.document_key), one.failed_at)
        for one in letters
    ]
    print_rows(("id", "stage", "document", "error", "failed"), rows, "no dead letters")


@dead_letters.command("show")
def show_letter(
    letter_id: Annotated[str, typer.Argument(help="Id, or its first characters.", show_default=False)],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show a dead letter: its origin, its reason and its record."""
    from headrace.admin.dead_letters import as_json as letter_json
    from headrace.admin.dead_letters import choose, content_of, read_letters

    wiring = wiring_of(data_dir)
    (letter,) = choose(read_letters(wiring), [letter_id])
    if as_json:
        print_json(letter_json(letter))
        return
    print_fields(
        [
            ("id", letter.id),
            ("record", f"{letter.topic}[{letter.partition}]@{letter.offset}"),
            ("stage", letter.stage),
            ("document", letter.document_key),
            ("invocation", letter.invocation_id),
            ("failed", letter.failed_at),
            ("tries", letter.attempt),
            ("error", f"{letter.error_class}: {why(letter.error, letter.document_key)}"),
            ("holds", content_of(wiring, letter)),
        ]
    )


LetterIds = Annotated[
    list[str] | None, typer.Argument(help="Ids, or their first characters.", show_default=False)
]
AllLetters = Annotated[bool, typer.Option("--all", help="All dead letters.")]
OfStage = Annotated[str | None, typer.Option(help="With --all: only of this stage.", show_default=False)]


@dead_letters.command("replay")
def replay_letters(
    letter_ids: LetterIds = None,
    everything: AllLetters = False,
    stage: OfStage = None,
    data_dir: DataDir = None,
) -> None:
    """Send records to their original topics again. Newer versions in the collection are not overwritten."""
    import asyncio

    from headrace.admin.dead_letters import replay
    from headrace.client.progress import counted

    wiring, chosen = _chosen("replay", letter_ids, everything, stage, data_dir)
    asyncio.run(replay(wiring, chosen))
    print(f"{counted(len(chosen), 'record')} sent again")
    note("what fails again is a new dead letter: headrace dead-letters list")


@dead_letters.command("drop")
def drop_letters(
    letter_ids: LetterIds = None,
    everything: AllLetters = False,
    stage: OfStage = None,
    data_dir: DataDir = None,
) -> None:
    """Close dead letters without sending their records again: they are listed no more."""
    import asyncio

    from headrace.admin.dead_letters import drop
    from headrace.client.progress import counted

    wiring, chosen = _chosen("drop", letter_ids, everything, stage, data_dir)
    asyncio.run(drop(wiring, chosen))
    print(f"{counted(len(chosen), 'dead letter')} dropped")


def _chosen(
    command: str, letter_ids: list[str] | None, everything: bool, stage: str | None, data_dir: Path | None
) -> "tuple[Wiring, list[DeadLetter]]":
    """The letters that a command names."""
    from headrace.admin.dead_letters import choose, read_letters

    if everything == bool(letter_ids):
        raise UsageError(
            f"expected the ids of dead letters, or --all; see `headrace dead-letters {command} --help`"
        )
    wiring = wiring_of(data_dir)
    letters = read_letters(wiring)
    if everything:
        return wiring, [one for one in letters if stage in (None, one.stage)]
    return wiring, choose(letters, letter_ids or [])


@blobs.command("sweep")
def sweep(data_dir: DataDir = None) -> None:
    """Delete blobs that are older than any record that refers to them. `headrace up` does this daily."""
    import asyncio
    from datetime import timedelta

    from headrace.client.progress import counted
    from streams.blobs import BlobStore

    settings = load_settings(data_dir)
    store = BlobStore(settings.blob_url or str(settings.data_dir.absolute() / "blobs"))
    swept = asyncio.run(store.sweep(timedelta(days=settings.blob_max_age_days)))
    print(f"{counted(swept, 'blob')} older than {settings.blob_max_age_days} days swept")
