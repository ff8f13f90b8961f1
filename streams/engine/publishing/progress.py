"""Coalesces progress reports into `Progress` events: ordinals that are released together share an event."""

from collections.abc import Iterable, Iterator

from schemas.events import OrdinalRange, Passed, Progress, Step
from streams.engine.outputs import Output, ProgressReport, Send
from streams.engine.publishing.dead_letters import error_text
from streams.topics import PROGRESS

#: Maximum bytes of reports in one event: a thousand failures with long reasons would exceed a 1 MB message.
_EVENT_BYTES = 256 * 1024
#: Maximum ranges in one event, some ten bytes each.
_EVENT_RANGES = 20_000
#: Maximum characters of a reported key: a path has at most 4,096 bytes on Linux, a URL may have more.
_KEY_CHARACTERS = 16_384


def coalesce(outputs: Iterable[Output]) -> list[Send]:
    """The events to produce, in order, followed by one `Progress` per run, attempt and stage (more if one
    would not fit a message)."""
    sends: list[Send] = []
    passed: dict[tuple[str, int, Step], list[ProgressReport]] = {}
    for output in outputs:
        if isinstance(output, Send):
            sends.append(output)
            continue
        run = output.run
        passed.setdefault((run.invocation_id, run.attempt, output.stage), []).append(output)
    for (invocation_id, attempt, stage), notes in passed.items():
        single = [note for note in notes if note.count == 1]
        for ordinals in _fitting(single) if single else ():
            event = Progress(invocation_id=invocation_id, attempt=attempt, stage=stage, passed=ordinals)
            sends.append(Send(PROGRESS, invocation_id, event))
        ranges = [OrdinalRange(first=note.run.ordinal, count=note.count) for note in notes if note.count > 1]
        for start in range(0, len(ranges), _EVENT_RANGES):
            some = ranges[start : start + _EVENT_RANGES]
            event = Progress(
                invocation_id=invocation_id, attempt=attempt, stage=stage, passed=[], ranges=some
            )
            sends.append(Send(PROGRESS, invocation_id, event))
    return sends


def _fitting(notes: Iterable[ProgressReport]) -> Iterator[list[Passed]]:
    ordinals: list[Passed] = []
    size = 0
    for note in notes:
        error = None if note.error is None else error_text(note.error)
        key = None if note.document_key is None else error_text(note.document_key, _KEY_CHARACTERS)
        # At most four bytes per character; 20 for the numbers.
        texts = (key or "", error or "", *note.warnings)
        length = 20 + 4 * sum(map(len, texts))
        if ordinals and size + length > _EVENT_BYTES:
            yield ordinals
            ordinals, size = [], 0
        ordinals.append(
            Passed(
                ordinal=note.run.ordinal,
                chunks=note.chunks,
                document_key=key,
                error=error,
                warnings=list(note.warnings),
            )
        )
        size += length
    yield ordinals
