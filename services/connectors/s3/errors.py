"""Map S3's error responses to our errors."""

from typing import Any

from botocore import exceptions as aws

from schemas.errors import DocumentError, IngestError, RequestError, TransientError
from schemas.sources.s3 import S3Config
from services.connectors.lister import Gone

#: Codes that mean "retry later". Clones return 429 with their own codes, so the status counts as well.
_LATER = frozenset(
    {
        *("SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "OperationAborted"),
        *("Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"),
        *("503", "500", "502", "504", "429", "408"),
    }
)
_LATER_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired", "InvalidSecurity"}
)
_DENIED = frozenset({"AccessDenied", "AllAccessDisabled", "AccountProblem", "Forbidden", "403"})
#: S3's own codes; a bare 404 may come from a proxy.
_GONE = frozenset({"NoSuchKey", "NoSuchVersion"})
_WRONG_REGION = frozenset(
    {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"}
)
_MOST_TOLD = 300


class Denied(DocumentError):
    """An object that the credential may not read."""


class Replaced(DocumentError):
    """An object that has been replaced by another version."""


class Garbled(TransientError):
    """An invalid response: truncated, or not a listing."""


class Refusals:
    """The errors of one source's calls.

    Args:
        secrets: removed from all messages, whatever a store returns.
    """

    def __init__(self, config: S3Config, secrets: tuple[str, ...] = ()) -> None:
        self._config, self._secrets = config, secrets
        at = f" at {config.endpoint_url}" if config.endpoint_url else ""
        self._bucket = f"bucket {config.bucket_name}{at}"
        self._who = (
            "this machine's own credentials"
            if config.credential_id is None
            else f"credential {config.credential_id}"
        )
        #: To whoever does not pay, a Requester Pays bucket only answers that access is denied.
        self._or_pays = (
            "" if config.requester_pays else ", or set s3.requester_pays if the bucket is Requester Pays"
        )

    def of_listing(self, error: Exception, after: str | None = None) -> IngestError:
        """Why the bucket cannot be listed; `after` is the last listed key."""
        if isinstance(error, aws.ClientError):
            if _code(error) == "500":  # without XML; boto3 also reports unreadable responses so
                return self.garbled(after)
            return self._everywhere(error) or self._not_listed(error)
        return self._no_response(error)

    def garbled(self, after: str | None) -> Garbled:
        """The error for an invalid page."""
        where = "its beginning" if after is None else f"the page after {after[:200]!r}"
        return Garbled(f"the listing of {self._bucket} cannot be read at {where}; nothing was deleted")

    def of_object(self, error: Exception, key: str) -> IngestError:
        """Why an object cannot be read. Only this document fails, unless every other would fail too."""
        if isinstance(error, aws.ClientError):
            return self._everywhere(error) or self._not_read(error, key)
        return self._no_response(error)

    def _everywhere(self, error: Any) -> IngestError | None:
        """The error if it affects all calls."""
        code, said = _code(error), self._said(error)
        if code in _LATER or _status(error) in _LATER_STATUS:
            return TransientError(f"{self._bucket} asks to retry later: {said}")
        if code == "NoSuchBucket":
            return RequestError(f"{self._bucket} does not exist; check its name and the account")
        if code in _WRONG_REGION:
            return self._elsewhere(error)
        if code == "InvalidAccessKeyId":
            return RequestError(f"{self._who}: the access key is not known to the store; was it deleted?")
        if code == "SignatureDoesNotMatch":
            return RequestError(f"{self._who}: the secret access key does not belong to its access key")
        if code in _EXPIRED:
            return RequestError(f"{self._who} has expired: {said}")
        if code == "RequestTimeTooSkewed":
            date = _headers(error).get("date", "another time")
            return RequestError(f"the clock of this machine is wrong: the store says {date}")
        return None

    def _elsewhere(self, error: Any) -> RequestError:
        region = _headers(error).get("x-amz-bucket-region") or error.response.get("Error", {}).get("Region")
        if region and region != self._config.region:
            return RequestError(
                f"{self._bucket} is in region {region}, the source says {self._config.region}: set s3.region "
                f"to {region}"
            )
        return RequestError(
            f"{self._bucket} is not in region {self._config.region}: {self._said(error)}; set s3.region to "
            "the bucket's"
        )

    def _not_listed(self, error: Any) -> RequestError:
        if _code(error) in _DENIED:
            prefix = self._config.path_prefix
            which = f" with the prefix {prefix!r}" if prefix else ""
            return RequestError(
                f"{self._who} may not list {self._bucket}{which}: allow s3:ListBucket on "
                f"arn:aws:s3:::{self._config.bucket_name}{self._or_pays} "
                f"(the store says: {self._said(error)})"
            )
        return RequestError(f"{self._bucket} cannot be listed: {self._said(error)}")

    def _not_read(self, error: Any, key: str) -> DocumentError:
        code, said = _code(error), self._said(error)
        if code.startswith("KMS") or (code in _DENIED and "kms" in said.lower()):
            return DocumentError(
                f"{key}: {self._who} may not use its encryption key: allow kms:Decrypt on it (the store "
                f"says: {said})"
            )
        if code in _DENIED:
            return Denied(
                f"{key}: {self._who} may not read it: allow s3:GetObject on "
                f"arn:aws:s3:::{self._config.bucket_name}/*{self._or_pays} (without "
                f"s3:ListBucket, S3 also answers this for objects that do not exist): {said}"
            )
        if code in _GONE:
            return Gone(f"{key}: does not exist in {self._bucket}")
        if code in ("PreconditionFailed", "412"):
            return Replaced(f"{key}: is being overwritten repeatedly; the next run indexes it")
        if code == "InvalidObjectState":
            return DocumentError(f"{key}: is archived; restore it, and the next run indexes it")
        if "customer provided keys" in said or "Server Side Encryption with customer" in said:
            return DocumentError(
                f"{key}: is encrypted with a customer-provided key (SSE-C), which Headrace does not have"
            )
        return DocumentError(f"{key}: cannot be read: {said}")

    def _no_response(self, error: Exception) -> IngestError:
        """The error for a missing or invalid response."""
        if isinstance(error, aws.NoCredentialsError | aws.PartialCredentialsError | aws.ProfileNotFound):
            return RequestError(f"this machine has no credentials of its own for S3: {error}")
        if isinstance(error, aws.CredentialRetrievalError):
            return TransientError(
                f"this machine's own credentials cannot be loaded: {self._told(str(error))}"
            )
        if isinstance(error, aws.ParamValidationError):
            return RequestError(f"{self._bucket}: {self._told(str(error))}")
        return TransientError(f"{self._bucket} does not answer: {self._told(str(error))}")

    def _said(self, error: Any) -> str:
        found = error.response.get("Error", {})
        return self._told(f"{found.get('Code', '?')}: {found.get('Message', '')}".rstrip(": "))

    def _told(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return " ".join(text.split())[:_MOST_TOLD]


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _status(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _headers(error: Any) -> dict[str, str]:
    return dict(error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}))
