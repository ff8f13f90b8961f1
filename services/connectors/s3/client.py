"""Calls to one bucket: boto3 in threads, each call signed again and retried while the store is busy."""

import asyncio
import gzip
import io
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from schemas.errors import (
    CorruptDocument,
    DocumentError,
    DocumentTooLarge,
    IngestError,
    RequestError,
    TransientError,
)
from schemas.limits import MAX_FILE_BYTES
from schemas.sources.s3 import S3Config
from services.connectors.s3.errors import Garbled, Refusals
from services.connectors.s3.in_time import limited, within

T = TypeVar("T")

#: Keys per page: S3's maximum.
PAGE_KEYS = 1000
#: How long a store may be busy or unavailable before an attempt is given up.
PATIENCE_S = 120.0
LONGEST_PAUSE_S = 20.0
_PIECE_BYTES = 1024 * 1024
#: The head of an answer has this long to arrive, and with it a page of a listing, or the text of a refusal.
ANSWER_SECONDS = 120.0
#: The bytes of an object have this long, and a second more for so many bytes: one that trickles would hold a
#: thread for ever, and there are some dozens for all sources.
READ_SECONDS, _SLOWEST_BYTES_S = 120.0, 64 * 1024
_MOST_CLIENTS = 64
_GZIP = b"\x1f\x8b"


@dataclass(slots=True)
class OpenObject:
    """An object whose bytes have not been read yet."""

    etag: str
    size: int
    content_type: str | None
    content_encoding: str | None
    body: Any

    def close(self) -> None:
        """Drop the connection."""
        self.body.close()


class Bucket:
    """An authenticated bucket.

    Args:
        secret: a credential of kind `aws`; None for the machine's own.
        threads: run the calls.
        clients: the shared boto3 clients.
        patience_s: how long a failed call is retried.
    """

    def __init__(
        self,
        config: S3Config,
        secret: Mapping[str, str] | None,
        threads: Executor,
        clients: "Clients",
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._config, self._threads, self._patience_s = config, threads, patience_s
        self.refusals = Refusals(config, tuple((secret or {}).values()))
        self._client = clients.of(config, secret)
        self.endpoint_url: str = self._client.meta.endpoint_url
        self._named: dict[str, Any] = {"Bucket": config.bucket_name}
        if config.requester_pays:
            self._named["RequestPayer"] = "requester"

    async def page(self, prefix: str, token: str | None, after: str | None = None) -> dict[str, Any]:
        """Up to 1,000 objects in key order, as ListObjectsV2 returns them; `after` is the last key so far.

        Raises RequestError if the bucket cannot be listed, TransientError if it does not answer.
        """
        asked = {**self._named, "MaxKeys": PAGE_KEYS, "Prefix": prefix}
        if token is not None:
            asked["ContinuationToken"] = token
        if self._config.endpoint_url is None:
            asked["OptionalObjectAttributes"] = ["RestoreStatus"]

        def list_page() -> dict[str, Any]:
            with within(ANSWER_SECONDS):
                found: dict[str, Any] = self._client.list_objects_v2(**asked)
            if "IsTruncated" not in found:  # boto3 parses any text as an empty listing
                raise self.refusals.garbled(after)
            return found

        try:
            return await self._call(list_page, lambda error: self.refusals.of_listing(error, after))
        except Garbled as error:
            raise RequestError(str(error)) from error

    async def open(self, key: str, etag: str | None = None) -> OpenObject:
        """An object, of this version if `etag` is given. Raises DocumentError if it cannot be read."""
        asked = {**self._named, "Key": key}
        if etag is not None:
            asked["IfMatch"] = f'"{etag}"'
        return await self._call(
            lambda: self._opened(asked),
            lambda error: self.refusals.of_object(error, key),
        )

    async def content(self, key: str, etag: str | None, found: OpenObject | None = None) -> bytes:
        """The bytes of an object; `found` is already open. Retries if the connection breaks. Raises
        DocumentError."""
        opened = [found] if found is not None else []

        def read() -> bytes:
            one = opened.pop() if opened else self._opened(asked)
            return _content(key, one)

        asked = {**self._named, "Key": key}
        if etag is not None:
            asked["IfMatch"] = f'"{etag}"'
        return await self._call(read, lambda error: self.refusals.of_object(error, key))

    def _opened(self, asked: Mapping[str, Any]) -> OpenObject:
        with within(ANSWER_SECONDS):
            answer = self._client.get_object(**asked)
        return OpenObject(
            etag=str(answer.get("ETag", "")).strip('"'),
            size=int(answer.get("ContentLength", 0)),
            content_type=answer.get("ContentType"),
            content_encoding=answer.get("ContentEncoding"),
            body=answer["Body"],
        )

    async def _call(self, do: Callable[[], T], refusal: Callable[[Exception], IngestError]) -> T:
        def once() -> T:
            try:
                return do()
            except IngestError:
                raise
            except Exception as error:
                raise refusal(error) from error

        loop = asyncio.get_running_loop()
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(TransientError),
            wait=wait_random_exponential(multiplier=0.5, max=LONGEST_PAUSE_S),
            stop=stop_after_delay(self._patience_s),
            reraise=True,
        ):
            with attempt:
                return await loop.run_in_executor(self._threads, once)
        raise AssertionError("unreachable")


