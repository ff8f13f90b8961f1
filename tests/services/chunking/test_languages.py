"""Which language a document is in."""

import pytest

from services.chunking import chunk
from tests.services.chunking.samples import FILENAMES, repeated


@pytest.mark.parametrize(
    ("filename", "media_type", "head", "language"),
    [
        ("src/client.py", None, "", "python"),
        ("C:\\src\\Main.JAVA", None, "", "java"),
        ("view.tsx", "text/plain", "", "tsx"),
        ("Dockerfile", None, "", "dockerfile"),
        ("Makefile", None, "", "make"),
        ("README.md", None, "", "markdown"),
        ("report.pdf", "text/markdown; charset=utf-8", "", "markdown"),
        (None, "application/json", "", "json"),
        ("run", None, "#!/usr/bin/env python3\n", "python"),
        ("run", None, "#!/bin/bash -e\n", "bash"),
        ("client.h", None, "int send(int);\n", "c"),
        ("client.h", None, "namespace net {\n}\n", "cpp"),
        ("Client.h", None, "@interface Client\n@end\n", "objective-c"),
        ("notes.txt", None, "", None),
        ("archive.unknown", "application/octet-stream", "", None),
        (None, None, "", None),
    ],
)
def test_name_then_first_line_then_media_type_tell_the_language(
    filename: str | None, media_type: str | None, head: str, language: str | None
) -> None:
    assert chunk(head + "x = 1\n", filename, media_type)[0].language == language


@pytest.mark.parametrize("language", FILENAMES)
def test_every_grammar_loads_and_parses(language: str) -> None:
    chunks = chunk(repeated("value_@@ = @@\n", 40), FILENAMES[language], None, 100)

    assert {(piece.language, piece.strategy) for piece in chunks} == {(language, "tree_sitter")}
