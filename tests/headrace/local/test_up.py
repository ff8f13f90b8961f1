"""`headrace up` and what talks to it, as a user has them: real processes, a real broker, a real Chroma."""

import asyncio
import json
import os
import secrets
import signal
import stat
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import chromadb
import numpy as np
import pytest
from chromadb import K, Knn, Search
from chromadb.errors import ChromaAuthError
from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import ONNXMiniLM_L6_V2
from confluent_kafka import KafkaException

from headrace.local.running_file import RunningSystem, read_running
from headrace.local.supervisor import STOP_WITHIN_S
from headrace.packages import PACKAGES
from headrace.wiring import SERVICES
from streams.data_dir import is_data_dir
from streams.kafka.cluster import Cluster, admin
from tests.api.raw import exchange
from tests.api.test_hostile import MALFORMED, MARK
from tests.collector import Collector, Taken, collecting
from tests.deploy.observability import metric_names, served_names
from tests.documentation.pages import blocks
from tests.files import files_below
from tests.processes import command_lines, is_alive, seconds_without_a_core, thread_names
from tests.waiting import eventually

COMMAND = str(Path(sysconfig.get_path("scripts")) / "headrace")

#: The connectors' process runs nine stages and four views; the gateway has six views and a producer.
MOST_CLIENTS = {"connectors": 29, "api": 8, "chunking": 6}
#: After a start on a busy machine, admin clients that were given up (`forget_admin`) are left until they are
#: collected, and readers of the layout until they are closed.
FORMER_CLIENTS = 6
#: A start takes 13 s of CPU, on cores that are seldom free.
_READY_S = 120


