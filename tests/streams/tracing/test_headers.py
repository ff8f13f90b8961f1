"""The headers of a trace: what is handed on, and what is not."""

import pytest

from streams.tracing.headers import carried, is_sampled, trace_id

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01".encode()


def test_the_trace_is_handed_on_as_it_came_and_nothing_else() -> None:
    found = {"traceparent": PARENT, "tracestate": b"vendor=1", "headrace-sequence": b"7", "mine": b"x"}

    assert carried(found) == {"traceparent": PARENT, "tracestate": b"vendor=1"}


@pytest.mark.parametrize(
    "parent",
    [
        b"",
        b"nonsense",
        b"\xff" * 55,
        f"00-{TRACE[:-1]}-{SPAN}-01".encode(),
        f"00-{TRACE[:-1]}G-{SPAN}-01".encode(),
        f"00-{'0' * 32}-{SPAN}-01".encode(),
        f"00-{TRACE}-{'0' * 16}-01".encode(),
        f"ff-{TRACE}-{SPAN}-01".encode(),
        PARENT + b"-" + b"x" * 500,
    ],
)
def test_what_is_no_trace_is_not_handed_on(parent: bytes) -> None:
    assert carried({"traceparent": parent, "tracestate": b"vendor=1"}) == {}


def test_a_state_that_is_too_long_is_left_behind() -> None:
    assert carried({"traceparent": PARENT, "tracestate": b"v=" + b"x" * 600}) == {"traceparent": PARENT}


def test_flags_and_id_of_a_trace() -> None:
    assert is_sampled({"traceparent": PARENT})
    assert not is_sampled({"traceparent": PARENT[:-2] + b"00"})
    assert not is_sampled({})
    assert trace_id({"traceparent": PARENT}) == TRACE
    assert trace_id({}) is None
