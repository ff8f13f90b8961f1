"""Waiting for a condition, with a deadline: what tests do instead of sleeping."""

import asyncio
import time
from collections.abc import Callable


async def eventually(condition: Callable[[], bool], within_s: float = 30.0, what: str = "") -> None:
    """Return when `condition` holds; fail when it does not in `within_s`."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what or condition}"
        await asyncio.sleep(0.02)
