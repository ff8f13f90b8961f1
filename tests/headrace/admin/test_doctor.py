"""`headrace doctor` on the real broker and the real Chroma, and on what is missing or wrong."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import NewPartitions  # type: ignore[attr-defined]

from headrace.admin.doctor import Check, Verdict, machine_checks, server_checks
from headrace.admin.doctor.servers import clock_checks, gateway_checks
from headrace.cli.app import run
from headrace.cli.settings import load_settings
from headrace.wiring import Wiring
from schemas.errors import RequestError
from streams.data_dir import open_data_dir
from streams.kafka.cluster import admin, partition_counts
from streams.local.ports import LOOPBACK, free_port
from tests.conftest import Chroma, Kafka
from tests.streams.broker import fresh_cluster
from tests.waiting import eventually


async def found(
    wiring: Wiring, chroma_url: str | None = None, gateway: str | None = None
) -> dict[str, Check]:
    return {check.subject: check async for check in server_checks(wiring, chroma_url, gateway)}


async def wired(kafka: Kafka, folder: Path, partitions: int = 2) -> Wiring:
    cluster = await fresh_cluster(kafka, partitions) if partitions else None
    prefix = cluster.prefix if cluster else "nobodys."
    return Wiring(load_settings(folder, kafka_bootstrap_servers=kafka.bootstrap_servers, topic_prefix=prefix))


async def test_what_works_is_said_to_work(kafka: Kafka, chroma: Chroma, tmp_path: Path) -> None:
    checks = await found(await wired(kafka, tmp_path), chroma.url)

    assert {name: check.verdict for name, check in checks.items()} == dict.fromkeys(
        ["broker", "topics", "services", "dead letters", "blob store", "Chroma", "clock"], Verdict.OK
    )
    assert not list((tmp_path / "blobs").iterdir())


async def test_topics_of_rows_that_do_not_exist_are_named(kafka: Kafka, tmp_path: Path) -> None:
    file = tmp_path / "tables.toml"
    file.write_text('[[tables]]\ntopic = "nobodys.rows"\ncollection = "docs"\nkey = "id"\ntext = "name"\n')
    wiring = await wired(kafka, tmp_path / "data")

    async def rows() -> Check:
        wiring.settings = wiring.settings.model_copy(update={"inbox_tables": file})
        return (await found(wiring))["rows"]

    missing = await rows()
    file.write_text("[[tables]]")
    wrong = await rows()

    assert missing.verdict is Verdict.WARNING
    assert missing.found == "these topics do not exist yet: nobodys.rows"
    assert wrong.verdict is Verdict.FAULT
    assert "HEADRACE_INBOX_TABLES" in wrong.found


async def test_a_broker_that_does_not_answer_is_named_and_its_topics_are_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = f"{LOOPBACK}:{free_port()}"
    monkeypatch.setenv("HEADRACE_KAFKA_SOCKET_TIMEOUT_MS", "500")
    wiring = Wiring(load_settings(tmp_path, kafka_bootstrap_servers=server))

    checks = await found(wiring)

    assert checks["broker"].verdict is Verdict.FAULT
    assert server in checks["broker"].found
    assert "topics" not in checks


async def test_missing_topics_are_named_with_the_command_that_creates_them(
    kafka: Kafka, tmp_path: Path
) -> None:
    topics = (await found(await wired(kafka, tmp_path, partitions=0)))["topics"]

    assert topics.verdict is Verdict.FAULT
    assert "documents" in topics.found
    assert "headrace topics ensure" in topics.advice


async def test_partition_counts_that_differ_are_a_fault(kafka: Kafka, tmp_path: Path) -> None:
    wiring = await wired(kafka, tmp_path)
    name = wiring.cluster.name("documents")

    client = admin(wiring.cluster)
    client.create_partitions([NewPartitions(name, 3)])[name].result(20)
    await eventually(lambda: partition_counts(client, wiring.cluster)["documents"] == 3)

    assert (await found(wiring))["topics"].found == "partition counts differ: [2, 3]"


async def test_records_that_nobody_reads_are_a_fault_of_the_service(kafka: Kafka, tmp_path: Path) -> None:
    wiring = await wired(kafka, tmp_path)
    name = wiring.cluster.name("documents")
    producer = Producer(wiring.cluster.client(enable_idempotence=True))
    for _ in range(3):
        producer.produce(name, b"x", partition=0)
    assert producer.flush(20) == 0
    consumer = Consumer(wiring.cluster.client(group_id=wiring.cluster.name("parsing")))
    consumer.commit(offsets=[TopicPartition(name, 0, 1)], asynchronous=False)
    consumer.close()

    services = (await found(wiring))["services"]

    assert services.verdict is Verdict.FAULT
    assert services.found == "nobody reads for parsing (2 records)"


async def test_servers_that_do_not_answer_are_faults(kafka: Kafka, tmp_path: Path) -> None:
    gone = f"http://{LOOPBACK}:{free_port()}"
    wiring = Wiring(load_settings(tmp_path, kafka_bootstrap_servers=kafka.bootstrap_servers))
    (tmp_path / "blobs").rmdir()
    (tmp_path / "blobs").write_text("a file where the folder was")

    checks = await found(wiring, gone, gone)

    assert {checks[name].verdict for name in ("blob store", "Chroma", "gateway")} == {Verdict.FAULT}
    assert gone in checks["Chroma"].found


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"[]", "does not answer as a Headrace gateway does (200): []"),
        (200, b'{"stages": 7}', "does not answer as a Headrace gateway does"),
        (200, b"\xff\xfe", "does not answer as a Headrace gateway does"),
        (502, b"<html>Bad Gateway</html>", "does not answer as a Headrace gateway does (502): <html>"),
        (503, b'{"error": "InternalError", "message": "Chroma does not answer"}', "Chroma does not answer"),
        (503, b"", "(503): nothing"),
        (200, b"[" * 100_000, "does not answer as a Headrace gateway does"),
    ],
)
async def test_whatever_answers_for_a_gateway_is_one_line(status: int, body: bytes, said: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={"Date": "never"})

    app = web.Application()
    app.router.add_get("/health", answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        (check,) = await gateway_checks(session, str(server.make_url("/")))
    assert check.verdict is Verdict.FAULT
    assert said in check.found


@pytest.mark.parametrize(
    ("dated", "verdict", "said"),
    [
        ("never", Verdict.WARNING, "cannot be read: 'never'"),
        ("", Verdict.WARNING, "cannot be read"),
        ("Sun, 06 Nov 1994 08:49:37 -0000", Verdict.WARNING, "differ by"),
        ("Sun, 06 Nov 99999999999 08:49:37 GMT", Verdict.WARNING, "cannot be read"),
    ],
)
def test_a_date_of_any_form_is_a_check(dated: str, verdict: Verdict, said: str) -> None:
    (check,) = clock_checks("Chroma", dated)
    assert check.verdict is verdict
    assert said in check.found


def test_a_blob_store_that_cannot_be_opened_is_a_refusal_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file where the folder should be")

    with pytest.raises(RequestError, match=r"blobs cannot be a blob store.*HEADRACE_BLOB_URL"):
        Wiring(load_settings(tmp_path, kafka_bootstrap_servers="127.0.0.1:1"))


def test_a_blob_store_of_no_kind_is_refused_in_one_line(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, kafka_bootstrap_servers="127.0.0.1:1", blob_url="gopher://hole")

    with pytest.raises(RequestError) as caught:
        Wiring(settings)

    assert "gopher://hole" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_of_something_else_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")

    checks = {check.subject: check for check in machine_checks(load_settings(tmp_path))}

    assert checks["data folder"].verdict is Verdict.FAULT
    assert checks["versions"].verdict is checks["embedding model"].verdict is Verdict.OK
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.tex"]


def test_folders_that_cannot_be_made_are_told(tmp_path: Path) -> None:
    """Below a file, as below a folder that only others may write."""
    (tmp_path / "file").touch()
    settings = load_settings(tmp_path / "file" / "data", cache_dir=tmp_path / "file" / "cache")

    checks = {check.subject: check for check in machine_checks(settings)}

    assert checks["data folder"].verdict is Verdict.FAULT
    assert checks["data folder"].found.endswith(f"cannot be used: {tmp_path / 'file'} may not be written")
    assert checks["cache folder"].verdict is Verdict.WARNING


def test_a_disk_that_does_not_say_how_large_it_is_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a start believes it."""
    usage = SimpleNamespace(total=0, used=0, free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage)

    disk = next(one for one in machine_checks(load_settings(tmp_path)) if one.subject == "disk")

    assert disk.verdict is Verdict.OK


