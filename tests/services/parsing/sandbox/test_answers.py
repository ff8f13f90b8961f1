"""A file that has taken over its worker answers for it; the service reads the answer."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import CorruptDocument
from services.parsing.document import PageSpan, ParsedDocument
from services.parsing.sandbox import confinement
from services.parsing.sandbox.answers import UnknownAnswer, loads
from services.parsing.sandbox.pool import Sandbox
from tests.services.parsing.sandbox import hostile


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox(workers=1, modules=[hostile.__name__])
    yield box
    box.close()


async def test_an_answer_has_the_service_call_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(hostile.Calls(str(tmp_path / "by pickle"))))
    answer = await sandbox.run("a.pdf", hostile.answers_with_a_call, str(tmp_path / "by an answer"))

    assert isinstance(answer, UnknownAnswer)
    assert os.listdir(tmp_path) == ["by pickle"]


async def test_what_is_no_document_fails_the_document(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "parse_confined", hostile.answers_with_a_call)

    with pytest.raises(CorruptDocument, match=r"a\.txt: its parser answered with a posix\.mkdir"):
        await sandbox.parse(bytes(tmp_path / "made"), "a.txt", None)


async def test_exceptions_of_python_come_as_they_were_and_others_by_their_name(sandbox: Sandbox) -> None:
    with pytest.raises(KeyError, match="seen"):
        await sandbox.run("a.pdf", hostile.raises_pythons)
    with pytest.raises(UnknownAnswer, match="seen") as raised:
        await sandbox.run("a.pdf", hostile.raises_its_own)
    assert type(raised.value).__name__ == "tests.services.parsing.sandbox.hostile.OwnError"


async def test_no_answer_ends_the_service(sandbox: Sandbox) -> None:
    with pytest.raises(UnknownAnswer):
        await sandbox.run("a.pdf", hostile.leaves)


@pytest.mark.parametrize(
    "answer",
    [
        ParsedDocument("# one", (PageSpan(1, 0, 5, "a"),), "one", "en", ("guessed",), "text/html"),
        {"plain": [1, 2.0, b"3", None, True, (4,), {5}, frozenset({6})]},
    ],
)
def test_what_parsing_answers_comes_whole(answer: object) -> None:
    assert loads(pickle.dumps(answer)) == answer


def test_errors_of_the_contract_keep_what_they_hold() -> None:
    error = loads(pickle.dumps(CorruptDocument("a.pdf: broken")))

    assert type(error) is CorruptDocument
    assert str(error) == "a.pdf: broken"


@pytest.mark.parametrize("called", [eval, os.system, getattr, __import__, type, BaseException, SystemExit])
def test_only_exceptions_are_looked_up_among_what_python_has(called: object) -> None:
    assert issubclass(loads(pickle.dumps(called)), UnknownAnswer)


@pytest.mark.parametrize("answer", [b"", b"no pickle", pickle.dumps("cut")[:-1]])
def test_what_is_no_pickle_ends_the_pool_and_nothing_else(answer: bytes) -> None:
    with pytest.raises(OSError, match="a parsing worker answered"):
        loads(answer)
