from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.parsing.office.number_formats import code_of, shown_number

ACCOUNTS = '_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)'
SHOWN = [
    (1234.5, '"$"#,##0.00', "$1,234.50"),
    (-1234.5, "#,##0.00;(#,##0.00)", "(1,234.50)"),
    (-1234.5, ACCOUNTS, "$(1,234.50)"),
    (0.653, "0%", "65%"),
    (0.075, "0.0%", "7.5%"),
    (1234, "00000", "01234"),
    (26.0868 / 24, "[h]:mm", "26:05"),
    (-0.5, "[h]:mm", "-12:00"),
    (90 / 86400, "[m]:ss", "1:30"),
    (0.00012, "0.00E+00", "1.20E-04"),
    (1.5, "# ?/?", "1 1/2"),
    (0.375, "?/8", "3/8"),
    (1234567, '0.0,,"M"', "1.2M"),
    (123456789, "000-00-0000", "123-45-6789"),
    (5551234567, "(###) ###-####", "(555) 123-4567"),
    (0, '#,##0;-#,##0;"-"', "-"),
    (-0.001, "0.00", "0.00"),
    (45000.5, "dd/mm/yyyy hh:mm", "2023-03-15 12:00:00"),
    (45000, "[$-407]d. mmmm yyyy", "2023-03-15"),
    (0.5, "h:mm AM/PM", "12:00:00"),
    (1234.5, '#,##0.00\\ "€"', "1,234.50 €"),
    (1234.5, "[$€-2]\\ #,##0.00", "€ 1,234.50"),
    (-5, "[Red]-0;[Blue]0", "5"),
    (0.25, "0.0#", "0.25"),
    (7, '0" items"', "7 items"),
    (7, ";;;", ""),
    (150, '[>=100]"big";0', "big"),
    (2.5, "0", "3"),
    (12, "General", "12"),
    (0.1 + 0.2, "General", "0.3"),
    (5, "@", "5"),
]


@pytest.mark.parametrize(("value", "code", "shown"), SHOWN)
def test_a_number_is_written_as_its_cell_shows_it(value: float, code: str, shown: str) -> None:
    assert shown_number(value, code) == shown


def test_an_integer_keeps_its_digits() -> None:
    assert shown_number(1234567890123456.0, raw="1234567890123456") == "1234567890123456"


def test_formats_of_excel_itself_are_known_by_number() -> None:
    assert [shown_number(0.5, code_of(n)) for n in (0, 9, 10, 46)] == ["0.5", "50%", "50.00%", "12:00:00"]
    assert code_of(9, "0.0") == "0.0"


@given(
    st.datetimes(datetime.datetime(1901, 1, 1), datetime.datetime(9000, 1, 1)).map(
        lambda d: d.replace(microsecond=0)
    )
)
def test_serial_numbers_are_the_moments_that_they_count(moment: datetime.datetime) -> None:
    serial = (moment - datetime.datetime(1899, 12, 30)) / datetime.timedelta(days=1)
    expected = moment.isoformat(sep=" ") if moment.time() != datetime.time() else moment.date().isoformat()

    assert shown_number(serial, "d/m/yy h:mm") == expected


@given(st.floats(allow_nan=False, allow_infinity=False), st.text('0#?,.%;"$E+-/@ \\[]dhmsy*_()', max_size=20))
def test_any_format_shows_any_number_somehow(value: float, code: str) -> None:
    assert isinstance(shown_number(value, code), str)
