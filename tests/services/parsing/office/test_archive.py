from __future__ import annotations

import pytest

from schemas.errors import CorruptDocument, DocumentTooLarge
from services.parsing import parse
from services.parsing.office import archive
from services.parsing.office.archive import Archive, parse_xml
from tests.services.parsing import samples


def test_a_zip_bomb_is_too_large() -> None:
    bomb = samples.docx(samples.paragraph("x"), {"word/footnotes.xml": b" " * (archive.RATIO_FREE + 1)})

    with pytest.raises(DocumentTooLarge, match="times its size"):
        Archive(bomb).read("word/footnotes.xml")


def test_too_many_entries_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)

    with pytest.raises(DocumentTooLarge, match="entries"):
        parse(samples.docx(samples.paragraph("x")), "a.docx")


def test_entities_are_neither_expanded_nor_fetched(tmp_path: object) -> None:
    secret = f"{tmp_path}/secret"
    with open(secret, "w") as file:
        file.write("classified")
    for entity in (
        f'<!ENTITY e SYSTEM "file://{secret}">',
        '<!ENTITY a "xxxxxxxxxx"><!ENTITY e "&a;&a;&a;&a;">',
    ):
        root = parse_xml(f"<!DOCTYPE r [{entity}]><r>&e;</r>".encode())
        assert "".join(root.itertext()).replace("&e;", "") == ""


def test_a_missing_part_is_corrupt() -> None:
    with pytest.raises(CorruptDocument, match="missing"):
        Archive(samples.zipped({"a": "b"})).read("c")
