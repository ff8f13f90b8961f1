"""Every process that takes apart what others have written is confined, not only that of the parsers.

`tests/services/parsing/sandbox` has what a confined process cannot do.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.errors import DocumentError
from services.chunking.stage import cutters
from services.connectors.folder.reading import read_file
from services.connectors.web.pages.parser import page_workers
from streams.processes import landlock
from streams.processes.pool import WorkerPool

POOLS: dict[str, Callable[[], WorkerPool]] = {
    "web pages": page_workers,
    "chunking": lambda: cutters(1, wall_seconds=60, memory_bytes=1024**3),
}


@pytest.mark.skipif(not landlock.version(), reason="the kernel has no Landlock: reading is NOT confined here")
@pytest.mark.parametrize("made", POOLS.values(), ids=list(POOLS))
async def test_a_worker_reads_no_file(made: Callable[[], WorkerPool], tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    assert read_file(tmp_path, "secret") == b"secret"
    workers = made()
    try:
        with pytest.raises(DocumentError, match="Permission denied"):
            await workers.run(read_file, tmp_path, "secret")
    finally:
        workers.close()
