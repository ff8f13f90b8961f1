"""What the tests of forked services fork."""

import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path


def tell(arguments: Sequence[str]) -> int:
    """Print what this process is, and end with the status that is its second argument."""
    told = {
        "arguments": list(arguments),
        "argv": sys.argv,
        "environment": dict(os.environ),
        "session": os.getsid(0),
        "pid": os.getpid(),
        "terminated_by": signal.getsignal(signal.SIGTERM) is signal.SIG_DFL,
        "loaded": "csv" in sys.modules,
        "title": Path("/proc/self/cmdline").read_text().strip("\0"),
    }
    print(json.dumps(told))
    return int(arguments[1])


def wait(arguments: Sequence[str]) -> int:
    """Run until a signal comes."""
    signal.pause()
    return 0
