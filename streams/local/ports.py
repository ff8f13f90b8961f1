"""Loopback ports for the local servers."""

import random
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"

#: Below the range from which Linux (32768) and macOS (49152) take the ports of outgoing connections.
#: A port from within that range could be taken by any client's connection while its server is down; a
#: client that keeps reconnecting to it would sooner or later even connect to itself and hold it.
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
        # As servers do: connections of a former server that linger in TIME_WAIT are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def kept_port(file: Path, avoid: frozenset[int] = frozenset()) -> int:
    """The port written in `file` if it is still free, else a new one, which is then written there."""
    try:
        port = int(file.read_text())
    except (FileNotFoundError, ValueError):
        port = 0
    if port not in PORTS or port in avoid or not is_free(port):
        port = free_port(avoid)
    file.write_text(f"{port}\n")
    return port
