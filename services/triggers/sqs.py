"""A queue of SQS: messages are deleted when Kafka has what follows from them.

A queue has a thread of its own, which alone calls it: long polls last 20 s. What is in its messages is
handled in the event loop, ten of them at once. A process that dies in between leaves messages that come again
when their visibility ends; their runs have the same ids then.
"""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog

from schemas.errors import TransientError
from schemas.events import Source
from services.triggers import metrics
from services.triggers.handling import Handler, Message

log = structlog.get_logger(__name__)

#: What a source signs in with, `access_key_id` and `secret_access_key`; None for the machine's own identity
#: (`AWS_…`, an instance's role). The source is None for queues of the settings. Raises RequestError.
SignIn = Callable[[Source | None], Coroutine[Any, Any, Mapping[str, str] | None]]

_HOST = re.compile(r"(?:sqs\.(?P<a>[a-z0-9-]+)|(?P<b>[a-z0-9-]+)\.queue|queue)\.amazonaws\.com(?:\.cn)?")
#: Messages of one call, the most that SQS gives and takes.
_BATCH = 10
LONG_POLL_SECONDS = 20
#: How long a message is ours; extended while it is handled.
VISIBLE_SECONDS = 60
DRAIN_SECONDS = 5.0
#: For reading saved credentials, which the event loop does.
_SIGN_IN_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 60.0
#: A message that fails for a reason that nobody foresaw is given up when it has come so often.
_MOST_RECEIVES = 5
_LONGEST_RETURN_SECONDS = 900
_DELETE_TRIES = 3


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue, and who signs in to it.

    Attributes:
        source: that names it; None for one of the settings.
    """

    url: str
    region: str
    source: Source | None = None

    @property
    def name(self) -> str:
        """The last part of its URL."""
        return self.url.rstrip("/").rpartition("/")[2]


def region_of(url: str, default: str) -> str:
    """The region in a queue's host, where there is one."""
    found = _HOST.fullmatch(urlsplit(url).hostname or "")
    return (found["a"] or found["b"] or default) if found else default


def is_allowed(url: str, endpoints: Sequence[str]) -> bool:
    """Whether a source may name this queue: one of AWS, or of an endpoint that the deployment allows. Else
    whoever makes sources could have any server of the network called."""
    parts = urlsplit(url)
    own = f"{parts.scheme}://{parts.netloc}".lower()
    if parts.username or parts.password:
        return False
    aws = parts.scheme == "https" and parts.port in (None, 443) and _HOST.fullmatch(parts.hostname or "")
    return bool(aws) or own in endpoints


