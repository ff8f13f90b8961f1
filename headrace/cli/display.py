"""What is shown while a command works, and at its end: the start of the parts, the progress of a run, its
result."""

import asyncio
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from headrace.cli.output import console, note, print_json, terminal_may_be_gone, visible, why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.live import Live

    from headrace.client.progress import Listed
    from headrace.client.sync import SyncResult
    from headrace.local.supervisor import StateChange
    from schemas.api import InvocationProgress

#: Between two lines where nobody watches live: while something changes, and else.
LINE_EVERY_S, SAME_LINE_EVERY_S = 1.0, 30.0
#: A run begins within a second; one that has not begun after this time waits for something.
_WAITING_S = 3.0
#: Failed and skipped documents that are named at the end of a run.
_MOST_NAMED = 20


class Startup:
    """Shows the start of the processes, and later which of them died: live in a terminal, elsewhere a line
    for each that runs, and one for the stop. Writes to standard error."""

    def __init__(self) -> None:
        self._console = console(stderr=True)
        self._status = self._console.status("starting") if sys.stderr.isatty() else None
        self._began = time.monotonic()
        self._starting: list[str] = []
        self._running: list[str] = []
        self._is_ready = self._is_stopping = False

    def __enter__(self) -> Self:
        if self._status:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()

    def changed(self, change: "StateChange") -> None:
        """Note the new state of a process."""
        from rich.markup import escape

        from headrace.local.supervisor import ProcessState

        if change.state is ProcessState.WAITING:
            why = f": {escape(visible(change.reason))}" if change.reason else ""
            self._print(
                f"[yellow]{change.name}[/] ended with {change.exit_status}{why}; "
                f"starts again in {change.pause_s:.1f} s"
            )
        elif change.state is ProcessState.RUNNING and change.restarts:
            self._print(f"[green]{change.name}[/] runs again")
        elif change.state is ProcessState.STOPPED:
            self._stopping()
        elif not self._is_ready:
            self._started(change.name, change.state is ProcessState.RUNNING)

    def ready(self) -> None:
        """Note that all processes are running."""
        self._is_ready = True
        if self._status:
            self._status.stop()

    def stopped(self) -> None:
        """Note that all processes have ended."""
        if self._status:
            self._status.stop()
        self._print("[dim]stopped[/]")

    def _stopping(self) -> None:
        if self._is_stopping:
            return
        self._is_stopping = True
        if self._status:
            self._status.update("stopping")
            self._status.start()
        else:
            self._print("stopping")

    def _started(self, name: str, running: bool) -> None:
        from rich.text import Text

        (self._running if running else self._starting).append(name)
        if self._status:
            waiting = [one for one in self._starting if one not in self._running]
            done = f"[green]{' '.join(self._running)}[/] " if self._running else ""
            shown = Text.from_markup(f"starting  {done}[dim]{' '.join(waiting)}[/]", overflow="ellipsis")
            shown.no_wrap = True
            self._status.update(shown)
        elif running:
            self._print(f"{time.monotonic() - self._began:7.1f} s  {name} runs")
        elif len(self._starting) == 1:
            self._print("starting the services of this machine")

    def _print(self, message: str) -> None:
        from rich.text import Text

        with terminal_may_be_gone():
            if self._status:
                self._console.print(message)
            else:  # rich ends the process where nobody reads a pipe any more
                note(Text.from_markup(message).plain)