class Clients:
    """A thread-safe cache of boto3 clients by credentials: creating one takes longer than a request, and runs
    of single objects are frequent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._session: Any = None
        self._made: dict[tuple[object, ...], Any] = {}

    def of(self, config: S3Config, secret: Mapping[str, str] | None) -> Any:
        """The client of a source."""
        signed_in = (config.endpoint_url, config.region, *sorted((secret or {}).items()))
        with self._lock:
            if signed_in not in self._made:
                if len(self._made) >= _MOST_CLIENTS:
                    self._made.pop(next(iter(self._made)))  # its current users keep it
                self._made[signed_in] = self._new(config, secret)
            return self._made[signed_in]

    def _new(self, config: S3Config, secret: Mapping[str, str] | None) -> Any:
        if self._session is None:
            import boto3  # takes half a second, which other sources need not spend
            import botocore.session

            core = botocore.session.get_session()
            # We do not use timestamps, and parsing those of a page takes as long as the rest of it.
            core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)
            self._session = boto3.session.Session(botocore_session=core)
        return _client(self._session, config, secret)


def _client(session: Any, config: S3Config, secret: Mapping[str, str] | None) -> Any:
    from botocore.config import Config

    keys = {}
    if secret is not None:
        keys = {
            "aws_access_key_id": secret["access_key_id"],
            "aws_secret_access_key": secret["secret_access_key"],
        }
    client = session.client(
        "s3",
        region_name=config.region,
        endpoint_url=config.endpoint_url,
        config=Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"total_max_attempts": 1},  # `Bucket` retries
            max_pool_connections=32,
            ignore_configured_endpoint_urls=True,  # AWS_ENDPOINT_URL would bypass HEADRACE_S3_ENDPOINTS
            request_checksum_calculation="when_required",  # other stores refuse unknown headers
            response_checksum_validation="when_required",
            signature_version="s3v4",
            s3={
                "addressing_style": "path" if config.endpoint_url else "auto",
                "us_east_1_regional_endpoint": "regional",
            },
        ),
        **keys,
    )
    # boto3 would redirect to the bucket's region, with HeadBucket if necessary. We report it instead.
    client.meta.events.register_last("before-parameter-build.s3", _stay)
    return limited(client)


def _stay(context: dict[str, Any], **_: object) -> None:
    context.setdefault("s3_redirect", {})["redirected"] = True


def _content(key: str, found: OpenObject) -> bytes:
    """All bytes, decompressed if the object's Content-Encoding is gzip."""
    pieces, size = [], 0
    seconds = READ_SECONDS + found.size / _SLOWEST_BYTES_S
    until = time.monotonic() + seconds
    try:
        if found.size > MAX_FILE_BYTES:
            raise DocumentTooLarge(f"{key}: {found.size:,} bytes, the limit is {MAX_FILE_BYTES:,}")
        with within(seconds):
            while piece := found.body.read(_PIECE_BYTES):
                pieces.append(piece)
                size += len(piece)
                if size > MAX_FILE_BYTES:
                    raise DocumentTooLarge(f"{key}: larger than listed; the limit is {MAX_FILE_BYTES:,}")
        if size < found.size:
            raise TransientError(f"{key}: the connection ended after {size:,} of {found.size:,} bytes")
    except Exception:
        if time.monotonic() > until and size < found.size:
            raise DocumentError(f"{key}: its {found.size:,} bytes did not arrive in time") from None
        raise
    finally:
        found.close()
    content = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    packed = "gzip" in (found.content_encoding or "").lower()
    return _unpacked(key, content) if packed and content.startswith(_GZIP) else content


def _unpacked(key: str, content: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            found = packed.read(MAX_FILE_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise CorruptDocument(
            f"{key}: its Content-Encoding is gzip, but its bytes are not: {error}"
        ) from error
    if len(found) > MAX_FILE_BYTES:
        raise DocumentTooLarge(f"{key}: more than {MAX_FILE_BYTES:,} bytes when unpacked")
    return found
