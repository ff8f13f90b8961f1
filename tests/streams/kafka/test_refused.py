"""A worker whose rights are missing says so and ends, on a real broker that checks rights."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from schemas.errors import RequestError, TransientError
from schemas.events import ApiKey
from streams.engine.outputs import Send
from streams.engine.stage import Context, Record, Stage
from streams.kafka.cluster import Cluster, admin
from streams.kafka.membership import Membership
from streams.kafka.worker import Worker
from streams.local import broker as broker_module
from streams.local.broker import LocalBroker
from streams.local.properties import server_properties
from streams.state.lags import commit_offsets
from streams.topics import API_KEYS
from tests.conftest import Kafka
from tests.streams.broker import CODEC, fresh_cluster
from tests.waiting import eventually

#: Everything is allowed that no rule is about.
AUTHORIZER = """
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""


class Silent(Stage[ApiKey]):
    """Does nothing."""

    name = "silent"
    topic = API_KEYS

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Send]:
        return []


@pytest.fixture(scope="module")
async def guarded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kafka]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(broker_module, "server_properties", lambda *args: server_properties(*args) + AUTHORIZER)
        async with LocalBroker(tmp_path_factory.mktemp("guarded"), authenticate=False) as broker:
            yield Kafka(broker.bootstrap_servers)


def _is_refused(cluster: Cluster) -> bool:
    """Whether the rule has reached the broker: to set a group back needs the same rights as to read."""
    try:
        commit_offsets(cluster, cluster.name(Silent.name), {(API_KEYS.name, 0): 0})
    except TransientError:
        return True
    return False


@pytest.mark.parametrize("kind", [ResourceType.TOPIC, ResourceType.GROUP], ids=["topic", "group"])
@pytest.mark.faults
async def test_a_worker_without_rights_ends_and_names_what_it_may_not_read(
    guarded: Kafka, kind: ResourceType
) -> None:
    cluster = await fresh_cluster(guarded, partitions=1)
    name = cluster.name(API_KEYS.name if kind is ResourceType.TOPIC else Silent.name)
    deny = AclBinding(
        kind,
        name,
        ResourcePatternType.LITERAL,
        "User:ANONYMOUS",
        "*",
        AclOperation.READ,
        AclPermissionType.DENY,
    )
    await asyncio.to_thread(lambda: admin(cluster).create_acls([deny])[deny].result(10))
    await eventually(lambda: _is_refused(cluster), 20)
    worker = Worker(Silent(), cluster, CODEC, Membership(slot="0"))

    with pytest.raises(RequestError, match=f"authorization failed.* The user needs READ on .*{name}"):
        await asyncio.wait_for(worker.run(), 30)
