"""Loopback ports for the local servers."""

import random
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"

#: Below the ephemeral port range of Linux (from 32768) and macOS (from 49152). Any outgoing connection could
#: take a port in that range while its server is down; a client that keeps reconnecting would sooner or later
#: even connect to itself and hold the port.
PORTS = range(20_000, 32_768)


def free_port(avoid: frozenset[int] = frozenset()) -> int:
    """A free port on loopback."""
    for port in random.sample(PORTS, k=len(PORTS)):
        if port not in avoid and is_free(port):
            return port
    raise OSError(f"no free port on {LOOPBACK} in {PORTS.start}–{PORTS.stop - 1}")


def is_free(port: int) -> bool:
    """Whether this port on loopback is free."""
    with socket.socket() as probe:
        # As servers do: ignore old connections in TIME_WAIT.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def kept_port(file: Path, avoid: frozenset[int] = frozenset()) -> int:
    """The port stored in `file` if it is still free, else a new one, which is then stored there."""
    try:
        port = int(file.read_text())
    except (FileNotFoundError, ValueError):
        port = 0
    if port not in PORTS or port in avoid or not is_free(port):
        port = free_port(avoid)
    file.write_text(f"{port}\n")
    return port
