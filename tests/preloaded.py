"""The command `headrace`, loaded once: each call of it is a fork.

A start costs a second of a core, and tests call it a hundred times. The fixture `command` has one for the
session. Who tests the start itself, or kills the command, runs the program.

    python -m tests.preloaded SOCKET
"""

import importlib
import json
import os
import pkgutil
import signal
import socket
import stat
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: Hands its arguments, environment, folder and standard streams to the process that has loaded the command.
_CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({path!r})
    call = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [b"call"], [0, 1, 2])
    server.sendall(call)
    server.shutdown(socket.SHUT_WR)
    sys.exit(int(server.recv(8) or b"1"))
"""


@contextmanager
def preloaded(folder: Path) -> Iterator[Path]:
    """Makes `headrace` in a folder, which answers while the context lasts; its path."""
    path, command = folder / "socket", folder / "headrace"
    command.write_text(_CLIENT.format(python=sys.executable, path=str(path)))
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    argv = [sys.executable, "-m", "tests.preloaded", str(path)]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield command
        finally:
            process.terminate()


def main(path: str) -> None:
    """Load everything that commands import, then fork for each call."""
    from headrace import cli, client

    for package in (cli, client):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(found.name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ends as soon as it ends
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        print("ready", flush=True)
        while True:
            connection, _ = server.accept()
            if os.fork() == 0:
                _serve(connection)
            connection.close()


def _serve(connection: socket.socket) -> None:
    """One call, in a process of its own."""
    from headrace.cli.app import run

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(connection, 4, 3)
    with connection.makefile("rb") as received:
        arguments, folder, environment = json.loads(received.read())
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    # New ones: those from before the fork remember whether their files could seek.
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, mode) for n, mode in enumerate("rww"))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    status = 1
    try:
        status = run(arguments)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(str(status).encode())
        os._exit(status)


if __name__ == "__main__":
    main(sys.argv[1])
