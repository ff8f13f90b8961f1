"""`headrace doctor`: what is wrong, and what to do."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

import typer

from headrace.cli.operate.records import wiring_of
from headrace.cli.output import console, print_json, visible
from headrace.cli.settings import AsJson, DataDir, load_settings
from schemas.errors import RequestError

if TYPE_CHECKING:
    from headrace.admin.doctor import Check
    from headrace.settings import Settings

_SIGNS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "fault": ("✗", "red")}


def doctor(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Check versions, disks, model, broker, topics, services, Chroma, blobs, gateway and clocks.

    Exit status 1 if something does not work. Changes nothing.
    """
    import asyncio

    from headrace.logs import configure_logs

    configure_logs("warning")  # what services log does not belong among what is printed
    settings = load_settings(data_dir)
    found = asyncio.run(_examined(settings, shown=not as_json))
    if as_json:
        print_json([_as_json(check) for check in found])
    if any(check.verdict.value == "fault" for check in found):
        raise typer.Exit(1)


async def _examined(settings: "Settings", shown: bool) -> "list[Check]":
    found: list[Check] = []
    async for check in _checks(settings):
        found.append(check)
        if shown:
            _show(check)
    return found


async def _checks(settings: "Settings") -> "AsyncGenerator[Check, None]":
    import asyncio

    from headrace.admin.doctor import machine_checks, server_checks
    from headrace.admin.doctor.check import fault, warning
    from headrace.local.running_file import read_running

    checks = machine_checks(settings)
    while (check := await asyncio.to_thread(next, checks, None)) is not None:
        yield check
    running = read_running(settings.data_dir)
    try:
        wiring = wiring_of(settings.data_dir)
    except RequestError as error:
        wrong = fault if settings.url else warning
        yield wrong("system", str(error), "only this machine was checked")
        return
    chroma_url = settings.chroma_url or (running.chroma_url if running else None)
    gateway = settings.url or (running.url if running else None)
    async for check in server_checks(wiring, chroma_url, gateway):
        yield check


def _show(check: "Check") -> None:
    from rich.text import Text

    sign, colour = _SIGNS[check.verdict.value]
    out = console()
    out.print(Text.assemble((f"{sign} ", colour), f"{check.subject:<16} {visible(check.found)}"))
    if check.advice:
        out.print(Text.assemble(" " * 19, ("→ ", colour), visible(check.advice)))


def _as_json(check: "Check") -> dict[str, str]:
    return {
        "subject": check.subject,
        "verdict": check.verdict.value,
        "found": check.found,
        "advice": check.advice,
    }
