"""The end of a process whose native code may still run."""

import os
import subprocess
import sys

_CODE = """
import atexit, threading, time
from streams.processes.ending import end_process

class Library:
    def __del__(self):
        print("unloaded")

library = Library()
atexit.register(print, "handlers ran")
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
print("done", end=" ")
end_process(3)
"""


def test_its_handlers_run_and_what_it_said_is_out_and_nothing_is_unloaded() -> None:
    ended = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, timeout=60)

    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "done handlers ran\n", "")


def test_a_command_that_has_talked_to_kafka_ends_so() -> None:
    """Its message is out, its status is that of a failure."""
    code = (
        "import sys, confluent_kafka; from headrace.cli import main\n"
        "sys.argv = ['headrace', 'topics', 'list']\n"
        "import streams.processes.ending as ending; end = ending.end_process\n"
        "def told(status):\n    print('ended'); end(status)\n"
        "ending.end_process = told; main()"
    )
    environment = os.environ | {
        "HEADRACE_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "HEADRACE_KAFKA_SOCKET_TIMEOUT_MS": "1000",
    }
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment
    )

    assert (ended.returncode, ended.stdout) == (1, "ended\n")
    assert "no broker answers at 127.0.0.1:1" in ended.stderr
