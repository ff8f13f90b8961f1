import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import BadRequest
from api.sync.disposition import Disposition, read_disposition

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"))


def quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@given(names, names)
def test_names_are_read_as_they_were_sent(name: str, filename: str) -> None:
    header = f"form-data; name={quoted(name)}; filename={quoted(filename)}"
    assert read_disposition(header) == Disposition(name, filename)


@pytest.mark.parametrize(
    ("sent", "filename"),
    [
        ('"/srv/a.txt"', "/srv/a.txt"),
        ('"srv/a.txt"', "srv/a.txt"),
        ('"//srv//a.txt"', "//srv//a.txt"),
        (r'"\\\\server\\share\\a.txt"', r"\\server\share\a.txt"),
        (r'"C:\\a.txt"', r"C:\a.txt"),
        (r'"a\"b.txt"', 'a"b.txt'),
        ('"a%22b.txt"', "a%22b.txt"),
        ('"a; b=c.txt"', "a; b=c.txt"),
        ("a.txt", "a.txt"),
        ('""', ""),
    ],
)
def test_slashes_backslashes_quotes_and_percent_signs_stay(sent: str, filename: str) -> None:
    for header in (f"form-data; name=file; filename={sent}", f'Form-Data ;FILENAME = {sent} ; Name="file";'):
        assert read_disposition(header) == Disposition("file", filename)


@pytest.mark.parametrize(
    ("sent", "filename"),
    [
        ("UTF-8''%2Fsrv%2F%c3%bc.txt", "/srv/ü.txt"),
        ("utf-8'de'a%20b", "a b"),
        ("ISO-8859-1''%fc", "ü"),
        ("UTF-8''%5C%5Cserver", r"\\server"),
    ],
)
def test_an_encoded_name_goes_before_the_plain_one(sent: str, filename: str) -> None:
    header = f'form-data; name="file"; filename="other"; filename*={sent}'
    assert read_disposition(header) == Disposition("file", filename)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "needs a header"),
        ("", "needs a header"),
        ("attachment; name=file", "needs a header"),
        ("form-data", "has no name"),
        ("form-data; filename=x", "has no name"),
        ("form-data; name=file; filename=a b.txt", "stands in double quotes"),
        ('form-data; name=file; filename="a.txt', "stands in double quotes"),
        ("form-data; name=file; filename=", "stands in double quotes"),
        ("form-data name=file", "stands in double quotes"),
        ("form-data; name=file; name=file", "twice"),
        ("form-data; name=file; filename=a; FILENAME=b", "twice"),
        (r'form-data; name=file; filename="\\server\share\a.txt"', "write a backslash as two"),
        (r'form-data; name=file; filename="C:\a.txt"', "write a backslash as two"),
        ("form-data; name=file; filename*=x", "expected UTF-8"),
        ("form-data; name=file; filename*=UTF-7''x", "expected UTF-8"),
        ("form-data; name=file; filename*=UTF-8''%ff", "is not UTF-8"),
        ("form-data; name=file; filename*=UTF-8''%zz", "expected UTF-8"),
    ],
)
def test_what_could_mean_two_things_is_refused(header: str | None, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason):
        read_disposition(header)


@given(st.text(), st.text())
def test_whatever_is_sent_is_read_or_refused(one: str, other: str) -> None:
    with contextlib.suppress(BadRequest):
        read_disposition(f"form-data; name={one}; filename={other}")
