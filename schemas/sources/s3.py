"""`s3`: a bucket. Known to the contract, not served yet."""

from typing import Any, Literal

from pydantic import Field

from schemas.base import Body, Event
from schemas.sources.source_type import SourceType


class S3Source(Body):
    """A bucket, with a saved credential or an inline pair."""

    bucket_name: str
    region: str
    collection_name: str
    aws_credential_id: int | None = None
    aws_access_key_id: str | None = None
    aws_secret_access_key: str | None = Field(default=None, repr=False)
    path_prefix: str | None = None
    auto_sync: Literal["none", "direct", "metadata"] | None = None


class S3Job(Body):
    """What a run read from a bucket."""

    bucket_name: str
    object_key: str | None = None
    custom_id: str | None = None
    additional_metadata: dict[str, Any] | None = None


class S3(SourceType[S3Source, Event]):
    """Payloads are checked by their shape and refused."""

    name = "s3"
    form = S3Source
    job = S3Job

    def shown(self, form: S3Source) -> str:
        """Bucket and prefix."""
        return f"s3://{form.bucket_name}/{form.path_prefix or ''}"


S3_BUCKET = S3()
