"""`python -m benchmarks codec`: what encoding and decoding a typical chunk event costs.

Typical is a document of this repository: all its tracked text files are cut, and the one with the median
number of chunks becomes one `DocumentChunked`. Figures are CPU time of one thread, the best of seven rounds.
"""

import io
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import fastavro

from benchmarks.tables import command_line, show, table
from schemas.codec import SingleObjectCodec, records
from schemas.events import (
    Chunking,
    Document,
    DocumentChunked,
    DocumentParsed,
    Embedding,
    Payload,
    RunPosition,
)
from services.chunking.stage import cut, parts

ROOT = Path(__file__).parent.parent
ROUNDS, CALLS = 7, 2_000
#: What the codec may take, encoding and decoding together.
GOAL_MICROSECONDS = 100.0


def main() -> None:
    """Print the figures."""
    command_line("codec", __doc__).parse_args()
    events = [event for event in map(_event, _files()) if event is not None]
    typical = statistics.median_low(event.total for event in events)
    event = next(event for event in events if event.total == typical)
    codec = SingleObjectCodec()
    value = codec.encode(event, "chunks")
    encode, decode = _cost(lambda: codec.encode(event, "chunks")), _cost(lambda: codec.decode(value))
    ways = {"ours": (encode, decode), "fastavro alone": _with_fastavro(event)}
    rows = [(way, f"{e:.1f}", f"{d:.1f}", f"{e + d:.1f}") for way, (e, d) in ways.items()]
    title = f"codec, {typical} chunks in {len(value):,} bytes (the median of {len(events)} documents), CPU µs"
    met = "met" if encode + decode < GOAL_MICROSECONDS else "MISSED"
    show(table(title, ("way", "encode", "decode", "together"), rows), f"goal {GOAL_MICROSECONDS:g} µs: {met}")


def _files() -> list[Path]:
    names = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def _event(path: Path) -> DocumentChunked | None:
    """The only part of a file's chunks; None for what is no text or has several parts."""
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        return None
    name = str(path.relative_to(ROOT))
    found = parts(_parsed(name, text), cut(text, name, "text/plain", Chunking(), ()))
    return found[0] if len(found) == 1 and found[0].total else None


def _parsed(name: str, text: str) -> DocumentParsed:
    id_ = "5e8b2a0c-3f43-4c8e-9a57-6c6f3a3b6d10"
    document = Document(
        tenant="default_tenant",
        database="default_database",
        collection="benchmark",
        document_key=name,
        namespace=id_,
        version_key="a" * 64,
        embedding=Embedding(model="sentence-transformers/all-MiniLM-L6-v2"),
        source_id=id_,
        run=RunPosition(invocation_id=id_, attempt=2**62, ordinal=17),
    )
    payload = Payload(size=len(text), sha256="a" * 64, inline=b"")
    return DocumentParsed(
        document=document, sequence=17, text=payload, filename=name, media_type="text/plain"
    )


def _with_fastavro(event: DocumentChunked) -> tuple[float, float]:
    """Between bytes and dictionaries: what pydantic and the frame add is the difference."""
    schema, fields = records()[DocumentChunked].parsed, event.model_dump()

    def write() -> bytes:
        body = io.BytesIO()
        fastavro.schemaless_writer(body, schema, fields)
        return body.getvalue()

    body = write()

    def read() -> object:
        return fastavro.schemaless_reader(io.BytesIO(body), schema, None)

    return _cost(write), _cost(read)


def _cost(call: Callable[[], object]) -> float:
    """Microseconds of CPU time a call."""
    call()
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(CALLS // ROUNDS):
            call()
        best = min(best, (time.process_time() - begun) / (CALLS // ROUNDS))
    return best * 1e6


if __name__ == "__main__":
    main()
