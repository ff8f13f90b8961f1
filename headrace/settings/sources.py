"""What sources may read, how, and what starts and ends their runs."""

from pydantic import Field
from pydantic_settings import BaseSettings

from headrace.settings.values import CommaSeparated, HttpUrl, QueueUrls, S3Endpoints, Secret
from schemas.limits import MAX_FILE_BYTES


class SourceSettings(BaseSettings):
    """What sources may read, how, and what starts and ends their runs."""

    folder_roots: CommaSeparated = Field(
        default_factory=list,
        description="Folders below which `folder` sources may lie, comma-separated or as a JSON list. "
        "Default: none in a deployment; the home directory and the current folder of its user "
        "for `headrace up`. Gateway and connectors both need it.",
    )
    github_url: HttpUrl = Field(
        "https://github.com",
        description="Server of `github` sources: GitHub, GitHub Enterprise, Gitea or another that speaks git "
        "over HTTP. Gateway and connectors both need it.",
    )
    github_api_url: HttpUrl | None = Field(
        None,
        description="Its REST API, which GitHub Apps need. Default: `https://api.github.com`, on another "
        "server `/api/v3` below its URL.",
    )
    github_lfs_bytes: int = Field(
        0,
        description="Files in Git LFS up to this size are fetched; 0 leaves all of them out.",
        ge=0,
        le=MAX_FILE_BYTES,
    )
    git_cache_bytes: int = Field(
        10 * 1024**3,
        description="Maximum size of the mirrors of repositories that a connector keeps in the data folder; "
        "the least recently used go first.",
        ge=1,
    )
    github_webhook_secret: Secret = Field(
        None,
        description="Secret of the webhooks that GitHub, Gitea or Forgejo send to `/webhooks/github` "
        "(`openssl rand -hex 32`); without it none are taken.",
    )
    web_allowed_hosts: CommaSeparated = Field(
        default_factory=list,
        description="Hosts that `web_scrape` sources may read though their address is private, "
        "comma-separated, each as `host` or `host:port`. Public hosts need not be named, except for ports "
        "other than 80 and 443. Gateway and connectors both need it.",
    )
    webhook_allowed_hosts: CommaSeparated = Field(
        default_factory=list,
        description="Hosts that completion webhooks may be sent to though their address is private, or over "
        "http, comma-separated, each as `host` or `host:port`. Gateway and connectors both need it.",
    )
    web_delay_seconds: float = Field(
        1.0,
        description="Between two requests to a site; a longer Crawl-delay of its robots.txt counts.",
        ge=0,
    )
    web_user_agent: str = Field(
        "",
        description="User-Agent of the crawler; robots.txt goes by what stands before the slash. Default: "
        "`Headrace/VERSION`.",
        pattern=r"^(?:[!-~][ -~]*)?$",
    )
    web_page_limit: int = Field(
        10_000,
        description="Greatest `page_limit` of a `web_scrape` source. Gateway and connectors use it.",
        ge=1,
    )
    web_max_bytes: int = Field(
        50 * 1024 * 1024,
        description="Bytes of one page or file, decompressed; a larger one fails. At most 200 MiB.",
        ge=1,
        le=MAX_FILE_BYTES,
    )
    web_obey_robots: bool = Field(
        True, description="Whether robots.txt counts. Set it to false for your own sites only."
    )
    web_browser: str = Field(
        "",
        description="Chromium that renders pages which show no text without JavaScript: its path, or "
        "`auto` for one on the PATH. Needs `headrace[browser]`, on the machines of connectors.",
    )
    s3_endpoints: S3Endpoints = Field(
        default_factory=list,
        description="Endpoints that `s3` sources may name beside AWS, `http://minio:9000`, comma-separated "
        "or as a JSON list. Gateway and connectors both need it.",
    )
    s3_ambient_credentials: bool = Field(
        False,
        description="`s3` sources without a credential use those of the machine (`AWS_…`, an instance's "
        "role). Whoever may create sources can then read what the machine may.",
    )
    s3_queues: QueueUrls = Field(
        default_factory=list,
        description="URLs of SQS queues that events of buckets arrive at, comma-separated or as a JSON list, "
        "for `s3` sources with `auto_sync`. The connectors follow them, with the machine's own identity "
        "(`AWS_…`).",
    )
    s3_events_topic: str | None = Field(
        None,
        description="Kafka topic that events of buckets arrive at, its whole name: MinIO, Ceph and SeaweedFS "
        "write them there by themselves.",
    )
    mass_delete_share: float = Field(
        0.5,
        description="A run that would delete more than this share of a source's documents, and more than "
        "20, fails unless it is allowed to (`--allow-mass-delete`).",
        ge=0,
        le=1,
    )
    origin_seconds: float = Field(
        600,
        description="A run whose origin (a git server, a website, a bucket) does not answer is retried for "
        "so many seconds without getting further; then it fails with the origin's last error.",
        gt=0,
    )
    run_window: int = Field(
        1000,
        description="Maximum number of documents that one run, or the inbox, has in flight. The actual limit "
        "is three seconds of work, so that a big run does not block a small one.",
        ge=1,
    )
