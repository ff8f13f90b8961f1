"""Every error that Headrace raises on purpose, and what a caller should do about it.

IngestError
├── TransientError            try again later; the record stays where it is
│   └── RateLimited           …after `retry_after` seconds
├── DocumentError             this document will never work; dead-letter it
│   ├── UnsupportedFormat
│   ├── CorruptDocument
│   └── DocumentTooLarge
├── ContractError             the record breaks its schema; dead-letter it, tell whoever wrote it
├── RequestError              the caller asked for something that cannot be; refuse the request
└── FencedError               this worker lost its partitions; it must stop before its next effect
"""


class IngestError(Exception):
    """Root of all errors raised on purpose. The message is fit to be shown to a user."""


class TransientError(IngestError):
    """What was tried may work later: a time-out, a refused connection, a 5xx."""


class RateLimited(TransientError):
    """The other side asked us to wait `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DocumentError(IngestError):
    """The document will fail however often it is tried."""


class UnsupportedFormat(DocumentError):
    """No parser knows these bytes."""


class CorruptDocument(DocumentError):
    """The format is known and the bytes do not follow it."""


class DocumentTooLarge(DocumentError):
    """A limit on bytes, pages, pixels, time or memory was exceeded."""


class ContractError(IngestError):
    """A record breaks its schema; the message names topic, partition and offset."""


class RequestError(IngestError):
    """A request or command that cannot be carried out as it was asked."""


class FencedError(IngestError):
    """The worker was away for longer than its session; its partitions have other owners now."""
