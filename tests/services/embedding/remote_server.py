"""A fake embedding server, in the forms of OpenAI and of text-embeddings-inference, with faults on demand."""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Texts of a request to what is answered instead of vectors; None answers vectors.
Fault = Callable[[Sequence[str]], "Answer | None"]
Answer = tuple[int, dict[str, str], Any]

DIMENSION = 16


def vector_of(text: str, dimension: int = DIMENSION) -> list[float]:
    """A vector that depends on the words of a text: near texts share some."""
    row = np.zeros(dimension)
    for word, count in Counter(text.lower().split() or [""]).items():
        row += count * _word(word, dimension)
    return [float(value) for value in row * 3]


@cache
def _word(word: str, dimension: int) -> NDArray[np.float64]:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "little")
    return np.random.default_rng(seed).standard_normal(dimension)


class FakeServer:
    """Requests that came, and the faults that are still to be shown."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.fault: Fault = lambda texts: None
        self.at_once = 0
        self.most_at_once = 0
        self.lock = threading.Lock()

    @property
    def texts(self) -> list[list[str]]:
        """The texts of each request."""
        return [request["input"] if "input" in request else request["inputs"] for request in self.requests]


def once(answer: Answer) -> Fault:
    """A fault of the first request only."""
    left = [answer]
    return lambda texts: left.pop() if left else None


@contextmanager
def fake_server() -> Iterator[FakeServer]:
    """A server that runs while the block does."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with fake.lock:
                fake.requests.append(body)
                fake.headers.append({key.lower(): value for key, value in self.headers.items()})
                fake.at_once += 1
                fake.most_at_once = max(fake.most_at_once, fake.at_once)
            texts = body.get("input", body.get("inputs"))
            status, headers, content = fake.fault(texts) or (200, {}, _vectors(self.path, texts))
            payload = content if isinstance(content, bytes) else json.dumps(content).encode()
            with fake.lock:
                fake.at_once -= 1
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(payload))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake = FakeServer(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _vectors(path: str, texts: Sequence[str]) -> Any:
    rows = [vector_of(text) for text in texts]
    if path.endswith("/embed"):
        return rows
    return {"data": [{"index": n, "embedding": row} for n, row in reversed(list(enumerate(rows)))]}
