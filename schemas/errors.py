"""Every error that Headrace raises on purpose, and what a caller should do about it.

IngestError
├── TransientError            retry later; the record stays
│   └── RateLimited           …after `retry_after` seconds
├── DocumentError             this document will never work; dead-letter it
│   ├── UnsupportedFormat
│   ├── CorruptDocument
│   └── DocumentTooLarge
├── ContractError             the record breaks its schema; dead-letter it, inform its producer
├── RequestError              the request is invalid; refuse it
└── FencedError               this worker lost its partitions; it must stop before its next effect
"""


class IngestError(Exception):
    """Root of all errors raised on purpose. The message may be shown to users."""


class TransientError(IngestError):
    """The operation may succeed later: a timeout, a refused connection, a 5xx."""


class RateLimited(TransientError):
    """The server requested a delay of `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DocumentError(IngestError):
    """The document will fail on every try."""


class UnsupportedFormat(DocumentError):
    """No parser supports the format."""


class CorruptDocument(DocumentError):
    """The bytes violate their format."""


class DocumentTooLarge(DocumentError):
    """A limit on bytes, pages, pixels, time or memory was exceeded."""


class ContractError(IngestError):
    """A record breaks its schema; the message names topic, partition and offset."""


class RequestError(IngestError):
    """An invalid request or command."""


class FencedError(IngestError):
    """The worker has not polled for longer than its session; its partitions have other owners."""
