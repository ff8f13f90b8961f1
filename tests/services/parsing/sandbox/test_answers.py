"""A file that has taken over its worker answers for it; the service reads the answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic_core import to_json

from schemas.errors import CorruptDocument, UnsupportedFormat
from services.parsing.document import PageSpan, ParsedDocument
from services.parsing.sandbox import confinement
from services.parsing.sandbox.pool import Sandbox
from streams.processes.wire import decode_error, decode_value, encode_error
from tests.services.parsing.sandbox import hostile


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox(workers=1, modules=[hostile.__name__])
    yield box
    box.close()


async def test_what_is_no_document_fails_the_document(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "parse_confined", hostile.answers_nonsense)

    with pytest.raises(CorruptDocument, match=r"a\.txt: its parser returned no document: .*markdown"):
        await sandbox.parse(b"", "a.txt", None)


@pytest.mark.parametrize(
    "document",
    [
        ParsedDocument("", media_type="text/plain"),
        ParsedDocument(
            '# one\n\t"\\\x00\u2028é', (PageSpan(1, 0, 5, "a"),), "one", "en", ("guessed",), "text/html"
        ),
    ],
)
def test_a_document_comes_whole(document: ParsedDocument) -> None:
    assert decode_value(confinement.parse_confined, to_json(document)) == document


def test_errors_of_the_contract_keep_what_they_say() -> None:
    error = decode_error(encode_error(UnsupportedFormat("a.pdf: broken \udc80"), ""))

    assert type(error) is UnsupportedFormat
    assert str(error) == "a.pdf: broken \\udc80"
