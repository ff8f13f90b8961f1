"""`s3`: the objects of a bucket below a prefix, and one object by its key.

client.py    calls to one bucket: authentication, threads, retries
errors.py    S3's errors as ours
objects.py   which listed objects are documents, and their versions
naming.py    what `.meta.json` files name, and for which collection
lister.py    a run over all objects, and over one
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from schemas.errors import RequestError, TransientError
from schemas.events import RunRequested
from schemas.sources import S3_BUCKET
from schemas.sources.s3 import S3Config
from services.connectors.lister import Access, Known, Lister
from services.connectors.s3.client import PATIENCE_S, Bucket, Clients
from services.connectors.s3.lister import ObjectLister, S3Lister

#: A user is waiting for the check.
CHECK_PATIENCE_S = 5.0
#: Shared by all runs, each of which makes one or two calls at a time.
_THREADS = 64


class S3Origin:
    """Buckets of AWS, and of the endpoints that the deployment allows.

    Args:
        patience_s: how long a request of a run is retried while the store is busy.
    """

    def __init__(
        self, access: Access, clients: Clients | None = None, patience_s: float = PATIENCE_S
    ) -> None:
        self._patience_s = patience_s
        self._endpoints, self._ambient = tuple(access.s3.endpoints), access.s3.ambient
        self._credentials = access.credentials
        self._clients = clients or Clients()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="s3")

    async def check(self, config: S3Config, tenant: str) -> S3Config:
        """The same configuration. Raises RequestError unless exactly this prefix can be listed."""
        bucket = await self.bucket(config, tenant, CHECK_PATIENCE_S)
        try:
            await bucket.page(config.path_prefix or "", None)
        except TransientError as error:
            what = "s3.endpoint_url" if config.endpoint_url else "s3.region"
            raise RequestError(f"{error}; is {what} right?") from error
        return config

    async def check_run(self, config: S3Config, tenant: str) -> None:
        """Check before a run, without asking the store, because the run waits if it is unavailable. Raises
        RequestError."""
        self._require_endpoint(config)
        await self.secret(config, tenant)

    def open(self, run: RunRequested, known: Known) -> Lister:
        """The bucket of a source, or one object of it."""
        config = S3_BUCKET.of(run.source)
        options = S3_BUCKET.asked(run.options)

        async def sign_in() -> Bucket:
            return await self.bucket(config, run.source.tenant)

        if options.object_key is not None:
            return ObjectLister(sign_in, options, run.trigger, known)
        return S3Lister(sign_in, config, run.collection, known)

    async def bucket(self, config: S3Config, tenant: str, patience_s: float | None = None) -> Bucket:
        """An authenticated bucket. Raises RequestError for an endpoint or credential that is not allowed."""
        patience_s = self._patience_s if patience_s is None else patience_s
        self._require_endpoint(config)
        secret = await self.secret(config, tenant)
        return await asyncio.to_thread(Bucket, config, secret, self._threads, self._clients, patience_s)

    async def secret(self, config: S3Config, tenant: str) -> dict[str, str] | None:
        """A source's credentials; None for those of the machine. Raises RequestError."""
        if config.credential_id is not None:
            return dict(await self._credentials.secret(tenant, config.credential_id, "aws"))
        if not self._ambient:
            raise RequestError(
                "s3 needs aws_credential_id, or aws_access_key_id and aws_secret_access_key "
                "(`headrace credentials create` saves one; HEADRACE_S3_AMBIENT_CREDENTIALS would allow this "
                "machine's own)"
            )
        return None

    def _require_endpoint(self, config: S3Config) -> None:
        url = config.endpoint_url
        if url is None or url in self._endpoints or _is_aws(url):
            return
        known = ", ".join(self._endpoints) or "none"
        raise RequestError(
            f"s3.endpoint_url {url} is not allowed here: HEADRACE_S3_ENDPOINTS names {known}"
            ", and AWS always is. To allow it, add it to that setting of the gateway and the connectors "
            "(before `headrace up`), and restart them"
        )


def _is_aws(url: str) -> bool:
    parts = urlsplit(url)
    aws: Sequence[str] = (".amazonaws.com", ".amazonaws.com.cn")
    return parts.scheme == "https" and parts.port is None and (parts.hostname or "").endswith(tuple(aws))


__all__ = ["S3Origin"]
