"""A broker and a vector store for the whole test session: real ones, started by us or in containers.

Tests take the fixtures `kafka` and `chroma`. A test marked `system` runs twice: with the servers that
the local mode starts, and (marked `docker`) with the images of docker-compose.yml. When no container engine
answers, the second run is left out, and the summary says so. `--engine=embedded` or `--engine=docker` runs
one of the two; asked for by name, a missing engine is a failure.

`tests/order.py` says in which order tests run.
"""

import asyncio
import contextlib
import gc
import logging
import sys
from collections.abc import AsyncIterator, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, NoReturn, cast

import hypothesis
import pytest
import structlog

from streams.local import LocalBroker, LocalChroma
from tests.order import in_order, scheduler
from tests.preloaded import preloaded
from tests.processes import ended_children

Engine = Literal["embedded", "docker"]

# A busy machine makes no example wrong.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@dataclass(frozen=True, slots=True)
class Kafka:
    """The session's broker. Tests share it: name topics and groups after the test."""

    bootstrap_servers: str


@dataclass(frozen=True, slots=True)
class Chroma:
    """The session's vector store. Tests share it: name databases or collections after the test."""

    url: str


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=["embedded", "docker"], help="run on one kind of servers only")


@cache
def no_engine() -> str | None:
    """Why no container engine can be used; None if one answers."""
    from tests.containers import engine_failure

    return engine_failure()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" not in metafunc.fixturenames:
        return
    chosen: Engine | None = metafunc.config.getoption("engine")
    engines: list[Engine] = [chosen or "embedded"]
    system = metafunc.definition.get_closest_marker("system") is not None
    if chosen is None and system and no_engine() is None:
        engines.append("docker")
    marks = {"embedded": [], "docker": [pytest.mark.docker]}
    params = [pytest.param(engine, marks=marks[engine]) for engine in engines]
    metafunc.parametrize("engine", params, indirect=True, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = in_order(items)


def pytest_collection_finish() -> None:
    """The garbage collector need not look through modules and thousands of tests, which stay."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return scheduler(config, log) if config.getoption("dist") == "loadscope" else None


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """pytest-xdist says in which test one of its workers died, not of what."""
    if error:
        with contextlib.suppress(OSError):
            print(f"\n{node.gateway.id} died; processes that ended: {ended_children()}", file=sys.stderr)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"failed at first: {report.nodeid}")
        terminalreporter.line(report.longreprtext)
    passed = (report.nodeid for report in terminalreporter.stats.get("passed", []))
    on_local = any(name.startswith("tests/system/") and "[embedded" in name for name in passed)
    if on_local and config.getoption("engine") is None and (failure := no_engine()):
        terminalreporter.section("NOT TESTED on containers")
        terminalreporter.line(f"no container engine answers: {failure}")


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Engine:
    """What runs the broker and the vector store."""
    wanted = cast(Engine, request.param)
    if wanted == "docker" and (failure := no_engine()):
        pytest.fail(f"no container engine answers: {failure}")
    return wanted


@asynccontextmanager
async def in_thread(container: AbstractContextManager[str]) -> AsyncIterator[str]:
    """The address of a container, whose start and end take seconds."""
    address = await asyncio.to_thread(container.__enter__)
    try:
        yield address
    finally:
        await asyncio.to_thread(container.__exit__, None, None, None)


@pytest.fixture(scope="session")
async def kafka(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kafka]:
    if engine == "docker":
        from tests.containers import kafka_container

        async with in_thread(kafka_container()) as bootstrap_servers:
            yield Kafka(bootstrap_servers)
    else:
        # As the one in a container; tests/streams/embedded and tests/system/test_faults.py have the password.
        async with LocalBroker(tmp_path_factory.mktemp("kafka"), authenticate=False) as broker:
            yield Kafka(broker.bootstrap_servers)


@pytest.fixture(scope="session")
async def chroma(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chroma]:
    if engine == "docker":
        from tests.containers import chroma_container

        async with in_thread(chroma_container()) as url:
            yield Chroma(url)
    else:
        async with LocalChroma(tmp_path_factory.mktemp("chroma")) as server:
            yield Chroma(server.url)


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The command `headrace`, which starts in no time."""
    with preloaded(tmp_path_factory.mktemp("command")) as found:
        yield found


@pytest.fixture(scope="session", autouse=True)
def no_data_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings without a data folder lead to one of the tests'."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("share")))
        yield


@pytest.fixture(scope="session", autouse=True)
async def threads_of_a_service() -> None:
    """Threads as a service has (headrace/wiring/process.py). asyncio's own six, on two cores, can all wait
    for something slow, and what each test then asks of the broker waits behind them."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(32, thread_name_prefix="blocking"))


@pytest.fixture(autouse=True)
def quiet_logs() -> None:
    """No log is written: thousands of provoked retries and tracebacks would bury what failed, and rendering
    them took longer than the tests. `structlog.testing.capture_logs` sees them all the same."""

    def drop(logger: object, method: str, event: MutableMapping[str, object]) -> NoReturn:
        raise structlog.DropEvent

    structlog.reset_defaults()  # a command that ran in this process has its own level
    structlog.configure(processors=[drop])
    for handler in list(logging.root.handlers):
        if (
            type(handler) is logging.StreamHandler
        ):  # of a command that ran in this process, on a stream of then
            logging.root.removeHandler(handler)
