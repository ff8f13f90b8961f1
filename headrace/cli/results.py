"""What `headrace sync` prints at its end."""

from typing import TYPE_CHECKING

from headrace.cli.output import console, print_json, visible

if TYPE_CHECKING:
    from headrace.client.sync import SyncResult


def print_begun(source_id: str, invocation_id: str, as_json: bool) -> None:
    """A run that is not waited for."""
    if as_json:
        print_json({"source_id": source_id, "invocation_id": invocation_id})
    else:
        print(f"invocation {invocation_id} runs; `headrace invocations show {invocation_id}` tells how far")


def print_result(result: "SyncResult", as_json: bool, looked_for: str) -> None:
    """What a run came to, and every document that failed with its reason."""
    from rich.text import Text

    from headrace.client.progress import failure_of, left_out, listed, status_of, summary
    from headrace.client.sync import as_json as result_json

    if as_json:
        print(result_json(result))
        return
    out = console()
    for failure in result.failures:
        why = visible((failure.error or "").removeprefix(f"{failure.document_key}: "))
        out.print(
            Text.assemble(("failed  ", "red"), f"{visible(failure.document_key or '?')}  ", (why, "dim"))
        )
    _print_warnings(result)
    status = status_of(result.progress.status)
    mark = ("✓ ", "green") if result.ok else ("✗ ", "red")
    if result.ok and listed(result.progress) == 0:
        mark = ("! ", "yellow")  # as it was asked for, but hardly as it was meant
    text = visible(summary(result.progress, result.seconds, looked_for))
    if status != "complete":
        text = f"{status}: {visible(failure_of(result.progress.status) or '') or text}"
    out.print(Text.assemble(mark, text))
    if told := left_out(result.progress):
        out.print(Text(f"  {told}", style="dim"))


def _print_warnings(result: "SyncResult") -> None:
    """What was guessed or left out, of the first documents that it concerns."""
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
