"""`traceparent` (W3C Trace Context) on its way through the topics."""

import secrets
from collections.abc import Mapping

HEADER = "traceparent"


def continued(headers: Mapping[str, bytes]) -> dict[str, bytes]:
    """Headers for what follows from a record: the same trace, a new span; a new trace if there was none."""
    fields = headers.get(HEADER, b"").decode(errors="replace").split("-")
    known = len(fields) == 4 and len(fields[1]) == 32
    trace, flags = (fields[1], fields[3]) if known else (secrets.token_hex(16), "01")
    return {HEADER: f"00-{trace}-{secrets.token_hex(8)}-{flags}".encode()}