def environment() -> dict[str, str]:
    """Ours, without settings that would lead elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}


def traced_to(collector: Collector) -> dict[str, str]:
    """The variables that send traces to a collector; soon, because a test waits for them."""
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}


@dataclass
class Up:
    """A `headrace up` in a folder."""

    folder: Path
    process: subprocess.Popen[str]
    first_line: str
    preloaded: Path

    @property
    def data_dir(self) -> Path:
        return self.folder.with_name("data")

    @property
    def running(self) -> RunningSystem:
        running = read_running(self.data_dir)
        assert running is not None
        return running

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command in the same folder."""
        return self._run(str(self.preloaded), arguments)

    def program(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The same as users start it, with all its imports."""
        return self._run(COMMAND, arguments)

    def _run(self, program: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        variables = environment() | {"HEADRACE_DATA_DIR": str(self.data_dir)}
        return subprocess.run(
            [program, *arguments], cwd=self.folder, env=variables, capture_output=True, text=True
        )

    def metrics(self, service: str) -> str:
        """What a service serves to Prometheus."""
        port = int((self.data_dir / "ports" / service).read_text())
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    def metric(self, service: str, name: str, labels: str) -> float:
        """A figure of a service."""
        lines = self.metrics(service).splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(f"{name}{{{labels}"))

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """The same, not waited for."""
        command, variables = [COMMAND, *arguments, "--data-dir", str(self.data_dir)], environment()
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def service(self, name: str) -> int | None:
        """Process id of a service, found by the parent of its fork server and its title."""
        for entry in Path("/proc").iterdir():
            try:
                title = (entry / "cmdline").read_bytes().strip(b"\0").decode()
                if title == f"headrace service {name}" and _parent(_parent(entry.name)) == self.process.pid:
                    return int(entry.name)
            except OSError:
                continue
        return None


def clients_of(pid: int | None) -> int:
    """How many librdkafka clients a process has."""
    return 0 if pid is None else thread_names(pid).count("rdk:main")


def _parent(pid: int | str) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Takes the traces of the running system."""
    with collecting() as found:
        yield found


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, collector: Collector, command: Path) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("up") / "project"
    for name in (*PACKAGES, "multiprocessing"):  # as many a project has, and neither of us sees the other's
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("raise SystemExit('the folder was imported')\n")
    log = (folder / "up.log").open("w")
    program = [COMMAND, "up", "--port", "0", "--data-dir", str(folder.with_name("data"))]
    variables = environment() | traced_to(collector)
    process = subprocess.Popen(
        program, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=log, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (folder / "up.log").read_text()
        yield Up(folder, process, line, command)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        log.close()


pytestmark = [
    pytest.mark.timeout(2 * _READY_S),
    pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED here: finds processes through /proc"),
]


def test_it_says_that_it_is_ready_when_health_is_green(up: Up) -> None:
    assert up.first_line == f"ready {up.running.url}\n"
    with urllib.request.urlopen(f"{up.running.url}/health", timeout=10) as answer:
        assert answer.status == 200


def test_a_key_in_a_malformed_request_is_kept_nowhere(up: Up) -> None:
    key, port = (up.data_dir / "admin.key").read_bytes().strip(), int(up.running.url.rpartition(":")[2])

    for name, malformed in MALFORMED.items():
        answer = exchange(port, malformed.replace(MARK.encode(), key))
        assert answer.status >= 400, name
        assert key not in answer.received, name

    log = up.data_dir / "logs" / "api.log"
    asyncio.run(eventually(lambda: b"request refused" in log.read_bytes()))
    files = [*files_below(up.folder), *files_below(up.data_dir)]
    assert [path.name for path, content in files if key in content] == ["admin.key"]


def test_a_second_one_says_what_holds_the_data(up: Up) -> None:
    second = up.program("up", "--port", "0")

    assert second.returncode == 1
    assert f"in use by process {up.process.pid}" in second.stderr
    assert up.running.url in second.stderr


def test_other_users_of_the_machine_enter_neither_the_data_folder_nor_the_broker(up: Up) -> None:
    private = [*(up.data_dir / "logs").iterdir(), up.data_dir / "running.json", up.data_dir / "admin.key"]

    assert is_data_dir(up.data_dir)
    assert stat.S_IMODE(up.data_dir.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert up.running.kafka_config is not None
    known = Cluster.from_file(Path(up.running.kafka_config))
    assert "headrace.documents" in admin(known).list_topics(timeout=30).topics
    with pytest.raises(KafkaException):
        admin(Cluster(known.bootstrap_servers)).list_topics(timeout=3)


def test_the_brokers_password_is_in_no_log_and_no_command_line(up: Up) -> None:
    password = Cluster.from_file(up.data_dir / "kafka" / "client.properties").properties["sasl.password"]
    said = "".join(log.read_text() for log in (up.data_dir / "logs").iterdir())
    called = b"".join(command_lines())

    assert password not in said + (up.folder / "up.log").read_text()
    assert password.encode() not in called


def test_a_folder_beyond_the_roots_is_refused_with_what_to_do(
    up: Up, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "a.md").write_text("# A\n")
    refused = up.call("sync", str(elsewhere), "-c", "elsewhere")

    assert refused.returncode == 1
    assert f"'{elsewhere}' is not below HEADRACE_FOLDER_ROOTS" in refused.stderr
    assert "start `headrace up` with" in refused.stderr


def test_every_topic_is_there(up: Up) -> None:
    topics = json.loads(up.call("topics", "list", "--json").stdout)

    assert {"documents", "dead-letters", "invocations"} <= {topic["name"] for topic in topics}
    assert all(len(topic["partition_bytes"]) == topic["partitions"] for topic in topics)


def test_a_folder_is_synced_asked_and_synced_again(up: Up) -> None:
    notes = up.folder / "notes"
    notes.mkdir()
    (notes / "gates.md").write_text("# Flood gate\n\nTurn the crank to the right when the motor fails.\n")
    (notes / "tours.md").write_text("# Tours\n\nGroups of more than twelve people book a week ahead.\n")
    (notes / "broken.pdf").write_bytes(b"%PDF-1.4 broken")

    first = up.program("sync", "notes", "-c", "notes")
    assert first.returncode == 1
    assert "failed  broken.pdf  " in first.stdout
    assert "3 documents listed: 2 written, 0 deleted, 0 unchanged, 1 failed, 2 chunks" in first.stdout

    hits = json.loads(up.call("query", "the motor does not run", "-c", "notes", "-n", "1", "--json").stdout)
    assert [(hit["document_key"], hit["start_line"], hit["end_line"]) for hit in hits] == [("gates.md", 1, 3)]
    shown = up.program("query", "the motor does not run", "-c", "notes", "-n", "1").stdout
    assert shown.startswith("1  gates.md:1–3   meaning 1, words 1")

    (notes / "broken.pdf").unlink()
    second = up.call("sync", "notes", "-c", "notes", "--json")
    assert second.returncode == 0
    assert json.loads(second.stdout)["unchanged"] == 2
    assert "nothing changed: 0 written" in up.call("sync", "notes", "-c", "notes").stdout


async def test_a_folder_gets_search_by_words_and_embeds_nothing_anew_for_it(up: Up) -> None:
    folder = up.folder / "words"
    folder.mkdir()
    for name, text in {
        "a.md": "The broker keeps E4711.",
        "b.md": "The broker.",
        "c.md": "A replica.",
    }.items():
        (folder / name).write_text(text)

    def sync(*options: str) -> None:
        done = up.call("sync", str(folder), "--collection", "words", *options)
        assert done.returncode == 0, done.stderr

    key = (up.data_dir / "admin.key").read_text().strip()

    def found(text: str) -> list[str] | None:
        """Keys of the documents that hold a word, the best first; None while the index does not answer."""
        asked = {"collection_name": "words", "query": text, "mode": "sparse"}
        request = urllib.request.Request(
            f"{up.running.url}/api/v1/search",
            json.dumps(asked).encode(),
            {"x-chroma-token": key, "content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return [hit["metadata"]["document_key"] for hit in json.load(answer)["hits"] if hit["sparse"]]
        except urllib.error.HTTPError as error:
            if error.code not in (400, 503):
                raise
            return None

    sync("--no-sparse")
    computed = up.metric("embedding", "headrace_embedded_texts_total", 'source="model"')
    assert not found("E4711")

    sync()

    await eventually(lambda: found("E4711") == ["a.md"] and found("broker") == ["b.md", "a.md"])
    assert up.metric("embedding", "headrace_embedded_texts_total", 'source="model"') == computed
    (folder / "a.md").unlink()
    (folder / "c.md").write_text("A broker, and a replica.")
    pid = up.service("searching")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    sync()
    await eventually(lambda: found("E4711") == [] and found("replica broker") == ["c.md", "b.md"])
    for source in json.loads(up.call("sources", "list", "--json").stdout):
        if source["folder"]["path"] == str(folder):
            up.call("sources", "delete", source["id"])


def test_a_stock_chroma_client_searches_by_words_and_cannot_change_what_is_kept(up: Up) -> None:
    key = json.loads(up.call("keys", "create", "reader", "--json").stdout)["key"]
    url = urlsplit(up.running.url)
    client = chromadb.HttpClient(str(url.hostname), url.port or 0, headers={"x-chroma-token": key})
    collection = client.get_collection("notes")
    by_words = Search(rank=Knn("the crank", key="sparse_embedding")).select(K.DOCUMENT, "document_key")

    [row] = collection.search(by_words).rows()[0]

    assert "Turn the crank" in (row["document"] or "")
    assert row["metadata"] == {"document_key": "gates.md"}
    with pytest.raises(ChromaAuthError, match="Headrace keeps collection 'notes'"):
        collection.delete(ids=[row["id"]])


@pytest.mark.parametrize("page", ["README.md", "docs/search.md"])
def test_the_chroma_clients_that_the_pages_show_run(
    page: str, up: Up, monkeypatch: pytest.MonkeyPatch
) -> None:
    def embedded(_: object, texts: Sequence[str]) -> list[np.ndarray[Any, Any]]:
        """Instead of the client's own model, which it would download."""
        return [np.full(384, 384**-0.5, np.float32) for _ in texts]

    monkeypatch.setattr(ONNXMiniLM_L6_V2, "__call__", embedded)
    key = json.loads(up.call("keys", "create", "reader", "--json").stdout)["key"]
    url = urlsplit(up.running.url)
    code = "\n".join(block.text for block in blocks("python") if block.page == page)
    code = code.replace('"127.0.0.1", 8383', f'"127.0.0.1", {url.port}').replace("hr_…", key)
    collection = chromadb.HttpClient(
        "127.0.0.1", url.port or 0, headers={"x-chroma-token": key}
    ).get_collection("notes")

    exec(code, {"chromadb": chromadb, "K": K, "Knn": Knn, "Search": Search, "collection": collection})


def test_every_metric_of_the_alerts_and_of_the_dashboard_is_served(up: Up) -> None:
    served = {name for service in SERVICES for name in served_names(up.metrics(service))}
    assert not metric_names() - served
    assert up.metric("tracking", "headrace_run_seconds_count", 'source_type="folder",status="complete"') > 0
    assert up.metric("indexing", "headrace_chroma_seconds_count", 'operation="upsert"') > 0


def test_the_logs_of_a_run_are_found_by_its_id(up: Up) -> None:
    [run, *_] = json.loads(up.call("invocations", "list", "--json").stdout)

    lines = json.loads(up.call("logs", "--invocation", run["id"], "--json").stdout)

    assert [line["event"] for line in lines if line["service"] == "tracking"][-1] == "run complete"


def test_a_database_that_is_not_there_is_not_said_to_be_empty(up: Up) -> None:
    asked = up.call("query", "x", "-c", "notes", "-d", "nope")
    assert asked.stderr == "headrace: no database 'nope' in Chroma; there are default_database\n"
    asked = up.call("query", "x", "-c", "other")
    assert asked.stderr.startswith("headrace: no collection 'other' in database 'default_database'; it holds")


def test_a_run_that_lists_nothing_says_what_it_looked_for(up: Up) -> None:
    drafts = up.folder / "drafts"
    drafts.mkdir()
    said = up.call("sync", "drafts", "-c", "drafts", "--include", "*.rst").stdout
    assert f"! nothing found: no files that match *.rst in {drafts}, or" in said

    (drafts / "a.md").write_text("# A\n\nword\n")
    assert "1 document listed: 1 written" in up.call("sync", "drafts", "-c", "drafts").stdout
    (drafts / "a.md").unlink()
    said = up.call("sync", "drafts", "-c", "drafts", "--allow-empty").stdout
    assert f"nothing found: no files in {drafts}, or a .gitignore excludes them; 1 document deleted" in said
    for source in json.loads(up.call("sources", "list", "--json").stdout):
        if source["folder"]["path"] == str(drafts):
            up.call("sources", "delete", source["id"])


def test_an_address_that_is_no_gateways_is_told_as_that(up: Up) -> None:
    environment_ = environment() | {"HEADRACE_URL": up.running.chroma_url, "HEADRACE_API_KEY": "x"}
    command = [COMMAND, "sources", "list"]
    asked = subprocess.run(command, cwd=up.folder, env=environment_, capture_output=True, text=True)
    assert asked.returncode == 1
    assert (
        f"{up.running.chroma_url} (HEADRACE_URL) does not answer as a Headrace gateway does" in asked.stderr
    )


def test_sources_invocations_and_dead_letters_are_listed(up: Up) -> None:
    sources = json.loads(up.call("sources", "list", "--json").stdout)
    assert [source["folder"]["path"] for source in sources] == [str(up.folder / "notes")]

    runs = json.loads(up.call("invocations", "list", "--json").stdout)
    first = json.loads(up.call("invocations", "documents", runs[-1]["id"], "--json").stdout)
    assert {one["document_key"]: one["status"] for one in first} == {
        "broken.pdf": "failed",
        "gates.md": "indexed",
        "tours.md": "indexed",
    }

    def letters() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(up.call("dead-letters", "list", "--json").stdout)
        return found

    # The broken file is gone, and its letter is void.
    asyncio.run(eventually(lambda: letters() == []))
    bad = up.folder / "bad"
    bad.mkdir()
    (bad / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    source = json.loads(up.call("sync", "bad", "-c", "bad", "--json").stdout)["source_id"]
    [letter] = letters()
    assert letter["document_key"] == "broken.pdf"
    assert up.call("dead-letters", "replay", letter["id"][:8]).stdout == "1 record sent again\n"
    up.call("sources", "delete", source[:8], "--documents")


def test_a_key_works_until_it_is_revoked(up: Up) -> None:
    made = json.loads(up.call("keys", "create", "ci", "--json").stdout)

    def status() -> int:
        request = urllib.request.Request(f"{up.running.url}/api/v1/sources")
        request.add_header("x-chroma-token", made["key"])
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    assert status() == 200
    assert up.call("keys", "revoke", made["id"]).returncode == 0
    assert status() == 401


#: The way of an uploaded document, from the row in Chroma back to the request.
_WAY = [
    ("api", "POST /api/v1/add-file"),
    ("api", "send headrace.runs.file_upload"),
    ("connectors", "process headrace.runs.file_upload"),
    ("connectors", "send headrace.documents"),
    ("parsing", "process headrace.documents"),
    ("parsing", "send headrace.parsed"),
    ("chunking", "process headrace.parsed"),
    ("chunking", "send headrace.chunks"),
    ("embedding", "process headrace.chunks"),
    ("embedding", "send headrace.embeddings"),
    ("indexing", "process headrace.embeddings"),
    (
        "indexing",
        "POST /api/v2/tenants/{tenant}/databases/{database}/collections/{collection}/add",
    ),
]


def _told(spans: Sequence[Taken]) -> list[tuple[str, str]]:
    return [(span.service.removeprefix("headrace-"), span.name) for span in spans]


async def test_an_upload_is_one_trace_from_the_request_to_the_row_in_chroma(
    up: Up, collector: Collector
) -> None:
    trace, caller, text = secrets.token_hex(16), secrets.token_hex(8), "Nobody reads this in a span. "
    form = aiohttp.FormData({"database_name": "default_database", "collection_name": "traced"})
    form.add_field("file", text * 3_000, filename="long.md")  # so long that it goes by the blob store
    key = (up.data_dir / "admin.key").read_text().strip()
    headers = {"x-chroma-token": key, "traceparent": f"00-{trace}-{caller}-01", "tracestate": "mine=1"}
    async with aiohttp.ClientSession(up.running.url, headers=headers) as http:
        headers = {"x-upload-content-length": str(len(text) * 3_000)}
        async with http.post("/api/v1/add-file", data=form, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            invocation = (await answer.json())["invocation_id"]

    def ways() -> list[list[Taken]]:
        return [collector.path(span) for span in collector.of(trace) if span.name == _WAY[-1][1]]

    await eventually(lambda: any(_told(way) == _WAY for way in ways()), _READY_S, "the row is in the trace")

    [way, *_] = [way for way in ways() if _told(way) == _WAY]
    assert way[0].parent == caller
    document = {span.attributes.get("headrace.document.key") for span in way[3:-1]}
    assert document == {"long.md"}
    assert {span.attributes.get("headrace.invocation.id") for span in way[2:-1]} == {invocation}
    told = _told(collector.of(trace))
    assert {("api", "put blob"), ("parsing", "get blob"), ("parsing", "parse"), ("chunking", "chunk")} <= {
        *told
    }
    assert ("tracking", "process headrace.progress") in told
    assert any(service == "embedding" and name.startswith("embeddings ") for service, name in told)
    everything = b"".join(collector.bodies)
    assert text.encode() not in everything
    assert key.encode() not in everything


async def test_a_question_is_one_trace_of_the_command_and_of_all_services_that_answer(
    up: Up, collector: Collector
) -> None:
    variables = environment() | traced_to(collector) | {"HEADRACE_DATA_DIR": str(up.data_dir)}
    called = [COMMAND, "query", "a question of nobody", "-c", "notes"]
    asked = await asyncio.to_thread(subprocess.run, called, env=variables, capture_output=True, text=True)

    assert asked.returncode == 0, asked.stderr
    [root] = [span for span in collector.spans if span.name == "headrace query"]
    assert (root.service, root.parent) == ("headrace-command", "")
    services = {"command", "api", "embedding", "searching"}
    await eventually(lambda: {service for service, _ in _told(collector.of(root.trace))} == services)
    assert b"a question of nobody" not in b"".join(collector.bodies)


@pytest.mark.parametrize("service", SERVICES)
async def test_no_service_has_more_kafka_clients_than_it_needs(up: Up, service: str) -> None:
    """Each is three threads and more, and each consumer is fetches while nothing happens. librdkafka names a
    thread of each.

    They are an admin client and a producer of health; a consumer for each stage and for each view; a producer
    for what each stage writes, and one for its transactions.
    """
    most = MOST_CLIENTS.get(service, 4) + FORMER_CLIENTS
    # Soon: some look a topic up now and then.
    await eventually(lambda: 0 < clients_of(up.service(service)) <= most, 60)


async def test_a_service_that_dies_comes_back(up: Up) -> None:
    killed = up.service("chunking")
    assert killed is not None
    os.kill(killed, signal.SIGKILL)

    await eventually(lambda: up.service("chunking") not in (None, killed), 60, "chunking runs again")

    assert "chunking ended with -9; starts again in" in (up.folder / "up.log").read_text()


@pytest.mark.faults
async def test_a_sync_goes_on_over_a_gateway_that_is_killed(up: Up) -> None:
    (up.folder / "more").mkdir()
    (up.folder / "more" / "one.md").write_text("# One\n\nA document that has to wait.\n")
    parsing, gateway = up.service("parsing"), up.service("api")
    assert parsing is not None
    assert gateway is not None
    os.kill(parsing, signal.SIGSTOP)  # the run does not end meanwhile
    try:
        process = up.begin("sync", "more", "-c", "more")
        assert process.stdout is not None
        assert process.stdout.readline()  # it follows
        os.kill(gateway, signal.SIGKILL)
        said = await asyncio.to_thread(process.stdout.readline)
        await eventually(lambda: up.service("api") not in (None, gateway), 60, "the gateway runs again")
    finally:
        os.kill(parsing, signal.SIGCONT)
    out, error = await asyncio.to_thread(process.communicate, timeout=_READY_S)

    assert (process.returncode, error) == (0, "")
    assert f"the gateway at {up.running.url} does not answer: " in said + out
    assert "1 document listed: 1 written" in out


def test_ctrl_c_stops_all_of_it_in_under_ten_seconds(up: Up) -> None:
    services = [pid for name in ("api", "parsing", "tracking") if (pid := up.service(name)) is not None]
    assert len(services) == 3

    began, waited = time.monotonic(), seconds_without_a_core()
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(60) == 0

    # Not counting the time in which the machine was busy with something else.
    assert time.monotonic() - began - (seconds_without_a_core() - waited) < STOP_WITHIN_S + 1
    assert not any(is_alive(pid) for pid in services)
    assert read_running(up.data_dir) is None
    key = (up.data_dir / "admin.key").read_text().strip()
    assert key not in (up.folder / "up.log").read_text() + up.first_line
