"""The broker's configuration: listeners, and the settings that differ from Kafka's defaults."""

from pathlib import Path

from streams.local.credentials import USER, Credentials
from streams.local.ports import LOOPBACK

_NODE = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=CLIENT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=CLIENT://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENT
listener.security.protocol.map=CLIENT:{protocol},CONTROLLER:{protocol}
log.dirs={logs}
"""

#: The broker is its own client when it writes transaction markers, so it also uses SCRAM. Only the process
#: that listens on the controller's port connects to it, so PLAIN reveals nothing there, and unlike SCRAM it
#: needs no metadata.
_SASL = """\
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-256
listener.name.client.sasl.enabled.mechanisms={mechanisms}
listener.name.client.scram-sha-256.sasl.jaas.config={scram} required username="{user}" password="{password}";
sasl.mechanism.controller.protocol=PLAIN
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config={plain} required \\
    username="{user}" password="{setup}" user_{user}="{setup}";
"""

#: Until the permanent password is set, clients can also use the one-time password of this run.
_SETUP = """\
listener.name.client.plain.sasl.jaas.config={plain} required user_{user}="{setup}";
"""

#: Settings of a single-node broker, wherever it runs. docker-compose.yml has the same ones.
SINGLE_NODE = """\
# One node holds every copy there is.
default.replication.factor=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1

# 50 partitions each by default: files, start time, and no use on one node.
offsets.topic.num.partitions=5
transaction.state.log.num.partitions=3
share.coordinator.state.topic.num.partitions=1

# After kill -9 the controller waits out the session of the broker that died: 9 s by default. One of 2 s
# ended on busy machines without a fault, and clients that see a cluster without brokers may not come back.
broker.session.timeout.ms=6000
# To the controller in the same process: a start does not wait for one, and an idle node wakes for each.
broker.heartbeat.interval.ms=1500
controller.quorum.election.timeout.ms=250
controller.quorum.fetch.timeout.ms=500
controller.quorum.election.backoff.max.ms=250

# Groups: no wait for company, and sessions as short as 6 s, classic and KIP-848.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=6000
group.max.session.timeout.ms=300000
group.consumer.min.session.timeout.ms=6000
group.consumer.session.timeout.ms=10000
group.consumer.min.heartbeat.interval.ms=1000
group.consumer.heartbeat.interval.ms=2000

# An empty record of the controller twice a second, by default, writes and wakes for nothing on one node.
metadata.max.idle.interval.ms=5000

# Topics are made on purpose (`headrace topics ensure`); a misspelt name is an error.
auto.create.topics.enable=false
"""

_LAPTOP = """\
# A laptop's disk: 64 MB segments (1 GB by default), so that retention and compaction get to work on
# small topics; indexes of 1 MB (10 MB are preallocated by default, twice per segment).
log.segment.bytes=67108864
log.index.size.max.bytes=1048576
log.cleaner.dedupe.buffer.size=16777216
log.cleaner.threads=1
log.cleaner.backoff.ms=5000
log.retention.check.interval.ms=30000

# Threads for one machine's clients; by default 3 for the network, 8 for disks and 4 for groups. Each wakes
# three times a second when there is nothing to do.
num.network.threads=1
num.io.threads=2
group.coordinator.threads=1
num.recovery.threads.per.data.dir=2
# Every 5 s by default, into a file with a line for each partition. On one node a partition that begins again
# has its end for a high watermark.
replica.high.watermark.checkpoint.interval.ms=30000
"""


def server_properties(
    port: int, controller: int, logs: Path, credentials: Credentials | None = None, setup: bool = False
) -> str:
    """The `server.properties` of a node that is broker and controller, on loopback.

    Args:
        credentials: required of clients; None accepts every client.
        setup: whether the permanent password is not set yet, so that the one-time password is accepted too.
    """
    protocol = "SASL_PLAINTEXT" if credentials else "PLAINTEXT"
    node = _NODE.format(host=LOOPBACK, port=port, controller=controller, logs=logs, protocol=protocol)
    security = _security(credentials, setup) if credentials else ""
    return "\n".join([node, security, SINGLE_NODE, _LAPTOP])


def _security(credentials: Credentials, setup: bool) -> str:
    text = _SASL + (_SETUP if setup else "")
    return text.format(
        user=USER,
        password=credentials.password,
        setup=credentials.setup,
        mechanisms="SCRAM-SHA-256,PLAIN" if setup else "SCRAM-SHA-256",
        scram="org.apache.kafka.common.security.scram.ScramLoginModule",
        plain="org.apache.kafka.common.security.plain.PlainLoginModule",
    )
