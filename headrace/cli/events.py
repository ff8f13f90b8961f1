"""`headrace events`: send events to the inbox."""

import sys
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from headrace.cli.output import fail, visible
from headrace.cli.settings import AsJson, DataDir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headrace.admin.event_lines import Answer, Event

events = typer.Typer(help="Documents from your own programs: send.", no_args_is_help=True)

_FAILED = 1


@events.command("send")
def send(
    file: Annotated[
        str, typer.Argument(help="File with an event on each line; - is standard input.", show_default=False)
    ],
    collection: Annotated[
        str | None, typer.Option("--collection", "-c", help="Of lines that name none.", show_default=False)
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say which lines are wrong.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> int:
    """Send JSON events to the topic inbox: documents that are new, changed or gone.

    A line is {"collection": "docs", "document_key": "a.md", "content": "Text"}; a null content deletes.

    Lines that are wrong are named and left out, all others are sent.
    """
    from headrace.admin.event_lines import send_events
    from headrace.cli.operate.records import wiring_of
    from headrace.client.progress import counted
    from schemas.errors import RequestError

    told = _Told(as_json)
    try:
        opened: BinaryIO = sys.stdin.buffer if file == "-" else open(file, "rb")  # noqa: SIM115
    except OSError as error:
        raise RequestError(f"{file}: {error.strerror}") from None
    with opened as lines:
        found = told.events_in(lines, collection)
        if check:
            right = sum(1 for _ in found)
            told.note(f"{counted(right, 'event')}, {counted(told.wrong, 'line')} wrong")
        else:
            wiring = wiring_of(data_dir)
            send_events(wiring.cluster, found, told.tell)
            told.note(f"{counted(told.sent, 'event')} sent, {counted(told.wrong, 'line')} not sent")
    return _FAILED if told.wrong else 0


class _Told:
    """Says what became of each line: as JSON of every line, else of those that are wrong."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self.sent = self.wrong = 0

    def events_in(self, lines: BinaryIO, collection: str | None) -> "Iterator[Event]":
        from headrace.admin.event_lines import Answer, events_in

        for found in events_in(lines, collection):
            if isinstance(found, Answer):
                self.tell(found)
            else:
                yield found

    def tell(self, answer: "Answer") -> None:
        if answer.error is None:
            self.sent += 1
        else:
            self.wrong += 1
        if self._as_json:
            self._print(answer)
        elif answer.error is not None:
            key = f" ({visible(answer.document_key)[:80]})" if answer.document_key else ""
            fail(f"line {answer.line:,}{key}: {answer.error}")

    def note(self, text: str) -> None:
        print(text, file=sys.stderr if self._as_json else sys.stdout)

    def _print(self, answer: "Answer") -> None:
        import json

        place = {"partition": answer.partition, "offset": answer.offset}
        said = place if answer.error is None else {"error": answer.error}
        print(json.dumps({"line": answer.line, "document_key": answer.document_key, **said}))
