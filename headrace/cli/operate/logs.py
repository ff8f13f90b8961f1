"""`headrace logs`: what the services of a local system have logged, of one run or document."""

from collections import deque
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from headrace.cli.output import console, note, print_json, visible
from headrace.cli.settings import AsJson, DataDir, load_settings
from headrace.usage_error import UsageError

_COLOURS = {"warning": "yellow", "error": "red", "critical": "red"}
#: Shown in front of a line, or not at all.
_SHOWN = frozenset({"timestamp", "level", "service", "event", "slot", "exception"})


def logs(
    invocation: Annotated[
        str, typer.Option("--invocation", "-i", help="Only of this run: its id, or its first characters.")
    ] = "",
    document: Annotated[str, typer.Option("--document", help="Only of this document, by its key.")] = "",
    service: Annotated[str, typer.Option("--service", "-s", help="Only of this service.")] = "",
    level: Annotated[str, typer.Option(help="Minimum level: debug, info, warning or error.")] = "info",
    limit: Annotated[int, typer.Option("-n", help="Maximum number of lines, the newest.", min=1)] = 200,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show what the services of `headrace up` have logged, merged by time."""
    from headrace.local.log_files import Wanted, read_logs
    from headrace.wiring import SERVICES

    if level not in ("debug", "info", "warning", "error"):
        raise UsageError(f"--level is {level!r}: expected debug, info, warning or error")
    if service and service not in SERVICES:
        raise UsageError(f"--service is {service!r}: there are {', '.join(SERVICES)}")
    settings = load_settings(data_dir)
    wanted = Wanted(invocation, document, service, level)
    found = deque(read_logs(settings.data_dir, wanted), maxlen=limit)
    if as_json:
        print_json(list(found))
        return
    for line in found:
        _show(line)
    if not found:
        note(f"no such lines in {settings.data_dir / 'logs'}")


def _show(line: Mapping[str, Any]) -> None:
    from rich.text import Text

    level = str(line.get("level", "info"))
    shown = ((name, value) for name, value in line.items() if name not in _SHOWN and value is not None)
    fields = " ".join(f"{name}={visible(str(value))}" for name, value in shown)
    console().print(
        Text.assemble(
            (f"{str(line.get('timestamp', ''))[:19]}  ", "dim"),
            (f"{level:<8}", _COLOURS.get(level, "")),
            (f"{visible(str(line['service'])):<12}", "cyan"),
            f"{visible(str(line.get('event', '')))}  ",
            (fields, "dim"),
        )
    )
