"""Whether the embedding core keeps its memory: texts of random lengths, one batch after another.

    python -m benchmarks soak [--rounds 100] [--texts 16]

An allocator that keeps a buffer for every shape it has met grows with each new shape. Each round embeds texts
of 1 to 600 words, a few of them far longer than a window. The table has the resident memory after each tenth
of the rounds; it must be flat after the first.
"""

import asyncio
import random
import resource
import time
from pathlib import Path

from benchmarks.tables import command_line, show, table
from services.embedding import TRIAL_MODEL, load_embedder

_WORDS = ("log", "broker", "offset", "record", "partition", "replica", "sluice", "weir", "miller", "ledger")
_PAGE = resource.getpagesize()
_MIB = 1 << 20


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def texts(chance: random.Random, count: int) -> list[str]:
    """Texts of random lengths."""
    lengths = [
        chance.randint(1, 600) if chance.random() < 0.1 else chance.randint(1, 120) for _ in range(count)
    ]
    return [" ".join(chance.choices(_WORDS, k=length)) for length in lengths]


async def main() -> None:
    """Print the memory as the rounds go by."""
    parser = command_line("soak", __doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--texts", type=int, default=16, help="texts of a round")
    options = parser.parse_args()
    chance, begun = random.Random(7), time.monotonic()
    embedder = load_embedder(TRIAL_MODEL)
    lines, first = [("loaded", "0", f"{resident() / _MIB:.0f}", "")], 0
    for number in range(1, options.rounds + 1):
        await embedder.embed_documents(texts(chance, options.texts))
        if number % max(1, options.rounds // 10) == 0:
            now = resident()
            first = first or now
            seconds, grown = f"{time.monotonic() - begun:.0f}", f"{100 * (now / first - 1):+.1f}"
            lines.append((f"round {number}", seconds, f"{now / _MIB:.0f}", grown))
    await embedder.close()
    title = f"resident memory, {options.texts} texts a round"
    show(table(title, ("after", "seconds", "MiB", "% since the first tenth"), lines))


if __name__ == "__main__":
    asyncio.run(main())
