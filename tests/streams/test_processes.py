"""Worker processes: a call that hangs, crashes or lies costs only itself."""

import asyncio
import contextlib
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import CorruptDocument
from streams.processes.errors import BadAnswer, CallTimeout, PoolStopped, RemoteError, WorkerDied
from streams.processes.pool import WorkerPool
from streams.processes.wire import FRAME, LONG_TEXT
from tests.streams import workers
from tests.waiting import eventually

pytestmark = pytest.mark.pythons

PRELOAD = [workers.__name__]


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool(1, wall_seconds=60, preload=PRELOAD, max_answer_bytes=1_000)
    yield made
    made.close()


@pytest.fixture(scope="module")
def roomy() -> Iterator[WorkerPool]:
    """A pool that takes long answers."""
    made = WorkerPool(1, wall_seconds=60, preload=PRELOAD)
    yield made
    made.close()


@pytest.fixture
def hasty() -> Iterator[WorkerPool]:
    """A pool whose calls may take a second."""
    made = WorkerPool(1, wall_seconds=1, preload=PRELOAD, max_answer_bytes=1_000)
    yield made
    made.close()


async def test_a_call_has_its_result_and_raises_what_its_function_raises(pool: WorkerPool) -> None:
    assert await pool.run(workers.double, 21) == 42
    with pytest.raises(CorruptDocument, match=r"report\.pdf: no pages") as raised:
        await pool.run(workers.refuse)
    assert type(raised.value) is CorruptDocument


async def test_long_documents_travel(pool: WorkerPool) -> None:
    assert await pool.run(workers.length, bytes(50_000_000), 2) == 100_000_000


@pytest.mark.parametrize("text", ["", 'ab\n"\\', "é\u2028\U0001f600\x00\x1f", "x" * 900])
async def test_text_comes_back_as_it_was(pool: WorkerPool, text: str) -> None:
    assert await pool.run(workers.echo, text) == text


@pytest.mark.parametrize("letter", ["x", "é", "\U0001f600", '"'])
@pytest.mark.parametrize("count", [LONG_TEXT - 1, LONG_TEXT, 2 * LONG_TEXT + 1])
async def test_a_long_text_comes_back_as_it_was(roomy: WorkerPool, letter: str, count: int) -> None:
    assert await roomy.run(workers.texts, letter, count) == workers.Text(letter * count, 1, "title")


@pytest.mark.parametrize(
    ("field", "why"),
    [
        (b"lines\0five", "a text 'lines', which is no text field of its type"),
        (b"title\0five", "a text 'title', which is no text field of its type"),
        (b"__class__\0five", "a text '__class__', which is no text field of its type"),
        (b"text\0\xff", "not UTF-8"),
        (b"\xff\0text", "not UTF-8"),
        (b"", "unknown format"),
    ],
)
async def test_a_text_belongs_into_a_text_of_the_answer(pool: WorkerPool, field: bytes, why: str) -> None:
    with pytest.raises(BadAnswer, match=why):
        await pool.run(workers.answer_text, FRAME.pack(b"t", len(field)) + field)


async def test_texts_without_end_are_too_long(pool: WorkerPool) -> None:
    text = b"text\0" + b"x" * 300
    with pytest.raises(BadAnswer, match=r"the answer has 305 bytes, the limit is 85"):
        await pool.run(workers.answer_text, 4 * (FRAME.pack(b"t", len(text)) + text))


async def test_an_error_does_not_keep_the_arguments(pool: WorkerPool) -> None:
    """Before anything is collected: they may be documents of 200 MB."""
    document = bytes(1000)
    references = sys.getrefcount(document)
    gc.disable()
    try:
        with contextlib.suppress(RemoteError):
            await pool.run(workers.refuse, document)
        assert sys.getrefcount(document) == references
    finally:
        gc.enable()


async def test_other_exceptions_come_by_name_with_their_message_and_traceback(pool: WorkerPool) -> None:
    with pytest.raises(RemoteError, match="OwnError: seen") as raised:
        await pool.run(workers.fail, "seen")
    assert "raise OwnError(message)" in raised.value.__notes__[0]
    with pytest.raises(RemoteError, match="SystemExit: 3"):
        await pool.run(workers.stop)


async def test_an_exception_with_an_endless_message_is_cut(pool: WorkerPool) -> None:
    with pytest.raises(RemoteError) as raised:
        await pool.run(workers.fail, "\U0001f600" * 1_000_000)
    assert len(str(raised.value)) < 5_000


async def test_an_error_keeps_its_worker_and_a_want_of_memory_does_not(pool: WorkerPool) -> None:
    first = await pool.run(workers.process_id)
    with pytest.raises(CorruptDocument):
        await pool.run(workers.refuse)
    assert await pool.run(workers.process_id) == first
    with pytest.raises(RemoteError, match="MemoryError"):
        await pool.run(workers.lack_memory)
    assert await pool.run(workers.process_id) != first