class QueuePoller:
    """Follows a queue until it is closed.

    Args:
        only: the ids of the sources that its messages may concern now; None for all.
        poll_s: how long a call waits for a message.
        visible_s: how long a message is ours before it is extended.
    """

    def __init__(
        self,
        queue: Queue,
        handler: Handler,
        sign_in: SignIn,
        only: Callable[[], frozenset[str] | None] = lambda: None,
        poll_s: int = LONG_POLL_SECONDS,
        visible_s: int = VISIBLE_SECONDS,
    ) -> None:
        self._queue, self._handler, self._sign_in, self._only = queue, handler, sign_in, only
        self._poll_s, self._visible_s = poll_s, visible_s
        self._stopping, self._empty_handed = threading.Event(), threading.Event()
        self._loop = asyncio.get_running_loop()
        self._client: Any = None
        self._thread = threading.Thread(target=self._follow, name=f"queue-{queue.name}", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    async def close(self) -> None:
        """Take no more messages. What is in hand is handled, or given back to the queue at once."""
        self._stopping.set()
        await asyncio.to_thread(self._empty_handed.wait, 2 * DRAIN_SECONDS)

    # --------------------------------------------------------------------------------------- the thread

    def _follow(self) -> None:
        pause = 1.0
        while not self._stopping.is_set():
            try:
                self._round()
                pause = 1.0
            except Exception as error:
                self._client = None  # what it is signed in with may have changed
                metrics.FAULTS.labels(self._queue.name).inc()
                log.warning("queue does not answer", queue=self._queue.url, error=_reason(error))
                self._empty_handed.set()
                self._stopping.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        self._empty_handed.set()

    def _round(self) -> None:
        if self._client is None:
            signing_in = asyncio.run_coroutine_threadsafe(self._sign_in(self._queue.source), self._loop)
            keys = signing_in.result(_SIGN_IN_SECONDS)
            self._client = make_client(self._queue, keys, self._poll_s)
        self._empty_handed.set()
        found = self._client.receive_message(
            QueueUrl=self._queue.url,
            MaxNumberOfMessages=_BATCH,
            WaitTimeSeconds=self._poll_s,
            VisibilityTimeout=self._visible_s,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        ).get("Messages", [])
        self._empty_handed.clear()
        if self._stopping.is_set():
            self._give_back(found)
        elif found:
            self._take(found)

    def _take(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Have messages handled; delete those that are, as they are."""
        pending = {self._begin(message): message for message in messages}
        extend_at, give_back_at = time.monotonic() + self._visible_s / 2, float("inf")
        while pending:
            done, _ = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
            if done:
                wait(pending, timeout=0.05)  # a few more, for the same call
                ended = {future: pending.pop(future) for future in list(pending) if future.done()}
                self._settle(ended)
            now = time.monotonic()
            if self._stopping.is_set():
                give_back_at = min(give_back_at, now + DRAIN_SECONDS)
            if pending and now >= give_back_at:
                for future in pending:
                    future.cancel()
                self._give_back(list(pending.values()))
                return
            if pending and now >= extend_at:
                extend_at = now + self._visible_s / 2
                self._change([(message, self._visible_s) for message in pending.values()])

    def _begin(self, message: Mapping[str, Any]) -> "Future[None]":
        handled = self._handler.handle(self._message(message))
        return asyncio.run_coroutine_threadsafe(handled, self._loop)

    def _message(self, message: Mapping[str, Any]) -> Message:
        body = str(message.get("Body", "")).encode("utf-8", "surrogatepass")
        return Message(body, f"sqs:{self._queue.name}", str(message["MessageId"]), only=self._only())

    def _settle(self, ended: "Mapping[Future[None], Mapping[str, Any]]") -> None:
        deleted, again = [], []
        for future, message in ended.items():
            error = future.exception()
            if error is None or self._gave_up(message, error):
                deleted.append(message)
            else:
                metrics.MESSAGES.labels("again").inc()
                again.append((message, min(2 ** _receives(message), _LONGEST_RETURN_SECONDS)))
        self.delete(deleted)
        self._change(again)

    def _gave_up(self, message: Mapping[str, Any], error: BaseException) -> bool:
        """Whether a message whose handling failed is a dead letter now."""
        if isinstance(error, TransientError) or not isinstance(error, Exception):
            log.warning("message comes again", queue=self._queue.name, error=str(error))
            return False
        log.error("message failed", queue=self._queue.name, id=message["MessageId"], exc_info=error)
        if _receives(message) < _MOST_RECEIVES:
            return False
        letter = self._handler.give_up(self._message(message), error)
        asyncio.run_coroutine_threadsafe(letter, self._loop).result(self._visible_s)
        return True

    # ------------------------------------------------------------------------------- calls to the queue

    def delete(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Delete; entries that fail are tried again. One that stays comes again, and changes nothing."""
        left = {str(n): message["ReceiptHandle"] for n, message in enumerate(messages)}
        for _ in range(_DELETE_TRIES):
            if not left:
                return
            entries = [{"Id": n, "ReceiptHandle": handle} for n, handle in left.items()]
            answer = self._client.delete_message_batch(QueueUrl=self._queue.url, Entries=entries)
            failed = {one["Id"]: one for one in answer.get("Failed", [])}
            left = {n: handle for n, handle in left.items() if n in failed}
        if left:
            reasons = sorted({str(one.get("Code")) for one in failed.values()})
            log.warning("messages not deleted", queue=self._queue.name, count=len(left), reasons=reasons)

    def _change(self, messages: Sequence[tuple[Mapping[str, Any], int]]) -> None:
        """Let messages stay invisible for so many seconds from now."""
        if not messages:
            return
        entries = [
            {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": seconds}
            for n, (message, seconds) in enumerate(messages)
        ]
        answer = self._client.change_message_visibility_batch(QueueUrl=self._queue.url, Entries=entries)
        if failed := answer.get("Failed"):
            log.info("visibility not changed", queue=self._queue.name, count=len(failed))

    def _give_back(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Whoever polls next has them at once."""
        self._change([(message, 0) for message in messages])


def make_client(queue: Queue, keys: Mapping[str, str] | None, poll_s: int) -> Any:
    """A client of boto3 for one thread. It calls the host of the queue's URL, whatever the environment
    says."""
    import boto3  # half a second and 30 MB that only those pay who use it
    from botocore.config import Config

    parts = urlsplit(queue.url)
    signed = {}
    if keys is not None:
        signed = {
            "aws_access_key_id": keys["access_key_id"],
            "aws_secret_access_key": keys["secret_access_key"],
        }
    return boto3.session.Session().client(
        "sqs",
        region_name=queue.region,
        endpoint_url=f"{parts.scheme}://{parts.netloc}",
        config=Config(
            connect_timeout=5,
            read_timeout=poll_s + 15,
            retries={"mode": "standard", "total_max_attempts": 2},
        ),
        **signed,
    )


def _receives(message: Mapping[str, Any]) -> int:
    count = str(message.get("Attributes", {}).get("ApproximateReceiveCount", "1"))
    return int(count) if count.isdecimal() else 1


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
