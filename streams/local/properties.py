"""The broker's configuration: where it listens, and why each number differs from Kafka's default."""

from pathlib import Path

from streams.local.ports import LOOPBACK

_NODE = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={logs}
"""

#: What a broker that runs alone needs to serve us, wherever it runs; docker-compose.yml says the same.
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

# After kill -9 the controller waits out the session of the broker that died: 9 s by default.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
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

# Threads for one machine's clients; 3 network and 8 disk threads by default.
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
"""


def server_properties(port: int, controller: int, logs: Path) -> str:
    """The `server.properties` of a node that is broker and controller, on loopback."""
    node = _NODE.format(host=LOOPBACK, port=port, controller=controller, logs=logs)
    return "\n".join([node, SINGLE_NODE, _LAPTOP])


def as_environment(properties: str) -> dict[str, str]:
    """Properties as the environment variables that the image apache/kafka takes for them."""
    lines = [line for line in properties.splitlines() if line and not line.startswith("#")]
    pairs = (line.split("=", 1) for line in lines)
    return {"KAFKA_" + name.upper().replace(".", "_"): value for name, value in pairs}
