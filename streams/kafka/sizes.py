"""How many bytes each partition takes on the brokers' disks (DescribeLogDirs).

librdkafka (2.16) has no such request, so kafka-python sends it: pure Python, imported when somebody asks.
"""

import logging
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.errors import TransientError
from streams.kafka.cluster import Cluster, admin, partition_counts

_CONNECT_MS, _ANSWER_MS = 5_000, 10_000
#: These write the configuration, with the password, at level DEBUG, and every broken connection above it.
_LOGGERS = ("admin", "net", "cluster", "metrics", "protocol")
_PASSWORDS = frozenset({"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"})


@dataclass(frozen=True, slots=True)
class TopicSizes:
    """Bytes on disk, with indexes of segments left out.

    Attributes:
        partitions: topic → bytes of each partition, of its largest copy.
        together: bytes of all copies of all topics.
    """

    partitions: Mapping[str, Sequence[int]]
    together: int

    def of(self, topic: str) -> int | None:
        """Bytes of one copy of a topic; None for one that no broker has told of."""
        found = self.partitions.get(topic)
        return None if found is None else sum(found)


def topic_sizes(cluster: Cluster) -> TopicSizes:
    """The sizes of our topics. Blocks, for some seconds at most.

    Raises TransientError, with the reason, if they cannot be known.
    """
    counts = partition_counts(admin(cluster), cluster)
    names = {cluster.name(topic): topic for topic in counts}
    found = sizes_of(_log_dirs(cluster, list(names)), names, counts)
    if not found.partitions:
        raise TransientError("no broker tells sizes: this user needs the right to describe the cluster")
    return found


def sizes_of(
    answers: Sequence[Mapping[str, Any]], names: Mapping[str, str], counts: Mapping[str, int]
) -> TopicSizes:
    """Sizes from the answers of all brokers.

    Args:
        names: whole name of each topic → ours.
        counts: our name → number of partitions.
    """
    found: dict[str, list[int]] = {}
    together = 0
    for folder in (folder for answer in answers for folder in answer["log_dirs"]):
        for topic in folder["topics"]:
            name = names.get(topic["name"], "")
            for one in topic["partitions"] if name else ():
                index, size = one["partition_index"], one["partition_size"]
                together += size
                if one["is_future_key"] or index >= counts[name]:  # on its way to another folder; just added
                    continue
                sizes = found.setdefault(name, [0] * counts[name])
                sizes[index] = max(sizes[index], size)
    return TopicSizes(found, together)


def _log_dirs(cluster: Cluster, names: list[str]) -> list[dict[str, Any]]:
    from kafka.admin import KafkaAdminClient

    for name in _LOGGERS:
        logging.getLogger(f"kafka.{name}").setLevel(logging.CRITICAL)
    settings = client_settings(cluster)
    try:
        client = KafkaAdminClient(**settings, bootstrap_timeout_ms=_CONNECT_MS, request_timeout_ms=_ANSWER_MS)
        try:
            answers: list[dict[str, Any]] = client.describe_log_dirs(names)
        finally:
            client.close()
    except Exception as error:  # of its own, of sockets, of TLS: none may end more than this answer
        raise TransientError(
            f"the brokers do not tell sizes: {type(error).__name__}: {error}"[:300]
        ) from error
    return answers


def client_settings(cluster: Cluster) -> dict[str, Any]:
    """The properties of our clients as kafka-python calls them. Raises TransientError for what it lacks."""
    properties = cluster.properties
    protocol = properties.get("security.protocol", "PLAINTEXT").upper()
    settings: dict[str, Any] = {
        "bootstrap_servers": cluster.bootstrap_servers.split(","),
        "security_protocol": protocol,
    }
    if protocol.startswith("SASL"):
        mechanism = properties.get("sasl.mechanism") or properties.get("sasl.mechanisms") or "GSSAPI"
        if mechanism not in _PASSWORDS:
            raise TransientError(
                f"sizes are asked for by a second client, which does not speak {mechanism}: expected "
                "sasl.mechanism PLAIN or SCRAM"
            )
        settings["sasl_mechanism"] = mechanism
        settings["sasl_plain_username"] = properties.get("sasl.username", "")
        settings["sasl_plain_password"] = properties.get("sasl.password", "")
    if protocol.endswith("SSL"):
        settings["ssl_context"] = _ssl_context(properties)
        settings["ssl_check_hostname"] = settings["ssl_context"].check_hostname
    return settings


def _ssl_context(properties: Mapping[str, str]) -> ssl.SSLContext:
    if set(properties) & {"ssl.certificate.pem", "ssl.key.pem", "ssl.keystore.location"}:
        raise TransientError(
            "sizes are asked for by a second client, which reads the client's certificate from files: "
            "ssl.certificate.location and ssl.key.location"
        )
    try:
        context = ssl.create_default_context(
            cafile=properties.get("ssl.ca.location"), cadata=properties.get("ssl.ca.pem")
        )
        if certificate := properties.get("ssl.certificate.location"):
            key, password = properties.get("ssl.key.location"), properties.get("ssl.key.password", "")
            context.load_cert_chain(certificate, key, password)
    except (OSError, ValueError) as error:
        raise TransientError(f"the certificates cannot be read: {error}") from error
    verified = properties.get("enable.ssl.certificate.verification", "true") == "true"
    named = properties.get("ssl.endpoint.identification.algorithm", "https") == "https"
    context.check_hostname = verified and named
    context.verify_mode = ssl.CERT_REQUIRED if verified else ssl.CERT_NONE
    return context