def test_a_data_folder_that_others_can_enter_is_told(tmp_path: Path) -> None:
    open_data_dir(tmp_path)
    tmp_path.chmod(0o755)

    checks = {check.subject: check for check in machine_checks(load_settings(tmp_path))}

    assert checks["data folder"].verdict is Verdict.WARNING
    assert "chmod 700" in checks["data folder"].advice


def test_a_model_that_is_not_there_is_a_fault_with_its_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_EMBEDDING_FOLDER", str(tmp_path / "nowhere"))

    checks = {check.subject: check for check in machine_checks(load_settings(tmp_path / "data"))}

    assert checks["embedding model"].verdict is Verdict.FAULT
    assert "nowhere" in checks["embedding model"].found


def test_what_services_log_is_not_among_what_the_command_prints(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "headrace", "doctor", "--data-dir", str(tmp_path / "data"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert "embedding model" in [one["subject"] for one in json.loads(done.stdout)]
    assert "model loaded" not in done.stdout


def test_the_command_says_that_only_the_machine_was_checked_where_nothing_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor", "--data-dir", str(tmp_path / "data"), "--json"]) == 0

    (system,) = [one for one in json.loads(capsys.readouterr().out) if one["subject"] == "system"]
    assert system["advice"] == "only this machine was checked"


def test_the_command_fails_where_something_does_not_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEADRACE_KAFKA_BOOTSTRAP_SERVERS", f"{LOOPBACK}:{free_port()}")
    monkeypatch.setenv("HEADRACE_KAFKA_SOCKET_TIMEOUT_MS", "500")

    assert run(["doctor", "--data-dir", str(tmp_path / "data")]) == 1

    assert "✗ broker" in capsys.readouterr().out
