"""Errors that nobody handles, and a loop that hangs, end the process with the reason."""

import asyncio
import subprocess
import sys
import textwrap

import pytest

ENDED = 70
_PROGRAM = """
import asyncio, gc, os, re, threading, time
import streams.engine.guard
from streams.engine.guard import Guard

def end(error):
    print("ended by", repr(error), flush=True)
    os._exit({ended})

def boom():
    raise ValueError("boom")

async def failing():
    boom()

async def main():
    gc.set_threshold(50_000, 10, 10)
    Guard(end, stuck_seconds={stuck}, serves={serves}).__enter__()
{body}
    await asyncio.sleep(30)

asyncio.run(main())
"""


async def run(body: str, stuck: float = 20, serves: bool = False) -> tuple[int, str]:
    """Exit status and output of a process with a guard that does `body`, and then nothing."""
    program = _PROGRAM.format(
        ended=ENDED, stuck=stuck, serves=serves, body=textwrap.indent(textwrap.dedent(body), "    ")
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), 50)
    return process.returncode or 0, output.decode()


@pytest.mark.parametrize(
    "body",
    [
        "asyncio.get_running_loop().call_soon(boom)",
        "asyncio.create_task(asyncio.sleep(0)).add_done_callback(lambda task: boom())",
        "asyncio.create_task(failing())",
        "threading.Thread(target=boom).start()",
        "asyncio.get_running_loop().create_future().set_exception(ValueError('boom'))",
    ],
)
async def test_an_error_that_nobody_handles_ends_the_process(body: str) -> None:
    status, output = await run(body)

    assert status == ENDED
    assert "ended by ValueError('boom')" in output


async def test_a_failed_task_that_only_a_cycle_holds_is_found() -> None:
    status, output = await run(
        """
        class Holder: pass
        holder = Holder()
        holder.itself, holder.task = holder, asyncio.create_task(failing())
        del holder
        """
    )

    assert status == ENDED
    assert "ended by ValueError('boom')" in output


async def test_an_error_of_one_connection_costs_that_connection_alone() -> None:
    status, output = await run(
        """
        class Broken(asyncio.Protocol):
            def data_received(self, data): boom()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Broken, "127.0.0.1", 0)
        for _ in range(2):
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"x")
            await reader.read()
        os._exit(0)
        """
    )

    assert status == 0
    assert "boom" in output


async def test_a_failed_request_of_a_server_costs_that_request_alone() -> None:
    status, output = await run(
        """
        asyncio.create_task(failing())
        await asyncio.sleep(0.1)
        gc.collect()
        asyncio.get_running_loop().call_later(0.1, os._exit, 0)
        """,
        serves=True,
    )
    assert status == 0
    assert "boom" in output

    status, _ = await run("asyncio.get_running_loop().call_soon(boom)", serves=True)
    assert status == ENDED


async def test_a_loop_that_hangs_ends_the_process_and_says_where() -> None:
    status, output = await run("time.sleep(40)", stuck=1)

    assert status == ENDED
    assert "the event loop has hung for" in output
    assert "in main" in output


async def test_a_loop_that_hangs_in_native_code_ends_the_process_all_the_same() -> None:
    status, output = await run("re.match('(a+)+$', 'a' * 60 + 'b')", stuck=1)

    assert status == 1
    assert "in main" in output


async def test_a_process_that_goes_on_without_its_guard_is_not_ended() -> None:
    """A loop that ended, a command or a test that ran a service in its own process."""
    program = """
import asyncio, os, time
from streams.engine.guard import Guard

async def main():
    with Guard(lambda error: os._exit(70), stuck_seconds=1):
        await asyncio.sleep(0)

asyncio.run(main())
time.sleep(3)
print("still here")
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), 50)

    assert (process.returncode, output.decode()) == (0, "still here\n")
