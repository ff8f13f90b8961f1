"""Log lines as they come out of a process."""

import json
import os
import subprocess
import sys

import pytest

CODE = """
import logging, structlog
from headrace.logs import configure_logs
configure_logs("info")
structlog.contextvars.bind_contextvars(stage="parsing")
log = structlog.get_logger("streams.engine.engine")
log.debug("hidden")
log.info("shown", topic="documents", offset=7)
logging.getLogger("aiohttp").info("chatter")
logging.getLogger("aiohttp").warning("somebody else's %s", "words")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("unforeseen")
"""


def test_a_process_without_a_terminal_writes_one_json_object_a_line() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)

    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [one["event"] for one in lines] == ["shown", "somebody else's words", "unforeseen"]
    assert {"stage": "parsing", "topic": "documents", "offset": 7, "level": "info"}.items() <= lines[
        0
    ].items()
    assert lines[1]["logger"] == "aiohttp"
    assert lines[2]["exception"][0]["exc_type"] == "ZeroDivisionError"


@pytest.mark.skipif(
    not os.path.exists("/dev/full"), reason="NOT TESTED here: needs /dev/full, as Linux has it"
)
def test_a_line_that_the_disk_has_no_room_for_is_lost_and_fails_nothing() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-c", CODE + "print('went on')"], stdout=-1, stderr=full)

    assert done.stdout == b"went on\n"
