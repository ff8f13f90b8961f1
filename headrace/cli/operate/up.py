"""`headrace up` and `headrace service`: run the system or one service."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.settings import DataDir, load_settings

if TYPE_CHECKING:
    from headrace.local.system import LocalSystem
    from headrace.settings import Settings


def up(
    data_dir: DataDir = None,
    port: Annotated[
        int | None,
        typer.Option("--port", "-p", help="Port of the gateway; 0 chooses a free one.", show_default="8383"),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="Default embedding model: the trial model, a name of HEADRACE_MODELS, or one that fastembed "
            "knows.",
            show_default=False,
        ),
    ] = None,
    cancel_move: Annotated[
        bool,
        typer.Option(
            "--cancel-move",
            help="Go on here after `headrace topics copy --stay-stopped`, if the system does not run there.",
        ),
    ] = False,
) -> None:
    """Run everything on this machine until Ctrl-C: broker, Chroma, all services, the gateway."""
    import asyncio
    import contextlib

    from headrace.cli.display import Startup
    from headrace.local.running_file import Interrupted
    from headrace.preload import MAIN, PRELOAD
    from streams.processes.forked import Forks

    settings = load_settings(data_dir, port=port, embedding_model=model)
    _check_traces()

    with Startup() as startup:

        async def serve(embedded: "LocalSystem") -> None:
            startup.ready()
            _print_ready(settings, embedded)
            await asyncio.Event().wait()

        async def run() -> None:
            with contextlib.closing(Forks(PRELOAD, MAIN)) as forks:  # it loads while this process does
                from headrace.local.system import run_local

                await run_local(settings, serve, startup.changed, forks, cancel_move)

        try:
            asyncio.run(run())
        except Interrupted:
            startup.stopped()


def _check_traces() -> None:
    """Refuse what the services would refuse. A missing package is only reported, because OTEL_* variables may
    be those of the whole machine."""
    import sys

    from streams.tracing import startup

    try:
        startup.check()
    except startup.MissingPackage as error:
        sys.stderr.write(f"headrace: no traces: {error}\n")


def _print_ready(settings: "Settings", embedded: "LocalSystem") -> None:
    """One line for programs; more for people in a terminal."""
    import sys

    from headrace.admin_key import key_file
    from headrace.cli.output import print_fields
    from headrace.embedding_models import models_of

    served = models_of(settings)
    print(f"ready {embedded.running.url}", flush=True)
    if not sys.stdout.isatty():  # a log must not hold the key
        return
    print_fields(
        [
            ("  key", embedded.key if settings.api_key is None else "set by HEADRACE_API_KEY"),
            ("", None if settings.api_key else f"stored in {key_file(settings.data_dir)}"),
            ("  model", f"{served.default} ({served.told(served.default)}): {served.why}"),
            ("  chroma", embedded.running.chroma_url),
            ("  kafka", embedded.running.kafka),
            ("", embedded.running.kafka_config and f"with the settings in {embedded.running.kafka_config}"),
            ("  logs", settings.data_dir / "logs"),
        ]
    )
    print("Ctrl-C stops it.", flush=True)


def service(
    name: Annotated[
        str,
        typer.Argument(
            help="connectors, parsing, chunking, embedding, indexing, searching, tracking or api.",
            show_default=False,
        ),
    ],
    data_dir: DataDir = None,
) -> None:
    """Run one service against HEADRACE_KAFKA_BOOTSTRAP_SERVERS, for deployments. SIGTERM drains it."""
    import asyncio

    from headrace.logs import configure_logs
    from headrace.wiring import run_service
    from streams.data_dir import open_data_dir

    settings = load_settings(_absolute(data_dir))
    open_data_dir(settings.data_dir)
    configure_logs(settings.log_level)
    asyncio.run(run_service(name, settings))


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.absolute()
