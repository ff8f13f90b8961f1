"""The command as a user calls it: what it answers, what it says when it cannot."""

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from headrace.cli import app, main
from headrace.cli.app import run
from headrace.cli.settings import load_settings

SAMPLE = """\
# Gates

Only the operator may move a gate.

## At night

Never alone.
"""


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HEADRACE_URL", "HEADRACE_API_KEY", "HEADRACE_LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HEADRACE_DATA_DIR", str(tmp_path / "data"))


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What went to standard error: one line, never a traceback."""
    text = capsys.readouterr().err
    assert text.startswith("headrace: ")
    assert text.count("\n") == 1
    return text


@pytest.mark.parametrize("command", [[], ["sync"], ["sources"], ["sources", "edit"]])
def test_help_shows_no_value_behind_a_flag(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == 0

    shown = capsys.readouterr().out
    assert "--help" in shown
    assert "bool" not in shown.lower()


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_command_may_be_called_with_a_closed_output(tmp_path: Path, closed: str) -> None:
    (tmp_path / "a.md").write_text(SAMPLE)
    command = f"exec {sys.executable} -m headrace chunk a.md {closed}>&-"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert done.stderr == ""


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0

    shown = capsys.readouterr().out
    for command in (
        "up",
        "sync",
        "query",
        "service",
        "topics",
        "sources",
        "invocations",
        "keys",
        "credentials",
        "documents",
        "webhooks",
    ):
        assert f"│ {command} " in shown


@pytest.mark.parametrize(
    "called",
    [
        ["sync", "query"],
        ["topics", "ensure"],
        ["topics", "list"],
        *(["sources", verb] for verb in ("list", "show", "create", "delete")),
        *(["invocations", verb] for verb in ("list", "show", "create", "cancel", "documents")),
        *(["keys", verb] for verb in ("list", "create", "revoke")),
        ["collections", "list"],
        *(["documents", verb] for verb in ("list", "show", "retry", "delete")),
        *(["webhooks", verb] for verb in ("list", "create", "edit", "delete", "deliveries", "test")),
        *(["credentials", verb] for verb in ("list", "create", "delete", "rotate")),
        *(["dead-letters", verb] for verb in ("list", "show", "replay")),
        ["blobs", "sweep"],
        ["parse"],
        ["chunk"],
        ["service"],
    ],
)
def test_every_command_has_help(called: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*called, "--help"]) == 0
    assert "Usage: headrace" in capsys.readouterr().out


def test_help_fills_the_lines_of_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 80)
    assert run(["sync", "--help"]) == 0

    described = capsys.readouterr().out.split("Usage:")[1].split("╭")[0].strip().splitlines()[1:]
    lines = list(itertools.pairwise(line.strip() for line in described))
    assert len(lines) > 20
    room = [len(line) + 1 + len(after.split()[0]) for line, after in lines if line and after]
    assert min(room) > 75


def test_a_shell_completes_commands_and_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def completed(words: str, number: int) -> list[str]:
        monkeypatch.setenv("_HEADRACE_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(number))
        with pytest.raises(SystemExit) as end:
            run([])
        assert not end.value.code
        return capsys.readouterr().out.split()

    assert completed("headrace sy", 1) == ["sync"]
    assert "--collection" in completed("headrace sync --c", 2)


def test_ctrl_c_while_the_command_loads_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("headrace.cli.start_safely", interrupted)

    with pytest.raises(SystemExit) as end:
        main([])

    assert end.value.code == 130
    assert said(capsys) == "headrace: broken off\n"


@pytest.mark.parametrize(
    ("called", "meant"),
    [("s3:/notes", "s3://notes"), ("s3:notes/a", "s3://notes/a"), ("https:/x.test/", "https://x.test/")],
)
def test_an_address_with_a_slash_too_few_is_told_from_a_folder(
    called: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sync", called, "-c", "docs"]) == 2

    assert said(capsys) == f"headrace: {called} is no address; did you mean {meant}?\n"


@pytest.mark.parametrize(
    ("called", "why"),
    [
        ("ftp://host/notes", "ftp://host/notes: ftp:// cannot be synced; expected a folder, a file, github:"),
        ("www.example.org/a", "www.example.org/a is no folder; did you mean https://www.example.org/a?"),
    ],
)
def test_an_address_that_nothing_reads_is_told_from_a_folder(
    called: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sync", called, "-c", "docs"]) == 2

    assert said(capsys).startswith(f"headrace: {why}")


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, headrace.cli.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"pydantic", "aiohttp", "confluent_kafka", "chromadb", "numpy", "structlog", "jgo"}


def test_a_command_that_asks_a_gateway_does_not_load_the_local_system(tmp_path: Path) -> None:
    code = "import sys; from headrace.cli.app import run; run(['keys', 'list']); print(*sys.modules)"
    nowhere = {"HEADRACE_URL": "http://127.0.0.1:9", "HEADRACE_API_KEY": "k"}
    called = [sys.executable, "-c", code]
    done = subprocess.run(
        called, capture_output=True, text=True, check=True, cwd=tmp_path, env=os.environ | nowhere
    )

    assert "does not answer" in done.stderr
    loaded = set(done.stdout.split())
    assert "headrace.client.connect" in loaded
    unneeded = {
        "headrace.local.supervisor",
        "streams.local",
        "schemas.events",
        "jgo",
        "requests",
        "aiohttp.web",
    }
    assert not loaded & {*unneeded, "confluent_kafka", "fastavro", "dataclasses_avroschema"}


@pytest.mark.parametrize(
    ("called", "expected"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["sync"], "Missing argument 'path'; see `headrace sync --help`"),
        (["sync", "."], "Missing option '--collection'"),
        (["query", "x", "-c", "c", "-n", "many"], "'-n': Input should be a valid integer"),
        (["invocations", "list", "--status", "lost"], "Invalid value for '--status'"),
        (["parse", "missing.pdf"], "missing.pdf"),
        (["sync", "", "-c", "notes"], "PATH is empty"),
        (["sync", "odd/d\udcff", "-c", "notes"], "the argument 'odd/d\\\\xff' is not UTF-8"),
        (["sync", ".", "-c", "per\udcffm"], "the argument 'per\\\\xffm' is not UTF-8"),
        (["sync", ".", "-c", "notes", "--include", "!*.md"], "use --exclude to skip files"),
        (["sync", ".", "-c", "notes", "--exclude", "*"], "together match nothing"),
        (["sync", ".", "-c", "notes", "--include", "["], "a bracket is never closed"),
        (["sources", "create", ".", "--include", "!*.md"], "use --exclude to skip files"),
        (["query", " ", "-c", "notes"], "expected TEXT, --contains or --regex: what to look for"),
        (["sync", ".", "-c", "c"], "--collection: collection name 'c': expected 3 to 512 characters"),
        (["sync", ".", "-c", "127.0.0.1"], "no IP address"),
        (["sync", ".", "-c", "notes", "-d", ""], "--database: database_name must have 1 to 512"),
        (["sync", ".", "-c", "notes", "--include", "x" * 1025], "--include: String should have at most 1024"),
        (
            ["sync", ".", "-c", "notes", *[f"--exclude={n}" for n in range(201)]],
            "--exclude: List should have at most 200",
        ),
        (["query", "x", "-c", "no/tes"], "--collection: collection name 'no/tes'"),
        (["invocations", "create", "id", "-c", "c"], "--collection: collection name 'c'"),
        (["query", "x", "-c", "notes", "-n", "0"], "'-n': Input should be greater than or equal to 1"),
        (["invocations", "list", "-n", "0"], "'-n': Input should be greater than or equal to 1"),
        (["invocations", "documents", "id", "-n", "0"], "'-n': Input should be greater than or equal to 1"),
        (["dead-letters", "list", "-n", "0"], "'-n': Input should be greater than or equal to 1"),
        (["service", "baking"], "there are connectors, parsing"),
        (["up", "--port", "99999"], "--port is '99999': Input should be less than or equal to 65535"),
        (["up", "--data-dir", "/dev/null"], "--data-dir is '/dev/null': it is not a folder"),
    ],
)
def test_a_wrong_call_is_one_line_and_status_2(
    called: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(called) == 2
    assert expected in said(capsys)


def test_a_setting_that_is_none_is_named_with_its_value(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_PORT", "eighty")

    assert run(["query", "x", "-c", "notes"]) == 2
    assert "HEADRACE_PORT is 'eighty'" in said(capsys)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("EMBEDDING_MODEL", "acme/none", "HEADRACE_EMBEDDING_MODEL is 'acme/none': "),
        ("EMBEDDING_MODELS", "acme/none", "HEADRACE_EMBEDDING_MODELS is 'acme/none': "),
        ("EMBEDDING_FOLDER", "/nowhere", "HEADRACE_EMBEDDING_FOLDER is '/nowhere': "),
        ("FOLDER_ROOTS", "[/srv", "HEADRACE_FOLDER_ROOTS is '[/srv': "),
        (
            "JAVA",
            "/nowhere/java",
            "HEADRACE_JAVA is '/nowhere/java': /nowhere/java does not answer as a Java",
        ),
    ],
)
def test_a_setting_with_which_nothing_can_start_is_told_before_a_start(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    value: str,
    expected: str,
) -> None:
    monkeypatch.setenv(f"HEADRACE_{name}", value)

    assert run(["sync", ".", "-c", "notes"]) == 2
    assert expected in said(capsys)
    assert not (tmp_path / "data").exists()


def test_a_folder_that_cannot_be_read_is_told_before_a_start(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may read everything

    assert run(["sync", "closed", "-c", "notes"]) == 1
    assert "closed cannot be read: Permission denied" in said(capsys)


def test_a_data_folder_that_is_a_file_is_refused_before_anything_starts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HEADRACE_DATA_DIR", str(tmp_path / "file"))

    assert run(["up"]) == 2
    assert "HEADRACE_DATA_DIR is " in (told := said(capsys))
    assert "it is not a folder" in told


def test_the_data_folder_of_the_current_folder_is_used_and_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HEADRACE_DATA_DIR")
    (tmp_path / ".headrace").mkdir()

    assert run(["blobs", "sweep"]) == 0
    assert said(capsys) == "headrace: using the data folder .headrace in the current folder\n"


def test_variables_that_no_setting_reads_are_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HEADRACE_MAX_CHUNK", "HEADRACE_NONSENSE", "HEADRACE_KAFKA_LINGER_MS", "HEADRACE_JAVA"):
        monkeypatch.setenv(name, "1")

    load_settings()

    assert capsys.readouterr().err.splitlines() == [
        "headrace: HEADRACE_MAX_CHUNK is set but is no setting; did you mean HEADRACE_MAX_CHUNKS?",
        "headrace: HEADRACE_NONSENSE is set but is no setting; docs/settings.md lists them",
    ]


def test_replay_wants_ids_or_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dead-letters", "replay"]) == 2
    assert "--all" in said(capsys)


@pytest.mark.parametrize(
    ("called", "expected"),
    [
        (["sources", "list"], "start it with `headrace up`, or set HEADRACE_URL"),
        (["topics", "list"], "HEADRACE_KAFKA_BOOTSTRAP_SERVERS"),
        (["dead-letters", "list"], "no system is running on /"),
        (["query", "x", "-c", "notes"], "create one with `headrace sync`"),
        (["sync", "nowhere", "-c", "notes"], "nowhere does not exist"),
        (["sync", "/dev/null", "-c", "notes"], "/dev/null is a device; expected a folder or a file"),
        (["sync", "n" * 300, "-c", "notes"], "cannot be read: File name too long"),
        (["service", "parsing"], "HEADRACE_KAFKA_BOOTSTRAP_SERVERS"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(
    called: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(called) == 1
    assert expected in said(capsys)


def test_a_property_that_librdkafka_does_not_know_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("HEADRACE_KAFKA_NONSENSE", "1")

    assert run(["topics", "list"]) == 1
    told = said(capsys)
    assert told.startswith("headrace: a setting of Kafka's client is wrong (HEADRACE_KAFKA_…): ")
    assert 'No such configuration property: "nonsense"' in told


def test_a_broker_that_is_away_is_named_in_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("HEADRACE_KAFKA_SOCKET_TIMEOUT_MS", "500")

    assert run(["topics", "list"]) == 1
    told = said(capsys)
    assert told.startswith("headrace: no broker answers at 127.0.0.1:1: ")
    assert "KafkaError" not in told


def test_metrics_that_cannot_be_served_name_the_settings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("HEADRACE_HOST", "192.0.2.1")  # RFC 5737: nobody's
    monkeypatch.setenv("HEADRACE_METRICS_PORT", "9")

    assert run(["service", "parsing"]) == 1
    assert "metrics cannot be served at 192.0.2.1:9 (HEADRACE_HOST" in said(capsys)


def test_a_gateway_without_a_key_to_it_names_the_setting(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_URL", "http://127.0.0.1:1")

    assert run(["keys", "list"]) == 1
    assert "HEADRACE_API_KEY" in said(capsys)


def test_a_gateway_that_is_away_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("HEADRACE_API_KEY", "x")

    assert run(["keys", "list"]) == 1
    assert "the gateway at http://127.0.0.1:1 does not answer" in said(capsys)


def test_what_nobody_foresaw_is_one_line_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(app, "app", broken)

    assert run([]) == 1
    assert "ZeroDivisionError: division by zero" in said(capsys)


def test_debug_shows_where(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_LOG_LEVEL", "debug")

    assert run(["sync", "nowhere", "-c", "notes"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "long.md").write_text("a line\n" * 100_000)
    command = f"{sys.executable} -m headrace parse long.md | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("a line\n", "")


def test_a_sweep_takes_old_blobs_only(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    old, new = tmp_path / "data/blobs/aa/aaaa", tmp_path / "data/blobs/bb/bbbb"
    for blob in (old, new):
        blob.parent.mkdir(parents=True)
        blob.write_bytes(b"payload")
    month_ago = time.time() - 30 * 24 * 60 * 60
    os.utime(old, (month_ago, month_ago))

    assert run(["blobs", "sweep"]) == 0
    assert capsys.readouterr().out == "1 blob older than 14 days swept\n"
    assert (old.exists(), new.exists()) == (False, True)


def test_parse_prints_the_markdown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "gates.html").write_text("<h1>Gates</h1><ul><li>upper</li></ul>")

    assert run(["parse", "gates.html"]) == 0
    assert capsys.readouterr().out == "# Gates\n\n- upper\n"


def test_parse_for_programs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "gates.md").write_text(SAMPLE)

    assert run(["parse", "gates.md", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["markdown"] == SAMPLE


def test_a_file_that_cannot_be_parsed_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 broken")

    assert run(["parse", "broken.pdf"]) == 1
    assert "broken.pdf" in said(capsys)


@pytest.mark.parametrize("command", ["parse", "chunk"])
def test_what_is_no_file_is_not_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str
) -> None:
    os.mkfifo(tmp_path / "pipe.txt")

    assert run([command, "pipe.txt"]) != 0
    assert "pipe.txt is a named pipe; expected a file" in said(capsys)


def test_chunk_shows_where_each_chunk_stands(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "gates.md").write_text(SAMPLE)

    assert run(["chunk", "gates.md", "--max-size-bytes", "64"]) == 0

    shown = capsys.readouterr().out
    assert "--- 1 · lines 1–3 · " in shown
    assert "Never alone." in shown
    assert "2 chunks" in shown


def test_chunk_for_programs_has_lines_and_context(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "gates.md").write_text(SAMPLE)

    assert run(["chunk", "gates.md", "--max-size-bytes", "64", "--json"]) == 0

    chunks = json.loads(capsys.readouterr().out)
    assert [(one["start_line"], one["context"]) for one in chunks] == [(1, ""), (5, "Gates")]


@pytest.mark.parametrize(
    "called",
    [
        ["query", "x", "-c", "per\udcffm"],
        ["query", "\udcff", "-c", "docs"],
        ["sync", "odd/d\udcff", "-c", "docs"],
    ],
)
def test_an_argument_that_is_not_utf8_is_refused(
    called: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(called) == 2
    assert r"\xff" in (message := said(capsys))
    assert "is not UTF-8" in message


def test_a_file_is_parsed_whatever_the_bytes_of_its_name(tmp_path: Path) -> None:
    file = os.fsencode(tmp_path) + b"/odd\xff.md"
    Path(os.fsdecode(file)).write_text(SAMPLE)

    assert run(["parse", os.fsdecode(file)]) == 0


@pytest.mark.parametrize("count", ["0", "-5"])
@pytest.mark.parametrize(
    "called",
    [
        ["query", "x", "-c", "docs"],
        ["invocations", "list"],
        ["invocations", "documents", "00000000-0000-0000-0000-000000000000"],
        ["dead-letters", "list"],
    ],
    ids=" ".join,
)
def test_no_list_has_fewer_than_one_line(
    called: list[str], count: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*called, "-n", count]) == 2
    assert "1" in said(capsys)
