"""Requests as bytes, sent from a thread, for what no client would send."""

import asyncio
import json
import socket
from dataclasses import dataclass
from typing import Any

from tests.api.conftest import Server


@dataclass(frozen=True)
class Answer:
    """The first answer on a connection, and all bytes that came."""

    status: int
    headers: dict[str, str]
    body: bytes
    received: bytes

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


def head(method: str, path: str, *headers: str) -> bytes:
    """A request line and headers, the blank line included."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: gateway", *headers, "", ""]).encode()


async def send(server: Server, request: bytes, within_s: float = 30) -> Answer:
    """Send bytes, read the first answer; with `Connection: close` in them, all until the gateway closes."""
    return await asyncio.to_thread(exchange, server.port, request, within_s)


def exchange(port: int, request: bytes, within_s: float = 30) -> Answer:
    """The same from a thread, for a gateway on this port of 127.0.0.1."""
    received, all_of_it = b"", b"Connection: close" in request
    with socket.create_connection(("127.0.0.1", port), timeout=within_s) as connection:
        try:
            connection.sendall(request)
            while some := connection.recv(65536):
                received += some
                if not all_of_it and (answer := _read(received)):
                    return answer
        except (BrokenPipeError, ConnectionResetError):
            pass  # answered before all was sent: what was received counts
    answer = _read(received)
    assert answer is not None, f"closed after {received!r}"
    return answer


def _read(received: bytes) -> Answer | None:
    """The first answer, None when it is not whole."""
    top, end, rest = received.partition(b"\r\n\r\n")
    first, *lines = top.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    length = int(headers.get("content-length", 0))
    if not end or len(rest) < length:
        return None
    return Answer(int(first.split()[1]), headers, rest[:length], received)
