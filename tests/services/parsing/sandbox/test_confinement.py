"""What a file that has taken over its worker can get at."""

from __future__ import annotations

import errno
import io
import multiprocessing
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from services.parsing.sandbox import confinement
from services.parsing.sandbox.pool import Sandbox
from streams.processes import landlock
from streams.processes.confinement import leave_files
from streams.processes.errors import RemoteError
from tests.services.parsing import samples
from tests.services.parsing.pdf.conftest import Sheet
from tests.services.parsing.sandbox import hostile

LANDLOCK = landlock.version()
#: The dynamic loader: a program among the libraries, which workers can read.
LOADERS = sorted(map(str, Path("/lib64").glob("ld-linux-*"))) or sorted(
    map(str, Path("/lib").glob("ld-linux-*"))
)
confined = pytest.mark.skipif(not LANDLOCK, reason="the kernel has no Landlock: reading is NOT confined here")


def refused() -> AbstractContextManager[object]:
    """What the kernel refuses to a worker comes back as an error by its name."""
    return pytest.raises(RemoteError, match="PermissionError: ")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox(workers=1, modules=[hostile.__name__])
    yield box
    box.close()


@confined
@pytest.mark.parametrize("name", ["blob", "folder/blob"])
async def test_a_worker_reads_no_file_but_its_document(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    secret = tmp_path / name
    secret.parent.mkdir(exist_ok=True)
    secret.write_bytes(b"secret")

    with refused():
        await sandbox.run("a.pdf", hostile.reads, str(secret))
    assert hostile.reads(str(secret)) == b"secret"


@confined
@pytest.mark.parametrize(
    "folder", [Path.home(), Path("/"), Path("/tmp"), Path("/etc"), Path("/proc"), Path(__file__).parents[4]]
)
async def test_a_worker_lists_neither_the_home_nor_the_system_nor_the_checkout(
    sandbox: Sandbox, folder: Path
) -> None:
    assert hostile.lists(str(folder))
    with refused():
        await sandbox.run("a.pdf", hostile.lists, str(folder))


@confined
@pytest.mark.parametrize("process", ["self", pytest.param(str(os.getpid()), id="another")])
async def test_a_worker_reads_no_environment_of_a_process(sandbox: Sandbox, process: str) -> None:
    with refused():
        await sandbox.run("a.pdf", hostile.reads, f"/proc/{process}/environ")


@confined
async def test_a_worker_makes_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    with refused():
        await sandbox.run("a.pdf", hostile.makes, str(tmp_path / "made"))


@confined
@pytest.mark.parametrize("program", [sys.executable, *LOADERS])
async def test_a_worker_runs_no_program_not_even_one_that_it_can_read(sandbox: Sandbox, program: str) -> None:
    hostile.runs(program)
    with refused():
        await sandbox.run("a.pdf", hostile.runs, program)


@pytest.mark.skipif(LANDLOCK < 6, reason=f"signals are kept in since Landlock 6, this is {LANDLOCK}")
async def test_a_worker_signals_no_process_outside(sandbox: Sandbox) -> None:
    with refused():
        await sandbox.run("a.pdf", hostile.signals, os.getpid())


async def test_a_worker_reaches_no_server_not_even_on_this_machine(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        hostile.connects(server.getsockname())
        with pytest.raises(RemoteError):
            await sandbox.run("a.pdf", hostile.connects, server.getsockname())


@confined
async def test_what_a_worker_loads_late_still_loads(sandbox: Sandbox) -> None:
    picture = Image.new("RGB", (600, 120), "white")
    ImageDraw.Draw(picture).text((30, 20), "Quarterly", "black", ImageFont.load_default(64))
    drawn = io.BytesIO()
    picture.save(drawn, "PNG")
    sheet = Sheet()
    sheet.text(72, 100, "Hello")

    assert "Quarterly" in (await sandbox.parse(drawn.getvalue(), "a.png", None)).markdown
    assert "Hello" in (await sandbox.parse(sheet.data(), "a.pdf", None)).markdown
    document = await sandbox.parse(samples.docx(samples.paragraph("One", "H1")), "a.docx", None)
    assert document.markdown == "# One\n"


async def test_workers_hold_no_secret_of_the_service(tmp_path: Path) -> None:
    script = """
import asyncio, os
from services.parsing.sandbox.pool import Sandbox
from tests.services.parsing.sandbox import hostile

async def main():
    box = Sandbox(modules=[hostile.__name__])
    print(await box.run("a.pdf", hostile.variables), os.environ["HEADRACE_API_KEY"])
    box.close()

if __name__ == "__main__":
    asyncio.run(main())
"""
    found = _python(
        script, HEADRACE_API_KEY="kept-here", AWS_SECRET_ACCESS_KEY="hidden", MY_PASSWORD="hidden"
    )

    assert "'PATH'" in found
    assert "hidden" not in found
    assert found.endswith("} kept-here\n")


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM])
def test_where_there_is_no_landlock_the_other_limits_hold(
    number: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a.md").write_text("# fine")

    def refused(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(landlock, "system_call", refused)

    assert landlock.version() == 0
    assert _forked(_parses_and_connects, tmp_path / "a.md") == ("# fine", True)


def test_a_kernel_that_refuses_the_rules_is_logged_and_the_other_limits_hold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.md").write_text("# fine")

    def refused(*_: object, **__: object) -> bool:
        raise OSError(errno.E2BIG, "too many layers")

    monkeypatch.setattr(landlock, "restrict", refused)

    assert _forked(_parses_and_connects, tmp_path / "a.md") == ("# fine", True)
    leave_files()
    assert "cannot confine what a worker reads: [Errno 7] too many layers" in caplog.text


def test_only_what_the_kernel_knows_is_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[int, tuple[int, int, int]] = {}

    def kernel(speaks: int) -> Callable[..., int]:
        def call(number: int, *arguments: Any) -> int:
            if number == landlock.CREATE_RULESET and arguments[0] is not None:
                ruleset = arguments[0]._obj  # noqa: SLF001  (of ctypes: what byref refers to)
                asked[speaks] = ruleset.files, ruleset.ports, ruleset.scopes
                return os.open(os.devnull, os.O_RDONLY)
            return speaks if number == landlock.CREATE_RULESET else 0

        return call

    for version in (1, 2, 3, 4, 5, 6, 99):
        monkeypatch.setattr(landlock, "system_call", kernel(version))
        assert landlock.restrict([Path("/usr"), Path("/there/is/none")], ports=[80])

    assert asked == {
        1: (0x1FFF, 0, 0),
        2: (0x3FFF, 0, 0),
        3: (0x7FFF, 0, 0),
        4: (0x7FFF, 3, 0),
        5: (0xFFFF, 3, 0),
        6: (0xFFFF, 3, 3),
        99: (0xFFFF, 3, 3),
    }


def _parses_and_connects(path: Path, results: Any) -> None:
    data = path.read_bytes()
    confinement.confine(confinement.SandboxLimits(1024**3))
    document = confinement.parse_confined(data, "a.md", None, False)
    try:
        socket.create_connection(("127.0.0.1", 9), timeout=2)
    except OSError:
        results.put((document.markdown, True))
    else:
        results.put((document.markdown, False))


def _forked(function: Callable[..., None], *arguments: object) -> Any:
    """What a function puts in a process that has what is patched here."""
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    process = context.Process(target=function, args=(*arguments, results))
    process.start()
    process.join(30)
    assert process.exitcode == 0
    return results.get()


def _python(script: str, **variables: str) -> str:
    root = Path(__file__).parents[4]
    return subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root), **variables},
        cwd=root, capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
