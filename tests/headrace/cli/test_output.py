"""What commands print: a row is a line, and what others wrote cannot steer a terminal."""

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.cli.display import RunDisplay
from headrace.cli.output import (
    fail,
    print_fields,
    print_in_any_encoding,
    print_json,
    print_rows,
    visible,
)
from headrace.cli.query import print_hits
from headrace.client.search import Hit


@given(st.text())
def test_what_is_visible_stays_on_its_line_and_keeps_all_other_characters(text: str) -> None:
    shown = visible(text)

    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown
    assert shown == text or any(not c.isprintable() for c in text)


def test_a_name_with_a_line_break_is_one_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("document", "chunks"), [("a\tb\nc\x1b[2J", 1)], "none")

    assert capsys.readouterr().out == "document\tchunks\na\\tb\\nc\\x1b[2J\t1\n"


def test_a_program_gets_no_rows_and_a_person_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("id",), [], "no keys")

    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "no keys\n")


def test_a_field_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_fields([("✗ a\nb", "broken \x1b[31m")])

    assert capsys.readouterr().out == "✗ a\\nb  broken \\x1b[31m\n"


def test_an_error_keeps_the_lines_of_a_log_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    fail("ended:\n\t\x1b[2;3mline\x1b[0m \x1b[2J")

    assert capsys.readouterr().err == "headrace: ended:\n\tline \\x1b[2J\n"


def test_a_folder_may_be_named_like_a_colour() -> None:
    display = RunDisplay("[red]notes[/b] → c")

    assert str(display.draw()).startswith("[red]notes[/b] → c")


TEXT = "naïve → ✓ 😀\n    indented much further than any window is wide"
HIT = Hit("Größe.md", 1, 12, 0.5, TEXT, "Gates", None)


def output(encoding: str, monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """Standard output in an encoding."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, write_through=True))
    print_in_any_encoding()
    return raw


ENCODINGS = pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])


@ENCODINGS
def test_an_output_that_is_not_utf8_shows_what_it_can(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = output(encoding, monkeypatch)

    print_hits([HIT], "flood")

    shown = raw.getvalue().decode(encoding)
    assert ("Größe.md" if encoding != "ascii" else "Gr\\xf6\\xdfe.md") in shown
    assert ("1–12" if encoding in ("cp1252", "utf-8") else "1-12") in shown
    assert ("→ ✓ 😀" if encoding == "utf-8" else "-> + \\U0001f600") in shown


@ENCODINGS
def test_json_is_json_in_any_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = output(encoding, monkeypatch)

    print_json(HIT.as_json())

    assert json.loads(raw.getvalue().decode(encoding)) == HIT.as_json()


@pytest.mark.parametrize("width", [1, 2, 3, 5, 19, 400])
def test_a_window_of_any_width_shows_hits(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))

    print_hits([HIT], "flood")

    assert "Größe.md:1–12" in capsys.readouterr().out


ID = "0cb5a7a0-9a5d-5b77-8f4a-0a8f6a3d9d7e"


@pytest.mark.parametrize("width", [3, 20, 50, 200])
def test_an_id_is_never_cut_off(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)

    print_rows(("id", "type", "reads"), [(ID, "folder", "/srv/documents/of/the/house")], "none")

    shown = capsys.readouterr().out
    assert ID in shown
    assert "folder" in shown
