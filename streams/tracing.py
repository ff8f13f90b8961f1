"""`traceparent` (W3C Trace Context) on its way through the topics."""

import re
import secrets
from collections.abc import Mapping

HEADER = "traceparent"
#: Version, trace, parent, flags; later versions may have more behind them. All zeros are invalid, as is ff.
_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:-|$)")


def continued(headers: Mapping[str, bytes]) -> dict[str, bytes]:
    """Headers for what follows from a record: the same trace, a new span; a new trace if there was none."""
    known = _FORM.match(headers.get(HEADER, b"").decode(errors="replace"))
    trace, flags = known.groups() if known else (secrets.token_hex(16), "01")
    return {HEADER: f"00-{trace}-{secrets.token_hex(8)}-{flags}".encode()}
