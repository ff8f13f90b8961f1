"""Why a process ended, according to its log."""

import json
from pathlib import Path

#: Bytes read from the end of a log. The broker's longest stack trace is 6 KB.
_END_BYTES = 16_384


def exit_reason(log: Path) -> str:
    """The last log line that is not indented: Python, Rust and Java indent stack traces.

    For a JSON line, its error, else its event.
    """
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _END_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return "it left no log"
    said = [line for line in lines if line.strip() and not line[0].isspace()]
    return _words(said[-1]) if said else "its log is empty"


def _words(line: str) -> str:
    try:
        fields = json.loads(line)
    except ValueError:
        return line.removeprefix("headrace: ")
    if not isinstance(fields, dict):
        return line
    trace = fields.get("exception")
    if isinstance(trace, list) and trace and isinstance(trace[0], dict):
        return f"{trace[0].get('exc_type')}: {trace[0].get('exc_value')}"
    return str(fields.get("error") or fields.get("event") or line)
