"""`traceparent`: the same trace all the way, a new span at each step."""

import re

import pytest

from streams.tracing import HEADER, continued

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
FORM = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def test_a_trace_goes_on_with_a_new_span_and_its_flags() -> None:
    version, trace, span, flags = (
        continued({HEADER: f"00-{TRACE}-{SPAN}-00".encode()})[HEADER].decode().split("-")
    )

    assert (version, trace, flags) == ("00", TRACE, "00")
    assert span != SPAN


@pytest.mark.parametrize(
    "found",
    [
        b"",
        b"nonsense",
        b"\xff" * 55,
        f"00-{TRACE[:-1]}-{SPAN}-01".encode(),
        f"00-{TRACE[:-1]}G-{SPAN}-01".encode(),
        f"00-{'0' * 32}-{SPAN}-01".encode(),
        f"ff-{TRACE}-{SPAN}-01".encode(),
    ],
)
def test_what_is_no_trace_begins_one(found: bytes) -> None:
    header = continued({HEADER: found})[HEADER].decode()

    assert FORM.fullmatch(header)
    assert TRACE not in header


def test_nothing_but_the_trace_is_handed_on() -> None:
    assert set(continued({"headrace-sequence": b"7", "mine": b"x"})) == {HEADER}
