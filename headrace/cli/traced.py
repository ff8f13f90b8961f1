"""A span around a command that calls a gateway, so that its requests are one trace."""

import contextlib
import os
from collections.abc import Iterator, Sequence

import typer

#: Commands that only send requests. Those of others are services, or send nothing.
_COMMANDS = frozenset({"sync", "query", "sources", "invocations", "keys", "credentials", "dead-letters"})


@contextlib.contextmanager
def traced(app: typer.Typer, arguments: Sequence[str]) -> Iterator[None]:
    """Trace the command, if it is one of these and OTEL_* variables ask for it (docs/tracing.md)."""
    if (
        not arguments
        or arguments[0] not in _COMMANDS
        or not any(name.startswith("OTEL_") for name in os.environ)
    ):
        yield
        return
    from streams import tracing
    from streams.tracing import startup

    try:
        end = startup.start("command", str(os.getpid()))
    except startup.MissingPackage:  # it works without; `headrace doctor` says what is missing
        yield
        return
    try:
        with tracing.span(_name(app, arguments), parent={}):
            yield
    finally:
        end()


def _name(app: typer.Typer, arguments: Sequence[str]) -> str:
    """The command's name, without what it was called with, which may be a secret."""
    found: object = typer.main.get_command(app)
    words = ["headrace"]
    for argument in arguments[:2]:
        found = getattr(found, "commands", {}).get(argument)
        if found is None:
            break
        words.append(argument)
    return " ".join(words)
