"""Options that say where a bucket is and what it is read with."""

from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.checks import in_options
from headrace.usage_error import UsageError

if TYPE_CHECKING:
    from schemas.sources.s3 import S3Source

#: Of a new bucket where nobody says otherwise, and what stores other than AWS call theirs.
_REGION = "us-east-1"

Region = Annotated[
    str | None,
    typer.Option("--region", help="Of a bucket: its region.", show_default=_REGION),
]
EndpointUrl = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        help="Of a bucket: the store, if it is not AWS; HEADRACE_S3_ENDPOINTS must allow it.",
        show_default=False,
    ),
]
AwsCredential = Annotated[
    int | None,
    typer.Option(
        "--aws-credential",
        min=1,
        help="Of a bucket: id of the saved credential (`headrace credentials create`).",
        show_default=False,
    ),
]
_OPTIONS = {
    "region": "--region",
    "endpoint_url": "--endpoint-url",
    "path_prefix": "PATH",
    "bucket_name": "PATH",
}


def is_bucket(path: str) -> bool:
    """Whether what is to be synced is a bucket: `s3://bucket/prefix`."""
    return path.lower().startswith(("s3://", "arn:aws:s3:"))


def bucket(
    path: str, collection: str, region: str | None, endpoint: str | None, credential: int | None
) -> "S3Source":
    """The source for a bucket, as the gateway keeps it. Raises UsageError for what no gateway would take."""
    from schemas.sources.s3 import S3_BUCKET, S3Source, bucket_of

    with in_options(_OPTIONS, "s3."):
        name, prefix = bucket_of(path[:5].lower() + path[5:])
        form = S3Source(
            bucket_name=name,
            region=region or _REGION,
            collection_name=collection,
            aws_credential_id=credential,
            path_prefix=prefix or None,
            endpoint_url=endpoint,
        )
        return S3_BUCKET.form_of(S3_BUCKET.configure(form))


def not_asked_about(region: str | None, credential: int | None, endpoint: str | None) -> tuple[str, ...]:
    """Members of a source that a sync leaves as they are."""
    asked = {"region": region, "aws_credential_id": credential, "endpoint_url": endpoint}
    unsaid = [name for name, value in asked.items() if value is None]
    return ("collection_name", "auto_sync", "queue_url", "requester_pays", *unsaid)


def require_fitting(of_bucket: bool, of_folder: tuple[object, ...], of_s3: tuple[object, ...]) -> None:
    """Raises UsageError for options of a folder with a bucket, and the other way round."""
    if of_bucket and any(one is not None for one in of_folder):
        raise UsageError(
            "--include, --exclude, --hidden and --main-content are not for buckets: s3://bucket/prefix says "
            "which keys"
        )
    if not of_bucket and any(one is not None for one in of_s3):
        raise UsageError("--region, --endpoint-url and --aws-credential need a bucket: s3://bucket/prefix")