async def test_a_call_that_hangs_is_ended_in_time_and_the_next_one_goes_on(hasty: WorkerPool) -> None:
    with pytest.raises(CallTimeout, match="longer than 1 s"):
        await hasty.run(workers.hang)
    assert await hasty.run(workers.double, 1) == 2


async def test_a_call_that_kills_its_worker_says_how(pool: WorkerPool) -> None:
    with pytest.raises(WorkerDied) as raised:
        await pool.run(workers.crash)
    assert raised.value.exit_code == -signal.SIGKILL
    assert await pool.run(workers.double, 1) == 2


async def test_a_call_that_takes_too_much_processor_time_is_ended() -> None:
    pool = WorkerPool(1, wall_seconds=60, cpu_seconds=1, preload=PRELOAD)
    try:
        with pytest.raises(WorkerDied) as raised:
            await pool.run(workers.spin)
        assert raised.value.exit_code == -signal.SIGXCPU
    finally:
        pool.close()


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (FRAME.pack(b"v", 2**64 - 1), "18446744073709551615 bytes"),
        (FRAME.pack(b"v", 1_001), "1001 bytes, the limit is 1000"),
        (FRAME.pack(b"e", 10**9), "1000000000 bytes"),
        (FRAME.pack(b"c", 1) + b"1", "unknown format"),
        (b"\x80\x05cos\nsystem\n" * 10, "unknown format"),
        (FRAME.pack(b"v", 0), "not valid"),
        (FRAME.pack(b"v", 3) + b'"1"', "not valid: Input should be a valid integer"),
        (FRAME.pack(b"v", 4) + b"true", "not valid: Input should be a valid integer"),
        (FRAME.pack(b"v", 2) + b"\xff\xfe", "not valid"),
        (FRAME.pack(b"v", 900) + b"[" * 900, "not valid"),
        (FRAME.pack(b"e", 2) + b"{}", "an invalid error"),
        (FRAME.pack(b"e", 12) + b'{"name": [1]', "an invalid error"),
    ],
)
async def test_an_answer_that_is_no_answer_costs_its_call_and_its_worker(
    pool: WorkerPool, raw: bytes, why: str
) -> None:
    before = await pool.run(workers.process_id)
    with pytest.raises(BadAnswer, match=why):
        await pool.run(workers.answer, raw)
    assert await pool.run(workers.process_id) != before


@pytest.mark.parametrize("raw", [b"", b"v", FRAME.pack(b"v", 10) + b"12345"])
async def test_an_answer_that_does_not_end_is_ended(hasty: WorkerPool, raw: bytes) -> None:
    with pytest.raises(CallTimeout):
        await hasty.run(workers.answer, raw)
    with pytest.raises(CallTimeout):
        await hasty.run(workers.answer_for_ever)
    assert await hasty.run(workers.double, 1) == 2


async def test_a_worker_that_closes_its_channel_and_lives_on_is_killed(pool: WorkerPool) -> None:
    process = await pool.run(workers.process_id)
    with pytest.raises(WorkerDied) as raised:
        await pool.run(workers.close_and_live)
    assert raised.value.exit_code is None
    await eventually(lambda: not alive(process), 10)


@pytest.mark.parametrize("name", ["RateLimited", "annotations", "IngestError.__init__", "BaseException"])
async def test_an_error_names_errors_of_the_contract_and_nothing_else(pool: WorkerPool, name: str) -> None:
    with pytest.raises(RemoteError, match=f"{name}: m"):
        await pool.run(workers.fail_as, name)


async def test_a_result_must_be_what_the_function_declares(pool: WorkerPool) -> None:
    with pytest.raises(BadAnswer, match="valid integer"):
        await pool.run(workers.not_what_it_says)


async def test_a_worker_is_replaced_after_its_share_of_calls() -> None:
    pool = WorkerPool(1, wall_seconds=60, preload=PRELOAD, calls_per_worker=2)
    try:
        processes = [await pool.run(workers.process_id) for _ in range(6)]
        assert [processes.count(one) for one in processes] == [2] * 6
        await eventually(lambda: not alive(processes[0]), 10)
    finally:
        pool.close()


async def test_calls_are_worked_on_in_the_order_in_which_they_were_made(tmp_path: Path) -> None:
    pool = WorkerPool(1, wall_seconds=60, preload=PRELOAD)
    gate, log = tmp_path / "gate", tmp_path / "log"
    try:
        calls = [asyncio.ensure_future(pool.run(workers.wait_for, gate, log, name)) for name in "abcdef"]
        await asyncio.sleep(0)
        calls[2].cancel()
        gate.touch()
        await asyncio.gather(*calls, return_exceptions=True)
        assert log.read_text() == "abdef"
    finally:
        pool.close()


async def test_a_cancelled_call_ends_and_the_next_one_goes_on(pool: WorkerPool, tmp_path: Path) -> None:
    call = asyncio.ensure_future(pool.run(workers.note_and_hang, tmp_path))
    await eventually(lambda: bool(os.listdir(tmp_path)), 30)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert await pool.run(workers.double, 1) == 2
    await eventually(lambda: not alive(int(os.listdir(tmp_path)[0])), 10)


