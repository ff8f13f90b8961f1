"""S3 and SQS of moto, in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

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

    def watched(self, bucket: str, queue: str) -> None:
        """A new bucket that tells a queue of what is put into it. Of what is deleted moto tells nothing."""
        self.s3.create_bucket(Bucket=bucket)
        named = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        told = {"QueueArn": named["Attributes"]["QueueArn"], "Events": ["s3:ObjectCreated:*"]}
        self.s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [told]}
        )


def clients_of(url: str) -> Aws:
    """Clients of a server that is there."""
    import boto3

    session = boto3.session.Session()
    made = [session.client(name, endpoint_url=url, **KEYS) for name in ("s3", "sqs")]
    return Aws(url, *made)


@contextmanager
def serving_aws(port: int = 0) -> Iterator[Aws]:
    """A server in threads of this process; port 0 is a free one."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    try:
        host, bound = server.get_host_and_port()
        yield clients_of(f"http://{host}:{bound}")
    finally:
        server.stop()
