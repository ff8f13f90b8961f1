"""What commands print: a row is a line, and what others wrote cannot steer a terminal."""

import io
import json
import re
import sys
from datetime import UTC, datetime

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


ID, OTHER = "0cb5a7a0-9a5d-5b77-8f4a-0a8f6a3d9d7e", "0cb5a7a0-9a5d-5b77-8f4a-0a8f6a3d9d7f"
NOW = datetime.now(UTC)
COLUMNS = ("id", "type", "chunks", "reads", "created")
FOLDER = "/srv/documents/of the house/and of everybody who has ever lived there"


def plain(shown: str) -> str:
    """What a terminal shows, without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", shown)


def terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output is a terminal of this width."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)


@pytest.mark.parametrize("width", [3, 20, 50, 80, 200])
def test_a_table_keeps_every_word_whole_or_below_its_row(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal(width, monkeypatch)

    print_rows(COLUMNS, [(ID, "web_scrape", 1234, FOLDER, NOW), (ID, "folder", 1, None, NOW)], "none")

    shown = plain(capsys.readouterr().out)
    assert all(word in shown for word in (*COLUMNS, ID[:8], "web_scrape", "1,234", *FOLDER.split()))
    assert f"{NOW.astimezone():%H:%M:%S}" in shown
    if width >= 50:
        kept = [line for line in shown.splitlines() if len(line) > width]
        assert [line for line in kept if not line.endswith(FOLDER)] == []


@pytest.mark.parametrize(("other", "shown"), [("default_database", False), ("archive", True)])
def test_a_table_names_the_database_where_it_says_something(
    other: str, shown: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal(80, monkeypatch)

    print_rows(("id", "database"), [(ID, "default_database"), (OTHER, other)], "none")

    assert ("database" in capsys.readouterr().out) is shown


def test_a_table_shows_as_much_of_ids_as_tells_them_apart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal(80, monkeypatch)

    print_rows(("id", "run"), [(ID, f"msg_{ID}"), (OTHER, None), (OTHER, f"msg_{ID}")], "none")

    shown = capsys.readouterr().out
    assert ID in shown
    assert OTHER in shown
    assert f"msg_{ID[:8]} " in shown.replace("\n", " ")
    assert f"msg_{ID[:9]}" not in shown


def test_a_program_gets_whole_ids_and_times(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("id", "at", "number"), [(ID, NOW, 1234)], "none")

    at = f"{NOW.astimezone():%Y-%m-%d %H:%M:%S}"
    assert capsys.readouterr().out == f"id\tat\tnumber\n{ID}\t{at}\t1,234\n"


def test_a_terminal_breaks_lines_between_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal(40, monkeypatch)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)

    fail("nothing answers at that address, so nothing was read")
    print_fields([("state", "failed"), ("why", "nothing answers at that address, so nothing was read")])

    shown = capsys.readouterr()
    lines = [line.rstrip() for line in plain(shown.err).splitlines()]
    assert lines == ["headrace: nothing answers at that", "address, so nothing was read"]
    assert (
        plain(shown.out)
        == "state  failed\nwhy    nothing answers at that address,\n       so nothing was read\n"
    )
