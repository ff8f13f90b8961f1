"""Where records, rows and blobs are kept: Kafka, Chroma, the blob store."""

import os
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

from headrace.settings.values import HeaderSecret, HttpUrl, KafkaConfigFile
from streams.kafka.client_config import read_client_config

#: Prefix of the variables that are librdkafka properties.
_KAFKA_PREFIX = "HEADRACE_KAFKA_"
#: Settings of Headrace with that prefix.
_KAFKA_SETTINGS = {"BOOTSTRAP_SERVERS", "CONFIG"}


class StoreSettings(BaseSettings):
    """Where records, rows and blobs are kept: Kafka, Chroma, the blob store."""

    kafka_bootstrap_servers: str | None = Field(
        None,
        description="Your own Kafka cluster, `host:port,…`. Any other librdkafka property is set in the "
        "same way: `HEADRACE_KAFKA_SECURITY_PROTOCOL`, `HEADRACE_KAFKA_SASL_USERNAME`, …",
    )
    kafka_config: KafkaConfigFile | None = Field(
        None,
        description="File of librdkafka properties, `name=value` lines, so that passwords stay out of the "
        "environment; it takes precedence over the variables. `headrace up` writes one, "
        "`kafka/client.properties`.",
    )
    topic_prefix: str = Field("headrace.", description="Prefix of the names of all topics and groups.")
    partitions: int = Field(
        12,
        description="Partitions of new topics: the maximum number of workers of one service that can "
        "share the work. Existing topics keep theirs until `headrace topics grow`.",
        ge=1,
    )
    replication: int = Field(1, description="Replicas of new topics.", ge=1)
    schema_registry_url: HttpUrl | None = Field(
        None, description="Confluent schema registry; events then use its wire format."
    )
    chroma_url: HttpUrl | None = Field(
        None, description="Your own Chroma server, `http://host:port`, or Chroma Cloud."
    )
    chroma_api_key: HeaderSecret = Field(None, description="Token for Chroma Cloud.")
    chroma_tenant: str | None = Field(
        None,
        description="Chroma tenant of all documents, if the account has only one. Then only keys of "
        "`default_tenant` are taken.",
    )
    blob_url: str | None = Field(
        None,
        description="Blob store for payloads over 64 KB: a folder or `s3://bucket/prefix`. Default: in the "
        "data folder.",
    )
    blob_max_age_days: int = Field(
        14, description="Blobs older than this are swept; no record refers to them any more.", ge=1
    )

    @model_validator(mode="after")
    def _take_servers_from_file(self) -> Self:
        if self.kafka_config is not None and self.kafka_bootstrap_servers is None:
            self.kafka_bootstrap_servers = read_client_config(self.kafka_config).get("bootstrap.servers")
        return self

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
