"""Notes of progress become `Progress` events: as many ordinals in one as were released together."""

from collections.abc import Iterable

from schemas.events import Passed, Progress, Stage
from streams.outputs import Output, Send
from streams.topics import PROGRESS


def coalesce(outputs: Iterable[Output]) -> list[Send]:
    """The events to produce, in order, and behind them one `Progress` per run, attempt and stage."""
    sends: list[Send] = []
    passed: dict[tuple[str, int, Stage], list[Passed]] = {}
    for output in outputs:
        if isinstance(output, Send):
            sends.append(output)
            continue
        run = output.run
        ordinals = passed.setdefault((run.invocation_id, run.attempt, output.stage), [])
        ordinals.append(
            Passed(
                ordinal=run.ordinal,
                chunks=output.chunks,
                document_key=output.document_key,
                error=output.error,
            )
        )
    for (invocation_id, attempt, stage), ordinals in passed.items():
        event = Progress(invocation_id=invocation_id, attempt=attempt, stage=stage, passed=ordinals)
        sends.append(Send(PROGRESS, invocation_id, event))
    return sends