async def test_the_first_call_of_every_worker_sets_it_up() -> None:
    pool = WorkerPool(
        1, wall_seconds=60, preload=PRELOAD, setup=(workers.set_up, ["yes"]), calls_per_worker=1
    )
    try:
        assert [await pool.run(workers.variable, "SET_UP") for _ in range(2)] == ["yes", "yes"]
    finally:
        pool.close()


async def test_a_worker_that_cannot_be_set_up_is_called_by_nobody() -> None:
    pool = WorkerPool(1, wall_seconds=60, preload=PRELOAD, setup=(workers.refuse_set_up, []))
    try:
        with pytest.raises(PoolStopped, match="does not start: RemoteError: OSError: no such limit"):
            await pool.run(workers.double, 1)
    finally:
        pool.close()


async def test_a_module_that_cannot_be_loaded_is_said() -> None:
    pool = WorkerPool(1, wall_seconds=60, preload=["there.is.none"])
    try:
        with pytest.raises(PoolStopped, match="ended by themselves"):
            await pool.run(workers.double, 1)
    finally:
        pool.close()


async def test_workers_have_none_of_the_services_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_API_KEY", "hidden")
    monkeypatch.setenv("TZ", "UTC")
    pool = WorkerPool(1, wall_seconds=60, preload=PRELOAD)
    try:
        assert await pool.run(workers.variable, "HEADRACE_API_KEY") is None
        assert await pool.run(workers.variable, "TZ") == "UTC"
    finally:
        pool.close()


async def test_closing_ends_what_runs_and_what_waits_and_the_pool_can_be_used_again(tmp_path: Path) -> None:
    pool = WorkerPool(1, wall_seconds=60, preload=PRELOAD)
    calls = [asyncio.ensure_future(pool.run(workers.note_and_hang, tmp_path)) for _ in range(3)]
    await eventually(lambda: bool(os.listdir(tmp_path)), 30)
    pool.close()
    pool.close()

    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(end) for end in ends] == [PoolStopped] * 3
    assert not alive(int(os.listdir(tmp_path)[0]))
    assert await pool.run(workers.double, 2) == 4
    pool.close()


async def test_closing_while_workers_start_ends_what_waits() -> None:
    pool = WorkerPool(2, wall_seconds=60, preload=PRELOAD)
    pool.start()
    calls = [asyncio.ensure_future(pool.run(workers.hang)) for _ in range(3)]
    await asyncio.sleep(0)
    pool.close()

    ends = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 10)
    assert [type(end) for end in ends] == [PoolStopped] * 3


async def test_calls_go_on_when_somebody_killed_the_server_that_workers_are_forked_from(
    tmp_path: Path,
) -> None:
    pool = WorkerPool(1, wall_seconds=60, preload=PRELOAD)
    try:
        call = asyncio.ensure_future(pool.run(workers.note_and_hang, tmp_path))
        await eventually(lambda: bool(os.listdir(tmp_path)), 30)
        worker = int(os.listdir(tmp_path)[0])
        os.kill(parent_of(worker), signal.SIGKILL)
        with pytest.raises(PoolStopped):
            await call
        assert await pool.run(workers.double, 2) == 4
        await eventually(lambda: not alive(worker), 10)
    finally:
        pool.close()


def test_a_pool_can_be_used_in_one_event_loop_after_the_other() -> None:
    pool = WorkerPool(1, wall_seconds=60, preload=PRELOAD)
    for _ in range(2):
        assert asyncio.run(pool.run(workers.double, 1)) == 2
        pool.close()


async def test_a_signal_to_all_processes_of_a_service_costs_no_document(pool: WorkerPool) -> None:
    process = await pool.run(workers.process_id)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(process, number)
    assert await pool.run(workers.process_id) == process


_PARENT = """
import asyncio, sys
from pathlib import Path
from streams.processes.pool import WorkerPool
from tests.streams import workers

async def main():
    pool = WorkerPool(2, wall_seconds=60)
    await asyncio.gather(*[pool.run(workers.note_and_hang, Path(sys.argv[1])) for _ in range(2)])

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="there is no prctl elsewhere")
def test_a_killed_parent_leaves_no_workers_whatever_they_are_at(tmp_path: Path) -> None:
    script, noted = tmp_path / "parent.py", tmp_path / "noted"
    script.write_text(_PARENT)
    noted.mkdir()
    root = str(Path(__file__).resolve().parents[2])
    parent = subprocess.Popen(
        [sys.executable, str(script), str(noted)], env={**os.environ, "PYTHONPATH": root}
    )
    try:
        asyncio.run(eventually(lambda: len(list(noted.iterdir())) == 2, 30))
    finally:
        parent.kill()
        parent.wait()

    processes = [int(path.name) for path in noted.iterdir()]
    asyncio.run(eventually(lambda: not any(alive(process) for process in processes), 10))


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def alive(process: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
