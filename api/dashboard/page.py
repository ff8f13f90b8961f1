"""What a page is: its template, its title, and how what it shows is loaded."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

Context = Mapping[str, Any]
Load = Callable[[], Awaitable[Context]]


async def _nothing() -> Context:
    return {}


@dataclass(frozen=True)
class Page:
    """A page.

    Args:
        load: what the template shows; called again whenever a live page may have changed.
        live: whether blocks named `live_…` follow what happens.
        every_s: a live page is loaded at least this often.
        frames: whether it shows a file of ours in a frame.
    """

    template: str
    title: str
    load: Load = _nothing
    live: bool = False
    every_s: float = 5.0
    frames: bool = False
