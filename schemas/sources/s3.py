"""`s3`: the objects of a bucket whose keys begin with a prefix, on AWS or on anything that speaks its API."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from schemas.base import WHOLE, Body, Event, MetadataValue
from schemas.errors import RequestError
from schemas.sources.source_type import InlineSecret, RunForm, ShownRun, SourceType, refuse_fields

#: What S3 and its clones take; the narrower rule for new buckets of AWS is AWS's to check.
_BUCKET = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{1,253}[a-zA-Z0-9]")
_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
#: S3's longest key, in bytes of UTF-8.
MAX_KEY_BYTES = 1024


class S3Config(Event):
    """Objects of a bucket. What it signs in with is saved apart (topic `credentials`).

    Without `credential_id` the connector's own identity is used, where the deployment allows that.
    `auto_sync` is none, direct or metadata. With `requester_pays` whoever owns the credential pays.
    """

    bucket_name: str
    region: str
    collection_name: str
    path_prefix: str | None = None
    auto_sync: str = "none"
    endpoint_url: str | None = None
    queue_url: str | None = None
    credential_id: int | None = None
    requester_pays: bool = False


class S3Options(Event):
    """One object in place of all: what it is called in the collection, and what is said of it.

    `bucket_name` is that of the source, so that an invocation can say it for itself.
    """

    object_key: str | None = None
    custom_id: str | None = None
    metadata: dict[str, MetadataValue] = Field(default_factory=dict)
    bucket_name: str | None = None


class S3Source(Body):
    """A bucket, with a saved credential or an inline pair. `endpoint_url` and `queue_url` are ours."""

    bucket_name: str = Field(min_length=1, max_length=2048)
    region: str = Field(min_length=1, max_length=40)
    collection_name: str
    aws_credential_id: Annotated[int, Field(ge=1, lt=2**31), WHOLE] | None = None
    aws_access_key_id: str | None = Field(
        default=None,
        max_length=256,
        repr=False,
        description="With `aws_secret_access_key`: saved as a credential, and never shown.",
    )
    aws_secret_access_key: str | None = Field(default=None, max_length=256, repr=False)
    path_prefix: str | None = Field(
        default=None, description="Only keys that begin with this text, which may end within a name."
    )
    auto_sync: Literal["none", "direct", "metadata"] | None = None
    endpoint_url: str | None = Field(
        default=None,
        max_length=2048,
        description="Of a store other than AWS; HEADRACE_S3_ENDPOINTS must name it (ours).",
    )
    queue_url: str | None = Field(
        default=None, max_length=2048, description="The SQS queue that its events arrive at (ours)."
    )
    requester_pays: bool | None = Field(
        default=None, description="Whether you pay for the requests to a bucket that asks for it (ours)."
    )


class S3Job(Body):
    """What a run read from a bucket."""

    bucket_name: str
    object_key: str | None = None
    custom_id: str | None = None
    additional_metadata: dict[str, Any] | None = None


class S3(SourceType[S3Source, S3Config]):
    """Documents are objects; a key is the object's, exactly as it is listed."""

    name = "s3"
    form = S3Source
    config = S3Config
    options = S3Options
    job = S3Job
    own_tree = False
    overlap_reason = (
        "writes documents of the same ids: ids follow from the keys alone, whichever the bucket and the "
        "endpoint, so prefixes of which one begins the other cannot share a collection"
    )

    def inline_secret(self, form: S3Source) -> InlineSecret | None:
        """The pair. Raises RequestError for half of one, and for one beside a saved credential."""
        pair = form.aws_access_key_id or None, form.aws_secret_access_key or None
        if pair == (None, None):
            return None
        if form.aws_credential_id is not None:
            raise RequestError("s3 takes aws_credential_id or the pair of access key and secret, not both")
        access, secret = pair
        if access is None or secret is None:
            raise RequestError("s3.aws_access_key_id and s3.aws_secret_access_key go together")
        members = {"access_key_id": access, "secret_access_key": secret}
        return InlineSecret("aws", f"s3://{bucket_of(form.bucket_name)[0]}", members)

    def with_credential(self, form: S3Source, credential_id: int) -> S3Source:
        """The saved credential in place of the pair."""
        pair = {"aws_access_key_id": None, "aws_secret_access_key": None}
        return form.model_copy(update={**pair, "aws_credential_id": credential_id})

    def without_replaced(self, form: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
        """A pair replaces the saved credential."""
        pair = changes.get("aws_access_key_id") or changes.get("aws_secret_access_key")
        return {name: value for name, value in form.items() if not (pair and name == "aws_credential_id")}

    def configure(self, form: S3Source) -> S3Config:
        """Raises RequestError for what can name no bucket, region or endpoint."""
        if form.aws_access_key_id or form.aws_secret_access_key:
            raise RequestError("credentials cannot be saved here: give s3.aws_credential_id")
        bucket, path = bucket_of(form.bucket_name)
        prefix = form.path_prefix or None
        if path and path != prefix:
            raise RequestError(f"s3.bucket_name has a path: put {path[:200]!r} into s3.path_prefix")
        if not _REGION.fullmatch(form.region):
            raise RequestError(f"s3.region {form.region!r} is no region; expected one like us-east-1")
        if prefix is not None:
            _require_key("s3.path_prefix", prefix)
        return S3Config(
            bucket_name=bucket,
            region=form.region,
            collection_name=form.collection_name,
            path_prefix=prefix,
            auto_sync=form.auto_sync or "none",
            endpoint_url=None if not form.endpoint_url else endpoint_of("s3.endpoint_url", form.endpoint_url),
            queue_url=form.queue_url or None,
            credential_id=form.aws_credential_id,
            requester_pays=bool(form.requester_pays),
        )

    def options_of(self, payload: RunForm) -> S3Options | None:
        """One object. Raises RequestError for what only goes with one, and for a branch or commit."""
        refuse_fields(payload, self.name, ("ref_identifier",))
        if payload.object_key is None:
            for field in ("custom_id", "metadata"):
                if getattr(payload, field) is not None:
                    raise RequestError(f"{field} is of one object: it needs object_key")
            return None
        _require_key("object_key", payload.object_key)
        return S3Options(
            object_key=payload.object_key, custom_id=payload.custom_id, metadata=payload.metadata or {}
        )

    def asked(self, options: Event | None) -> S3Options:
        """What the options of a run (`schemas.events.RunOptions`) say of its object."""
        found: S3Options | None = getattr(options, self.name, None)
        return found or S3Options()

    def complete(self, options: Event | None, config: S3Config) -> S3Options:
        """With the bucket's name. Raises RequestError for an object outside the prefix."""
        asked = options if isinstance(options, S3Options) else S3Options()
        if asked.object_key is not None and not asked.object_key.startswith(config.path_prefix or ""):
            raise RequestError(
                f"object_key {asked.object_key[:200]!r} does not begin with the source's path_prefix "
                f"{config.path_prefix!r}; an object key is the whole key, from the bucket's root"
            )
        return asked.model_copy(update={"bucket_name": config.bucket_name})

    def target(self, config: S3Config) -> str:
        """The source's collection."""
        return config.collection_name

    def form_of(self, config: S3Config) -> S3Source:
        """Without any secret; members that only we have where they are set."""
        fields: dict[str, Any] = {
            "bucket_name": config.bucket_name,
            "region": config.region,
            "collection_name": config.collection_name,
            "aws_credential_id": config.credential_id,
            "path_prefix": config.path_prefix,
            "auto_sync": config.auto_sync,
        }
        ours = {
            "endpoint_url": config.endpoint_url,
            "queue_url": config.queue_url,
            "requester_pays": config.requester_pays or None,
        }
        fields |= {name: value for name, value in ours.items() if value is not None}
        return S3Source(**fields)

    def job_of(self, run: ShownRun) -> S3Job:
        """The bucket, and the object where the run was about one."""
        asked = self.asked(run.options)
        fields: dict[str, Any] = {"object_key": asked.object_key, "custom_id": asked.custom_id}
        if asked.metadata:
            fields["additional_metadata"] = dict(asked.metadata)
        given = {name: value for name, value in fields.items() if value is not None}
        return S3Job(bucket_name=asked.bucket_name or "", **given)

    def shown(self, form: S3Source) -> str:
        """Bucket and prefix, and the endpoint that is not AWS's."""
        bucket, path = bucket_of(form.bucket_name)
        at = f" at {form.endpoint_url}" if form.endpoint_url else ""
        return f"s3://{bucket}/{form.path_prefix or path or ''}{at}"

    def identity(self, config: S3Config) -> dict[str, Any]:
        """Bucket, endpoint and prefix: keys, credentials and the collection may change."""
        return config.model_dump(mode="json", include={"bucket_name", "endpoint_url", "path_prefix"})

    def same_origin(self, one: S3Config, other: S3Config) -> bool:
        """The same bucket; which objects of it is a choice that may change."""
        return (one.bucket_name, one.endpoint_url) == (other.bucket_name, other.endpoint_url)

    def overlaps(self, one: S3Config, other: S3Config) -> bool:
        """One prefix begins the other. Buckets do not count: chunk ids follow from the key alone."""
        first, second = one.path_prefix or "", other.path_prefix or ""
        return first.startswith(second) or second.startswith(first)


def bucket_of(text: str) -> tuple[str, str]:
    """Bucket and path of a name, `s3://bucket/path` or `arn:aws:s3:::bucket/path`; the path may be empty.

    Raises RequestError for what names no bucket.
    """
    if text.startswith("arn:"):
        parts = text.split(":", 5)
        if len(parts) < 6 or parts[2] != "s3" or parts[5].startswith("accesspoint"):
            raise RequestError(
                f"bucket {text[:200]!r}: an ARN is taken in the form arn:aws:s3:::bucket; for an access "
                "point give its alias, which ends in -s3alias"
            )
        rest = parts[5]
    else:
        rest = text.removeprefix("s3://")
    bucket, _, path = rest.partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise RequestError(f"bucket {bucket[:200]!r} is no name of a bucket (3 to 255 of a-z 0-9 . _ -)")
    return bucket, path


def endpoint_of(name: str, url: str) -> str:
    """`scheme://host[:port]` in lower case. Raises RequestError for anything more, or less."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    plain = parts.path in ("", "/") and not (
        parts.query or parts.fragment or parts.username or parts.password
    )
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise RequestError(f"{name} must be http://host:port or https://host, without a path")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, default) else "")


def _require_key(name: str, key: str) -> None:
    try:
        size = len(key.encode())
    except UnicodeEncodeError as error:
        raise RequestError(f"{name} is not UTF-8") from error
    if not 0 < size <= MAX_KEY_BYTES:
        raise RequestError(f"{name} has {size:,} bytes; a key has 1 to {MAX_KEY_BYTES:,}")


S3_BUCKET = S3()
