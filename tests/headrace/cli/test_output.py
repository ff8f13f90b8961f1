"""What commands print: a row is a line, and what others wrote cannot steer a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.cli.display import RunDisplay
from headrace.cli.output import fail, print_fields, print_rows, visible


@given(st.text())
def test_what_is_visible_stays_on_its_line_and_keeps_all_other_characters(text: str) -> None:
    shown = visible(text)

    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown
    assert shown == text or any(not c.isprintable() for c in text)


def test_a_name_with_a_line_break_is_one_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("document", "chunks"), [("a\tb\nc\x1b[2J", 1)], "none")

    assert capsys.readouterr().out == "document\tchunks\na\\tb\\nc\\x1b[2J\t1\n"


def test_a_field_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_fields([("✗ a\nb", "broken \x1b[31m")])

    assert capsys.readouterr().out == "✗ a\\nb  broken \\x1b[31m\n"


def test_an_error_keeps_the_lines_of_a_log_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    fail("ended:\n\t\x1b[2;3mline\x1b[0m \x1b[2J")

    assert capsys.readouterr().err == "headrace: ended:\n\tline \\x1b[2J\n"


def test_a_folder_may_be_named_like_a_colour() -> None:
    display = RunDisplay("[red]notes[/b] → c")

    assert str(display._draw()).startswith("[red]notes[/b] → c")
