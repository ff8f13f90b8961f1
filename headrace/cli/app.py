"""The tree of commands, and the only place that turns errors into messages."""

import os
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from headrace.cli import (
    content,
    credentials,
    documents,
    events,
    indexed_documents,
    query,
    resources,
    sources,
    webhooks,
)
from headrace.cli.operate import backup, doctor, logs, mcp, records, reembed, topics, up, verify
from headrace.cli.output import fail, print_in_any_encoding, unwrapped
from headrace.cli.traced import traced

#: `typer.BadParameter` is public, the class of all mistakes in how a command was called is not.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]

#: Exit statuses: as Unix has them, and 128 + SIGINT for what a user broke off.
_FAILURE, _USAGE, _BROKEN_OFF = 1, 2, 130

#: Commands that only read a file, whatever its name.
_READS_FILES = (["parse"], ["chunk"])

PURPOSE = (
    "Keep a Chroma collection in sync with a folder, a repository, a website or a bucket: parsed, chunked, "
    "embedded, indexed."
)


class _PlainFlags:
    """Shows nothing behind a flag in the help, where Typer shows `<bool>`: a flag takes no value."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, as the base class has them."""
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for one in params:
            if getattr(one, "is_flag", False) and one.metavar is None:
                one.metavar = ""
        return params


class _Command(_PlainFlags, TyperCommand):
    pass


class _Group(_PlainFlags, TyperGroup):
    pass


app = typer.Typer(
    name="headrace",
    help=PURPOSE,
    epilog="Every setting is an environment variable HEADRACE_…; docs/settings.md lists them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(rich_help_panel="Run")(up.up)
app.command(rich_help_panel="Sync and search")(content.sync)
app.command(rich_help_panel="Sync and search")(query.query)
app.command(rich_help_panel="Sync and search")(mcp.mcp)
app.add_typer(events.events, name="events", rich_help_panel="Sync and search")
app.command(rich_help_panel="Inspect documents")(documents.parse)
app.command(rich_help_panel="Inspect documents")(documents.chunk)
app.add_typer(sources.sources, name="sources", rich_help_panel="API")
app.add_typer(resources.invocations, name="invocations", rich_help_panel="API")
app.add_typer(indexed_documents.collections, name="collections", rich_help_panel="API")
app.add_typer(indexed_documents.documents, name="documents", rich_help_panel="API")
app.add_typer(webhooks.webhooks, name="webhooks", rich_help_panel="API")
app.add_typer(resources.keys, name="keys", rich_help_panel="API")
app.add_typer(credentials.credentials, name="credentials", rich_help_panel="API")
app.add_typer(records.dead_letters, name="dead-letters", rich_help_panel="Operate")
app.add_typer(topics.topics, name="topics", rich_help_panel="Operate")
app.add_typer(records.blobs, name="blobs", rich_help_panel="Operate")
app.command(rich_help_panel="Operate")(doctor.doctor)
app.command(rich_help_panel="Operate")(logs.logs)
app.command(rich_help_panel="Operate")(backup.backup)
app.command(rich_help_panel="Operate")(backup.restore)
app.command(rich_help_panel="Operate")(verify.verify)
app.command(rich_help_panel="Operate")(reembed.reembed)
app.command(rich_help_panel="Operate")(up.service)
for _group in [app, *filter(None, (group.typer_instance for group in app.registered_groups))]:
    _group.info.cls = _Group
    for _command in _group.registered_commands:
        _command.cls = _Command
        _command.help = unwrapped(_command.callback.__doc__ or "") if _command.callback else None


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"headrace {version('headrace')}")
        raise typer.Exit


@app.callback(help=PURPOSE)
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """What precedes the command. The help is `PURPOSE`."""


def run(arguments: list[str]) -> int:
    """Run the command; returns its exit status. Errors are one line on standard error, never a traceback."""
    print_in_any_encoding()
    if arguments[:1] not in _READS_FILES and (odd := [one for one in arguments if not _is_utf8(one)]):
        shown = odd[0].encode(errors="surrogateescape").decode(errors="backslashreplace")
        return _failed(f"the argument {shown!r} is not UTF-8", _USAGE)
    try:
        with traced(app, arguments):
            status = app(arguments, prog_name="headrace", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except typer.Exit as end:
        return int(end.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _failed("broken off", _BROKEN_OFF)
    except _UsageError as error:
        return _misused(error)
    except Exception as error:
        return _described(error)


def _is_utf8(argument: str) -> bool:
    """Python decodes bytes of an argument that are not UTF-8 as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in argument)


def _misused(error: Exception) -> int:
    # Typer's errors know the command that was called; `headrace sources` alone shows its help.
    context = getattr(error, "ctx", None)
    message = str(getattr(error, "format_message", lambda: error)())
    path = getattr(context, "command_path", "headrace")
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(message)
        return _USAGE
    return _failed(f"{message.rstrip('.')}; see `{path} --help`", _USAGE)


def _described(error: Exception) -> int:
    if os.environ.get("HEADRACE_LOG_LEVEL", "").lower() == "debug":
        import traceback

        traceback.print_exception(error)
    from headrace.cli.interrupt import exit_status
    from headrace.local.running_file import Interrupted
    from headrace.usage_error import UsageError
    from schemas.errors import IngestError

    if isinstance(error, Interrupted):
        return _failed("broken off", exit_status(error))
    if isinstance(error, UsageError):
        return _failed(str(error), _USAGE)
    if isinstance(error, IngestError):
        return _failed(str(error), _FAILURE)
    if type(error).__name__ == "KafkaException":  # confluent_kafka is not loaded for a name
        return _failed(f"Kafka: {error.args[0].str()} (HEADRACE_KAFKA_…, docs/deployment.md)", _FAILURE)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return _failed(f"{where}{error.strerror}", _FAILURE)
    return _failed(
        f"unexpected error: {type(error).__name__}: {error}; "
        "HEADRACE_LOG_LEVEL=debug shows the traceback, please report it",
        _FAILURE,
    )


def _failed(message: str, status: int) -> int:
    fail(message)
    return status
