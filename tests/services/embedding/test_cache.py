import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.embedding import VectorCache, vector_key

Some = dict[bytes, NDArray[np.float32]]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(tmp_path: Path, clock: Clock) -> Iterator[VectorCache]:
    made = VectorCache(tmp_path / "vectors.sqlite", clock=clock)
    yield made
    made.close()


def some_vectors(name: str, count: int = 10, dimension: int = 384) -> Some:
    values = np.random.default_rng(3).random((count, dimension), dtype=np.float32)
    return {vector_key("m", "t", f"{name} {number}"): row for number, row in enumerate(values)}


def stored(cache: VectorCache) -> int:
    """Vectors in the file."""
    cache.get_many([b"nothing"])  # makes the file
    return int(sqlite3.connect(cache.path).execute("SELECT count(*) FROM vectors").fetchone()[0])


def same(left: Some, right: Some) -> bool:
    return left.keys() == right.keys() and all(np.array_equal(left[key], right[key]) for key in left)


def test_what_was_put_is_found_and_nothing_else(cache: VectorCache) -> None:
    stored, other = some_vectors("a"), some_vectors("b")
    cache.put_many(stored)
    assert same(cache.get_many([*other, *stored]), stored)
    assert cache.get_many([]) == {}


def test_vectors_are_on_disk_as_raw_little_endian_float32(cache: VectorCache) -> None:
    stored = some_vectors("a", count=1)
    cache.put_many(stored)
    row = sqlite3.connect(cache.path).execute("SELECT vector FROM vectors").fetchone()
    assert row[0] == next(iter(stored.values())).astype("<f4").tobytes()


def test_another_opening_of_the_file_finds_them_too(cache: VectorCache) -> None:
    stored = some_vectors("a")
    cache.put_many(stored)
    cache.close()
    assert same(VectorCache(cache.path).get_many(list(stored)), stored)
    assert same(cache.get_many(list(stored)), stored)


@pytest.mark.parametrize(
    "damage",
    ["x'00000000' || substr(vector, 5)", "substr(vector, 1, 5)", "x''", "'text'"],
    ids=["another number", "cut", "empty", "text"],
)
def test_a_vector_that_has_changed_on_the_disk_is_none_and_makes_room_for_the_right_one(
    cache: VectorCache, damage: str
) -> None:
    stored = some_vectors("a", count=2)
    cache.put_many(stored)
    harmed, whole = stored
    with sqlite3.connect(cache.path) as file:
        file.execute(f"UPDATE vectors SET vector = {damage} WHERE key = ?", (harmed,))

    assert same(cache.get_many(list(stored)), {whole: stored[whole]})

    cache.put_many(stored)
    assert same(cache.get_many(list(stored)), stored)


def test_putting_twice_counts_once(cache: VectorCache) -> None:
    cache.put_many(some_vectors("a"))
    cache.put_many(some_vectors("a"))
    assert stored(cache) == 10


def test_those_not_used_for_the_longest_time_are_dropped_first(tmp_path: Path, clock: Clock) -> None:
    cache = VectorCache(tmp_path / "v", limit_bytes=1_000_000, clock=clock)
    old, used, new = some_vectors("old", 150), some_vectors("used", 150), some_vectors("new", 250)
    for vectors in (used, old):
        cache.put_many(vectors)
        clock.now += 86_400
    cache.get_many(list(used))
    cache.put_many(new)
    assert same(cache.get_many([*used, *new]), {**used, **new})
    assert len(cache.get_many(list(old))) < 150


def test_the_file_stays_within_the_limit(tmp_path: Path) -> None:
    limit = 4_000_000
    cache = VectorCache(tmp_path / "v", limit_bytes=limit)
    for number in range(15):
        cache.put_many(some_vectors(f"{number}", count=500))
    cache.close()  # and with it the log is written into the file
    assert limit * 0.6 < cache.path.stat().st_size < limit * 1.35
    assert len(cache.get_many(list(some_vectors("14", count=500)))) == 500


def test_a_limit_below_one_vector_stores_nothing_and_ends(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "v", limit_bytes=0)
    cache.put_many(some_vectors("a"))
    assert stored(cache) == 0


@pytest.mark.parametrize("damage", ["rubbish", "cut", "torn page", "empty", "other tables", "other layout"])
def test_a_broken_file_is_begun_anew(cache: VectorCache, damage: str) -> None:
    stored = some_vectors("a", count=200)
    cache.put_many(stored)
    cache.close()
    content = bytearray(cache.path.read_bytes())
    if damage == "rubbish":
        cache.path.write_bytes(os.urandom(50_000))
    elif damage == "cut":
        cache.path.write_bytes(content[: len(content) // 3])
    elif damage == "torn page":
        for page in range(1, len(content) // 4096):
            content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
        cache.path.write_bytes(content)
    elif damage == "empty":
        cache.path.write_bytes(b"")
    elif damage == "other tables":
        sqlite3.connect(cache.path).executescript("DROP TABLE vectors")
    else:
        sqlite3.connect(cache.path).executescript("PRAGMA user_version = 99")
    assert not same(cache.get_many(list(stored)), stored)
    cache.put_many(stored)
    cache.put_many(stored)
    assert same(cache.get_many(list(stored)), stored)


def test_a_file_that_breaks_while_it_is_open_is_begun_anew(cache: VectorCache) -> None:
    stored = some_vectors("a", count=200)
    cache.put_many(stored)
    other = VectorCache(cache.path)
    assert same(other.get_many(list(stored)), stored)
    for suffix in ("", "-wal"):
        path = cache.path.with_name(cache.path.name + suffix)
        path.write_bytes(b"\xff" * path.stat().st_size)
    for opened in (cache, other):
        opened.get_many(list(some_vectors("b", count=300)))
        opened.put_many(stored)
        assert same(opened.get_many(list(stored)), stored)


def test_a_cache_that_cannot_be_written_is_a_cache_of_misses(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    for path in (blocked / "vectors.sqlite", tmp_path):
        cache = VectorCache(path)
        cache.put_many(some_vectors("a"))
        assert cache.get_many(list(some_vectors("a"))) == {}


def test_processes_that_share_the_file_lose_nothing(cache: VectorCache) -> None:
    program = (
        "import sys, pathlib, numpy as np; from services.embedding.cache import VectorCache, vector_key\n"
        "cache, me = VectorCache(pathlib.Path(sys.argv[1])), sys.argv[2]\n"
        "for turn in range(40):\n"
        "    keys = [vector_key(me, str(turn), str(i)) for i in range(20)]\n"
        "    cache.put_many({key: np.full(64, turn, np.float32) for key in keys})\n"
        "    assert len(cache.get_many(keys)) == 20\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", program, str(cache.path), me]) for me in "xyz"]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    keys = [vector_key(me, str(t), str(i)) for me in "xyz" for t in range(40) for i in range(20)]
    assert len(cache.get_many(keys)) == 2_400
    assert stored(cache) == 2_400


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), unique=True, max_size=20))
def test_different_model_task_or_text_make_a_different_key(parts: list[tuple[str, str, str]]) -> None:
    assert len({vector_key(*part) for part in parts}) == len(parts)


def test_the_parts_of_a_key_do_not_run_into_each_other() -> None:
    assert vector_key("a", "bc", "d") != vector_key("ab", "c", "d")
    assert len(vector_key("m", "", "\ud800")) == 32
