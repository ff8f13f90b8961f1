"""The headers of W3C Trace Context, as records carry them."""

import re
from collections.abc import Mapping

#: Headers of a record: names and bytes.
Headers = Mapping[str, bytes]

TRACEPARENT, TRACESTATE = "traceparent", "tracestate"
#: Version, trace, parent, flags; later versions may append more fields. All zeros are invalid, and so is
#: version ff.
_FORM = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)")
#: Longer ones are malicious, and every record of the document would carry them.
_MOST_BYTES = 512


def carried(headers: Headers) -> Headers:
    """The trace of a record, for records that follow from it; empty if it has none."""
    parent = headers.get(TRACEPARENT)
    if parent is None or len(parent) > _MOST_BYTES or not _FORM.match(parent):
        return {}
    state = headers.get(TRACESTATE)
    if not state or len(state) > _MOST_BYTES:
        return {TRACEPARENT: parent}
    return {TRACEPARENT: parent, TRACESTATE: state}


def is_sampled(headers: Headers) -> bool:
    """Whether a trace is recorded, by its flags."""
    flags = headers.get(TRACEPARENT, b"")[53:55]
    return flags.isalnum() and bool(int(flags, 16) & 1)


def trace_id(headers: Headers) -> str | None:
    """The id of a trace, 32 hex digits."""
    parent = headers.get(TRACEPARENT)
    return None if parent is None else parent[3:35].decode(errors="replace")
