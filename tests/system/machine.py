"""`headrace up` on a data folder, of this or of an earlier release, and what a user asks of it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_READY_S = 240


@dataclass
class Machine:
    """A running `headrace up`."""

    data: Path
    url: str
    environment: dict[str, str]

    def call(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """The JSON that the gateway answers; fails if it answers with an error."""
        headers = {"x-chroma-token": key or (self.data / "admin.key").read_text().strip()}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, content, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.status} {error.read().decode()}") from error

    def run(self, *arguments: str) -> str:
        """What the command prints; fails if it fails."""
        return run(self.environment, *arguments, "--data-dir", str(self.data))

    def sync(self, folder: Path, collection: str, *options: str) -> tuple[int, int, int]:
        """How many documents a run has written, left unchanged and deleted."""
        found = json.loads(self.run("sync", str(folder), "-c", collection, "--json", *options))
        assert (found["status"], found["failed"]) == ("complete", 0)
        return found["written"], found["unchanged"], found["deleted"]

    def answers(self, collection: str, *questions: str) -> list[Any]:
        """What a search finds: documents and scores."""
        return [json.loads(self.run("query", question, "-c", collection, "--json")) for question in questions]


def run(environment: dict[str, str], *arguments: str) -> str:
    """What `headrace` prints; fails if it fails."""
    program = [sys.executable, "-P", "-m", "headrace", *arguments]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def environment_of(release: Path | None, **settings: str) -> dict[str, str]:
    """For this release, or for one whose sources are in a folder."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}
    return own | settings | ({} if release is None else {"PYTHONPATH": str(release)})


@contextmanager
def up(data: Path, environment: dict[str, str]) -> Iterator[Machine]:
    """A system on a data folder, stopped in order at the end."""
    log = data.with_name("up.log").open("a")
    program = [sys.executable, "-P", "-m", "headrace", "up", "--port", "0", "--data-dir", str(data)]
    process = subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready "), (line, data.with_name("up.log").read_text()[-2000:])
        yield Machine(data, line.split()[1], environment)
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=60)
        process.kill()
        log.close()
