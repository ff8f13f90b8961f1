"""One system for all whole-pipeline tests; each test uses a collection of its own."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

from schemas.limits import TRIAL_MODEL
from services.embedding.models import TRIAL_TOKENIZER, TRIAL_WEIGHTS, packaged_file
from streams.kafka.cluster import Cluster, admin
from streams.local.ports import free_port
from streams.secrets import SecretsKey
from tests.conftest import Chroma, Kafka
from tests.moto_server import Aws, serving_aws
from tests.s3_server import MemoryS3, serving
from tests.system.pipeline import KEY, Pipeline, running

#: A second model: the first 64 numbers of the trial model's vectors.
SMALL_MODEL, SMALL_DIMENSION = "tests/small", 64


def _models(folder: Path) -> Path:
    """A file of models, which names the second one."""
    shutil.copy(packaged_file(*TRIAL_WEIGHTS), folder / "model.onnx")
    shutil.copy(packaged_file(*TRIAL_TOKENIZER), folder / "tokenizer.json")
    file = folder / "models.toml"
    file.write_text(
        f'[models."{SMALL_MODEL}"]\nbackend = "onnx"\nfolder = "{folder}"\n'
        f"dimensions = {SMALL_DIMENSION}\nmatryoshka = true\n"
    )
    return file


#: A topic of Debezium, behind the prefix of the pipeline.
ROWS = "shop.public.products"
TABLES = """
[[tables]]
topic = "{topic}"
collection = "inbox-rows"
key = "id"
key_prefix = "rows/"
text = "name"
metadata = ["price"]
version = "source.lsn"
"""


@pytest.fixture(scope="package")
def store() -> Iterator[MemoryS3]:
    """A bucket that the pipeline may read."""
    with serving(MemoryS3()) as found:
        yield found


@pytest.fixture(scope="package")
def aws_port() -> int:
    """Where the pipeline looks for `aws`."""
    return free_port()


@pytest.fixture(scope="package")
def aws(aws_port: int) -> Iterator[Aws]:
    """S3 and SQS that the pipeline may read; started by the first test that needs them."""
    with serving_aws(aws_port) as found:
        yield found


@pytest.fixture(scope="package")
async def pipeline(
    kafka: Kafka,
    chroma: Chroma,
    store: MemoryS3,
    aws_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Pipeline]:
    data = tmp_path_factory.mktemp("system")
    endpoints = f"{store.url},http://127.0.0.1:{aws_port}"
    embed_port = free_port()
    rows = Cluster(kafka.bootstrap_servers, f"{data.name}.")
    created = admin(rows).create_topics([NewTopic(rows.name(ROWS), 2, 1)])
    await asyncio.to_thread(created[rows.name(ROWS)].result, 20)
    tables = data / "tables.toml"
    tables.write_text(TABLES.format(topic=f"{data.name}.{ROWS}"))
    settings = {
        "HEADRACE_INBOX_TABLES": str(tables),
        "HEADRACE_S3_ENDPOINTS": endpoints,
        "HEADRACE_SECRETS_KEY": SecretsKey.new().text,
        "HEADRACE_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
        "HEADRACE_GITHUB_WEBHOOK_SECRET": "the-secret-of-the-tests",
        "HEADRACE_MODELS": str(_models(tmp_path_factory.mktemp("models"))),
        "HEADRACE_EMBEDDING_MODEL": TRIAL_MODEL,
        "HEADRACE_EMBED_PORT": str(embed_port),
        "HEADRACE_EMBED_URL": f"http://127.0.0.1:{embed_port}",
        "HEADRACE_EMBED_KEY": KEY,
    }
    async with running(kafka.bootstrap_servers, chroma.url, data, settings=settings) as made:
        yield made
