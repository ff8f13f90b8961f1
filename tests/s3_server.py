"""A store in memory that speaks as much of S3's API as a sync needs, and misbehaves when it is told to."""

import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote_plus, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "library"


@dataclass(frozen=True, slots=True)
class Stored:
    """An object."""

    body: bytes
    etag: str
    size: int
    storage_class: str = "STANDARD"
    headers: dict[str, str] = field(default_factory=dict)
    restored: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: what was asked, of which key (empty for the bucket)."""

    method: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    #: Seconds between two bytes of the body.
    pause_s: float = 0.0
    #: Seconds between two headers.
    head_pause_s: float = 0.0


def refusal(status: int, code: str, message: str = "no", **headers: str) -> Answer:
    """An error as S3 words it."""
    body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body.encode(), {"Content-Type": "application/xml", **named})


class MemoryS3:
    """One bucket.

    Attributes:
        asked: every request, in order.
        fault: is asked first; what it answers is answered.
        encodes: whether keys of listings are encoded when that is asked for.
    """

    def __init__(self) -> None:
        self.objects: dict[str, Stored] = {}
        self.asked: list[Asked] = []
        self.fault: Callable[[Asked], Answer | None] = lambda asked: None
        self.encodes = True
        self.url = ""
        self._keys: list[bytes] = []

    def put(self, key: str, body: bytes = b"text", **fields: object) -> None:
        """Write an object; `size` may claim another one."""
        made = {"etag": md5(body, usedforsecurity=False).hexdigest(), "size": len(body), **fields}
        self.objects[key] = Stored(body, **made)  # type: ignore[arg-type]
        self._keys = []

    def delete(self, key: str) -> None:
        """Remove an object."""
        del self.objects[key]
        self._keys = []

    def answer(self, asked: Asked) -> Answer:
        """What the store says."""
        self.asked.append(asked)
        if (found := self.fault(asked)) is not None:
            return found
        return self._object(asked) if asked.key else self._page(asked.query)

    def _object(self, asked: Asked) -> Answer:
        found = self.objects.get(asked.key)
        if found is None:
            return refusal(404, "NoSuchKey", "The specified key does not exist.")
        if asked.headers.get("if-match", f'"{found.etag}"').strip('"') != found.etag:
            return refusal(412, "PreconditionFailed")
        if found.storage_class in ("GLACIER", "DEEP_ARCHIVE") and not found.restored:
            return refusal(403, "InvalidObjectState", "The operation is not valid for the storage class")
        return Answer(200, found.body, {"ETag": f'"{found.etag}"', **found.headers})

    def _page(self, query: dict[str, str]) -> Answer:
        keys = self._keys = self._keys or sorted(key.encode() for key in self.objects)
        prefix, most = query.get("prefix", ""), int(query.get("max-keys", "1000"))
        token = query.get("continuation-token")
        start = (
            bisect_left(keys, prefix.encode())
            if token is None
            else bisect_right(keys, unquote(token).encode())
        )
        page = [key.decode() for key in keys[start : start + most] if key.startswith(prefix.encode())]
        more = (
            len(page) == most and start + most < len(keys) and keys[start + most].startswith(prefix.encode())
        )
        coded = self.encodes and query.get("encoding-type") == "url"
        parts = [self._listed(key, coded) for key in page]
        after = f"<NextContinuationToken>{quote_plus(page[-1])}</NextContinuationToken>" if more else ""
        coding = "<EncodingType>url</EncodingType>" if coded else ""
        return Answer(
            200,
            (
                '<?xml version="1.0" encoding="UTF-8"?>'
                '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                f"<Name>{BUCKET}</Name><IsTruncated>{str(more).lower()}</IsTruncated>{coding}{after}"
                f"{''.join(parts)}</ListBucketResult>"
            ).encode(),
            {"Content-Type": "application/xml"},
        )

    def _listed(self, key: str, coded: bool) -> str:
        found = self.objects[key]
        shown = quote_plus(key, safe="/") if coded else escape(key)
        restored = (
            "<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>"
            "<RestoreExpiryDate>2030-01-01T00:00:00.000Z</RestoreExpiryDate></RestoreStatus>"
            if found.restored
            else ""
        )
        return (
            f"<Contents><Key>{shown}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            f'<ETag>"{found.etag}"</ETag><Size>{found.size}</Size>'
            f"<StorageClass>{found.storage_class}</StorageClass>{restored}</Contents>"
        )


@contextmanager
def serving(store: MemoryS3) -> Iterator[MemoryS3]:
    """The store on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            bucket, _, key = parts.path.lstrip("/").partition("/")
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, unquote(key), query, headers)
            found = store.answer(asked) if bucket == BUCKET else refusal(404, "NoSuchBucket")
            self.send_response(found.status)
            for name, value in {"Content-Length": str(len(found.body)), **found.headers}.items():
                self.send_header(name, value)
                if found.head_pause_s:
                    with suppress(OSError):
                        self.flush_headers()
                    time.sleep(found.head_pause_s)
            with suppress(OSError):  # nobody waits for the rest
                self.end_headers()
                for piece in [bytes([one]) for one in found.body] if found.pause_s else [found.body]:
                    self.wfile.write(piece)
                    time.sleep(found.pause_s)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up in the middle is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    store.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