class RunDisplay:
    """The progress of one run: live in a terminal, elsewhere a line for each change. Writes to standard error
    where `quiet` keeps standard output for a result. `listing` is what it says of a run that lists."""

    def __init__(
        self, title: str, quiet: bool = False, waiting_s: float = _WAITING_S, listing: str = "listing"
    ) -> None:
        self._listing = listing
        self._title, self._began, self._waiting_s = title, time.monotonic(), waiting_s
        self._waiting: asyncio.TimerHandle | None = None
        self._console = console(stderr=quiet)
        self._last: InvocationProgress | None = None
        self._since: Listed | None = None
        self._printed_at = float("-inf")
        self._printed: InvocationProgress | None = None
        self._live = self._new_live() if self._console.is_terminal else None

    @property
    def seconds(self) -> float:
        """Seconds since the display began."""
        return time.monotonic() - self._began

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._waiting:
            self._waiting.cancel()
        if self._live:
            with terminal_may_be_gone():
                self._live.stop()

    def show(self, progress: "InvocationProgress") -> None:
        """Show the current state of the run."""
        from headrace.client.progress import FROM_THE_START, Listed, status_of

        if self._since is None and progress.total is not None:
            self._since = FROM_THE_START if self._last is None else Listed.at(progress)
        self._last = progress
        if self._waiting:
            self._waiting.cancel()
            self._waiting = None
        if self._live or time.monotonic() - self._printed_at < self._pause_s():
            return
        if status_of(progress.status) == "pending":  # said only if it stays so
            self._waiting = asyncio.get_running_loop().call_later(self._waiting_s, self._print_line)
        else:
            self._print_line()

    def _pause_s(self) -> float:
        """Seconds between the last line and the next."""
        from headrace.client.progress import moved

        last, printed = self._last, self._printed
        same = last is not None and printed is not None and not moved(printed, last)
        return SAME_LINE_EVERY_S if same else LINE_EVERY_S

    def _print_line(self) -> None:
        from headrace.client.progress import FROM_THE_START, line

        assert self._last is not None
        self._printed_at, self._printed = time.monotonic(), self._last
        self._console.print(line(self._last, self.seconds, self._since or FROM_THE_START), markup=False)

    def note(self, message: str) -> None:
        """Print a line above the display."""
        with terminal_may_be_gone():
            self._console.print(message, style="dim", markup=False)

    def _new_live(self) -> "Live":
        from rich.live import Live

        return Live(console=self._console, get_renderable=self.draw, refresh_per_second=12)

    def draw(self) -> "RenderableType":
        from rich.text import Text

        from headrace.client.progress import FROM_THE_START, draw

        if self._last is None:
            return Text.assemble(self._title, ("   …", "dim"))
        since = self._since or FROM_THE_START
        return draw(self._last, self._title, self.seconds, since, self._listing)


def print_begun(source_id: str, invocation_id: str, as_json: bool) -> None:
    """Print a run that the command does not wait for."""
    if as_json:
        print_json({"source_id": source_id, "invocation_id": invocation_id})
    else:
        print(f"invocation {invocation_id} runs; `headrace invocations show {invocation_id}` tells how far")


def print_result(result: "SyncResult", as_json: bool, looked_for: str) -> None:
    """Print the result of a run, and its first failed documents with their reasons."""
    from rich.text import Text

    from headrace.client.progress import failure_of, listed, skipped_files, status_of, summary
    from headrace.client.sync import as_json as result_json

    if as_json:
        print(result_json(result))
        return
    out = console()
    run = result.progress.invocation_id
    failed = [(one.document_key, one.error) for one in result.failures]
    _print_named(("failed  ", "red"), failed, result.progress.counts.failed, f"failures {run}")
    skipped = [(one.document_key, one.reason) for one in result.skipped]
    rest = f"documents {run} --status skipped"
    _print_named(("skipped ", "yellow"), skipped, result.progress.counts.skipped, rest)
    _print_warnings(result)
    status = status_of(result.progress.status)
    mark = ("✓ ", "green") if result.ok else ("✗ ", "red")
    if result.ok and listed(result.progress) == 0:
        mark = ("! ", "yellow")  # as it was asked for, but hardly as it was meant
    text = visible(summary(result.progress, result.seconds, looked_for))
    if status != "complete":
        text = f"{status}: {visible(failure_of(result.progress.status) or '') or text}"
    out.print(Text.assemble(mark, text))
    if told := skipped_files(result.progress):
        out.print(Text(f"  {told}", style="dim"))
    if result.remark:
        note(result.remark)


def _print_named(
    head: tuple[str, str], documents: "Sequence[tuple[str | None, str | None]]", count: int, rest: str
) -> None:
    """The first of `count` documents with their reasons; the command `rest` shows all."""
    from rich.text import Text

    out = console()
    for key, reason in documents[:_MOST_NAMED]:
        name = visible(key or "?")
        out.print(Text.assemble(head, f"{name}  ", (visible(why(reason, key)), "dim")))
    if (more := count - _MOST_NAMED) > 0:
        out.print(Text(f"and {more:,} more {head[0].strip()}: headrace invocations {rest}", style="dim"))


def _print_warnings(result: "SyncResult") -> None:
    """The warnings of the first documents that have some."""
    from rich.text import Text

    from headrace.client.progress import counted

    number = result.progress.warnings
    if not number:
        return
    told = [f"{one.document_key or '?'}: {'; '.join(one.warnings)}" for one in result.warned]
    if (more := number - len(told)) > 0:
        told.append(f"and {more:,} more: headrace invocations documents {result.progress.invocation_id}")
    out = console()
    out.print(Text(f"{counted(number, 'document')} with warnings:", "yellow"))
    for line in told:
        out.print(Text(f"  {visible(line)}", "dim"))
