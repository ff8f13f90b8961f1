"""S3 and SQS of moto, in this process."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


@dataclass(frozen=True)
class Aws:
    """A server of moto, and clients of it."""

    url: str
    s3: Any
    sqs: Any

    def queue(self, name: str) -> str:
        """A new queue; its URL."""
        return str(self.sqs.create_queue(QueueName=name)["QueueUrl"])

    def left(self, queue: str) -> int:
        """Messages that are not deleted."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    session = boto3.session.Session()
    yield Aws(
        url, session.client("s3", endpoint_url=url, **KEYS), session.client("sqs", endpoint_url=url, **KEYS)
    )
    server.stop()
