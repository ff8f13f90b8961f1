"""Jars: pinned, checked one by one, fetched once."""

import hashlib
import multiprocessing
from pathlib import Path

import pytest

from schemas.errors import RequestError, TransientError
from streams.cache_dir import default_cache_dir
from streams.local import jars
from streams.local.jars import LockedJar, check_jars, kafka_jars, read_lock

CONTENT = b"PK of a jar"


@pytest.fixture
def locked(tmp_path: Path) -> list[LockedJar]:
    (tmp_path / "one-1.0.jar").write_bytes(CONTENT)
    return [LockedJar("org.example", "one", "1.0", hashlib.sha256(CONTENT).hexdigest())]


def test_the_lock_file_pins_the_broker_and_all_that_it_needs() -> None:
    pinned = {jar.name: jar.sha256 for jar in read_lock()}
    assert {"kafka_2.13-4.3.0.jar", "kafka-clients-4.3.0.jar", "slf4j-simple-1.7.36.jar"} <= set(pinned)
    assert len(pinned) == 46
    assert all(len(bytes.fromhex(sha256)) == 32 for sha256 in pinned.values())


def test_jars_with_the_pinned_bytes_are_taken(locked: list[LockedJar], tmp_path: Path) -> None:
    assert check_jars(tmp_path, locked) == [tmp_path / "one-1.0.jar"]


def test_a_jar_with_other_bytes_is_refused_by_name_with_both_checksums(
    locked: list[LockedJar], tmp_path: Path
) -> None:
    (tmp_path / "one-1.0.jar").write_bytes(CONTENT + b"!")
    seen = hashlib.sha256(CONTENT + b"!").hexdigest()
    with pytest.raises(RequestError, match=rf"one-1.0.jar.*expected SHA-256 {locked[0].sha256}, seen {seen}"):
        check_jars(tmp_path, locked)


def test_a_jar_that_is_gone_is_refused_by_name(locked: list[LockedJar], tmp_path: Path) -> None:
    (tmp_path / "one-1.0.jar").unlink()
    with pytest.raises(RequestError, match=r"one-1.0.jar.*no such file"):
        check_jars(tmp_path, locked)


@pytest.fixture
def one_jar(tmp_path: Path) -> Path:
    """A lock file with one small real jar, so that a test fetches 3 KB and not 43 MB."""
    small = next(jar for jar in read_lock() if jar.artifact == "jspecify")
    lock_file = tmp_path / "jars.lock"
    lock_file.write_text(f"{small.sha256}  {small.group}:{small.artifact}:{small.version}\n")
    return lock_file


def test_a_download_that_is_not_the_pinned_jar_is_refused_and_leaves_nothing(
    one_jar: Path, tmp_path: Path
) -> None:
    one_jar.write_text("0" * 64 + one_jar.read_text()[64:])
    with pytest.raises(RequestError, match=r"jspecify-1.0.0.jar.*expected SHA-256 0000"):
        kafka_jars(tmp_path / "cache", one_jar)
    assert [path.name for path in (tmp_path / "cache" / "kafka").iterdir()] == ["fetching"]


def test_a_jar_that_no_repository_has_is_named(
    one_jar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jars.download.retry, "sleep", lambda _: None)
    one_jar.write_text(one_jar.read_text().replace("1.0.0", "0.0.0"))
    with pytest.raises(
        TransientError, match=r"jspecify-0.0.0.jar of the local broker could not be downloaded"
    ):
        kafka_jars(tmp_path / "cache", one_jar)


def _fetch(cache: Path, lock_file: Path) -> None:
    kafka_jars(cache, lock_file)


def test_processes_that_fetch_at_once_all_get_whole_jars(one_jar: Path, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    fetching = [spawn.Process(target=_fetch, args=(tmp_path / "cache", one_jar)) for _ in range(3)]
    for process in fetching:
        process.start()
    for process in fetching:
        process.join()
    assert [process.exitcode for process in fetching] == [0, 0, 0]
    assert [jar.name for jar in kafka_jars(tmp_path / "cache", one_jar)] == ["jspecify-1.0.0.jar"]


def test_a_cache_that_is_complete_is_only_read(tmp_path: Path) -> None:
    lock_file = tmp_path / "jars.lock"
    lock_file.write_text("# no jars\n")
    whole = tmp_path / "kafka" / hashlib.sha256(lock_file.read_bytes()).hexdigest()[:16]
    whole.mkdir(parents=True)

    assert kafka_jars(tmp_path, lock_file) == []
    assert list((tmp_path / "kafka").iterdir()) == [whole]


def test_a_cache_that_cannot_be_written_is_told_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(RequestError, match=r"file/cache cannot be written: Not a directory; .*_CACHE_DIR"):
        kafka_jars(tmp_path / "file" / "cache")


def test_the_cache_is_where_the_setting_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEADRACE_CACHE_DIR", str(tmp_path))
    assert default_cache_dir() == tmp_path
    monkeypatch.delenv("HEADRACE_CACHE_DIR")
    assert default_cache_dir().name == "headrace"
