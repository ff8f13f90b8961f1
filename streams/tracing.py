"""Propagate `traceparent` (W3C Trace Context) through the topics."""

import re
import secrets
from collections.abc import Mapping

HEADER = "traceparent"
#: Version, trace, parent, flags; later versions may append more fields. All zeros are invalid, and so is
#: version ff.
_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:-|$)")


def continued(headers: Mapping[str, bytes]) -> dict[str, bytes]:
    """Headers for the outputs of a record: the same trace with a new span, or a new trace."""
    known = _FORM.match(headers.get(HEADER, b"").decode(errors="replace"))
    trace, flags = known.groups() if known else (secrets.token_hex(16), "01")
    return {HEADER: f"00-{trace}-{secrets.token_hex(8)}-{flags}".encode()}
