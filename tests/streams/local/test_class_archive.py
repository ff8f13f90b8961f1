"""The archive of a broker's classes: made of a list, used by the next JVM, and by no other one."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from schemas.errors import TransientError
from streams.cache_dir import default_cache_dir
from streams.local.class_archive import ClassArchive
from streams.local.jars import kafka_jars
from streams.local.java import find_java

LISTED = "java/lang/Object\njava/lang/String\nkafka/Kafka\norg/apache/kafka/common/Uuid\n"


@pytest.fixture(scope="module")
def jars() -> list[Path]:
    return kafka_jars(default_cache_dir())


def archive(folder: Path, jars: list[Path]) -> ClassArchive:
    return ClassArchive(folder, find_java(), jars, folder / "classes.list")


async def test_a_jvm_lists_its_classes_and_the_next_one_has_them_in_an_archive(
    jars: list[Path], tmp_path: Path
) -> None:
    first = archive(tmp_path, jars)
    assert f"-XX:DumpLoadedClassList={tmp_path / 'classes.list'}" in first.options(lists=True)
    assert first.options(lists=False) == []
    (tmp_path / "classes.list").write_text(LISTED + "java/lang/Thr")  # the JVM is writing
    await first.make()

    second = archive(tmp_path, jars)
    assert os.listdir(tmp_path) == [second.file.name]
    used = await asyncio.to_thread(loaded_from, second, jars)
    assert "kafka.Kafka source: shared objects file" in used


async def test_another_class_path_has_another_archive(jars: list[Path], tmp_path: Path) -> None:
    assert archive(tmp_path, jars).file != archive(tmp_path, jars[1:]).file


async def test_a_damaged_archive_does_not_keep_a_jvm_from_starting(jars: list[Path], tmp_path: Path) -> None:
    damaged = archive(tmp_path, jars)
    damaged.file.write_bytes(b"\0" * 10_000)

    used = await asyncio.to_thread(loaded_from, damaged, jars)
    assert "kafka.Kafka source: file:" in used or "kafka.Kafka source: jar:" in used


async def test_what_cannot_be_archived_leaves_nothing_behind(tmp_path: Path) -> None:
    broken = ClassArchive(tmp_path, Path("/bin/false"), [tmp_path / "no.jar"], tmp_path / "classes.list")
    (tmp_path / "classes.list").write_text(LISTED)

    with pytest.raises(TransientError, match="could not be archived: exit status 1"):
        await broken.make()

    assert os.listdir(tmp_path) == ["classes.list"]


def loaded_from(found: ClassArchive, jars: list[Path]) -> str:
    """What a JVM says of the classes that it loads. `kafka.Kafka` without a file ends at once."""
    options = [option for option in found.options(lists=False) if not option.startswith("-Xlog")]
    command = [str(find_java()), "-XX:+UseSerialGC", *options, "-Xlog:class+load"]
    ran = subprocess.run(
        [*command, "-cp", ":".join(map(str, jars)), "kafka.Kafka", "--version"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return ran.stdout
