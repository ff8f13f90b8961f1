"""The local broker: Apache Kafka in KRaft mode, one node, on this machine.

data_dir/
    lock               the owner of the folder
    port, controller   the ports, the same at every start
    cluster            the cluster's id
    server.properties  written at every start
    password           the password of clients; readable only by its owner
    client.properties  the configuration for your own clients; written at every start
    password-is-set    the broker knows the password
    broker.log         warnings and errors
    classes.list       the classes of the broker, until they are archived
    kafka/             the records
    tmp/               native libraries that the JVM unpacks; emptied at every start
"""

import asyncio
import base64
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from schemas.errors import TransientError
from streams.cache_dir import default_cache_dir
from streams.kafka.admin import SharedAdmin
from streams.local.class_archive import ClassArchive
from streams.local.credentials import USER, Credentials, client_file, load_credentials
from streams.local.jars import kafka_jars
from streams.local.java import find_java
from streams.local.ports import LOOPBACK, kept_port
from streams.local.process import ProcessSpec, wait_until
from streams.local.properties import server_properties
from streams.local.server import EmbeddedServer
from streams.private import write_private

#: Kafka's minimum. The password is 32 random bytes, so more iterations would add no security, and each client
#: connection costs this many hashes.
_ITERATIONS = 4096

#: The serial collector, and the quick compiler only: without the optimising one a start takes 0.55 of the
#: CPU, and the next 80,000 records 0.65 (docs/benchmarks.md).
_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")


class LocalBroker(EmbeddedServer):
    """A local Kafka broker, in a process of about `heap_mb` + 150 MB at most.

    Args:
        data_dir: folder of its records.
        cache_dir: folder of the jars, shared by all data folders; default `default_cache_dir()`.
        heap_mb: maximum heap of the JVM.
        port: the port on loopback; default: the previous port of this data folder, else a free one.
        java: see `find_java`.
        authenticate: whether clients need the password (`client_properties`).
        lists_classes: `archive_classes` will be called, unless it was on this machine.

    `start` also raises RequestError if a jar is not the pinned one, and TransientError if one cannot be
    downloaded.
    """

    title = "Kafka broker"

    def __init__(
        self,
        data_dir: Path,
        cache_dir: Path | None = None,
        *,
        heap_mb: int = 512,
        port: int | None = None,
        java: str | None = None,
        authenticate: bool = True,
        lists_classes: bool = False,
    ) -> None:
        super().__init__(data_dir, port)
        self.cache_dir = cache_dir or default_cache_dir()
        self.heap_mb = heap_mb
        self._java = java
        self._authenticate = authenticate
        self._credentials: Credentials | None = None
        self._lists_classes = lists_classes
        self._classes: ClassArchive | None = None

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` for a client's `bootstrap.servers`."""
        return self.address

    @property
    def client_properties(self) -> dict[str, str]:
        """librdkafka properties of a client, except `bootstrap.servers`."""
        self.address  # noqa: B018 – raises before `prepare`
        return self._credentials.properties() if self._credentials else {}

    @property
    def client_file(self) -> Path:
        """A file with `bootstrap_servers` and `client_properties`, readable only by its owner."""
        return self.data_dir / "client.properties"

    def _prepare(self) -> ProcessSpec:
        java = find_java(self._java)
        jars = kafka_jars(self.cache_dir)
        class_path = ":".join(map(str, jars))
        self._classes = ClassArchive(self.cache_dir / "kafka", java, jars, self.data_dir / "classes.list")
        shutil.rmtree(self.data_dir / "tmp", ignore_errors=True)
        (self.data_dir / "tmp").mkdir()
        properties = self._write_properties()
        jvm = [str(java), *_JVM, f"-Djava.io.tmpdir={self.data_dir / 'tmp'}"]
        if not (self.data_dir / "kafka" / "meta.properties").exists():
            self._format([*jvm, "-Xmx128m", "-cp", class_path], properties)
        argv = [
            *jvm,
            *self._classes.options(self._lists_classes),
            "-Xms64m",
            f"-Xmx{self.heap_mb}m",
            "-XX:+ExitOnOutOfMemoryError",
            f"-XX:ErrorFile={self.data_dir / 'jvm-crash.log'}",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
            *("-cp", class_path, "kafka.Kafka", str(properties)),
        ]
        log = self.data_dir / "broker.log"
        return ProcessSpec(
            "broker", argv, log, cwd=self.data_dir, ready=self._answers, keep_fds=(self._lock.fd,)
        )

    async def archive_classes(self) -> None:
        """Make later starts faster, of every data folder on this machine. Returns at once if it was done."""
        if self._classes is not None:
            await self._classes.make()

    def _write_properties(self) -> Path:
        self.port = self.port or kept_port(self.data_dir / "port")
        controller = kept_port(self.data_dir / "controller", avoid=frozenset({self.port}))
        if self._authenticate:
            self._credentials = load_credentials(self.data_dir / "password")
            write_private(self.client_file, client_file(self.bootstrap_servers, self._credentials))
        logs, setup = self.data_dir / "kafka", not self._password_is_set.exists()
        properties = self.data_dir / "server.properties"
        write_private(properties, server_properties(self.port, controller, logs, self._credentials, setup))
        return properties

    @property
    def _password_is_set(self) -> Path:
        return self.data_dir / "password-is-set"

    def _format(self, java: list[str], properties: Path) -> None:
        cluster = self.data_dir / "cluster"
        if not cluster.exists():
            # A cluster id is a UUID in URL-safe base64 without padding.
            cluster.write_text(base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="))
        # One argument, because an id may begin with a dash.
        cluster_id = f"--cluster-id={cluster.read_text()}"
        tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted", cluster_id]
        done = subprocess.run([*java, *tool, "-c", properties], capture_output=True, text=True)  # noqa: S603
        if done.returncode != 0:
            raise TransientError(f"the broker's folder {self.data_dir} could not be formatted: {done.stderr}")

    async def _answers(self) -> None:
        await wait_until(self._listens)
        if self._credentials and not self._password_is_set.exists():
            with self._admin(self._credentials.setup_properties()) as admin:
                await wait_until(lambda: asyncio.to_thread(_has_broker, admin))
                await asyncio.to_thread(_set_password, admin, self._credentials.password)
            self._password_is_set.touch()
        with self._admin(self.client_properties) as admin:
            await wait_until(lambda: asyncio.to_thread(_has_broker, admin))

    def _admin(self, properties: Mapping[str, str]) -> "closing[SharedAdmin]":
        return closing(SharedAdmin({"bootstrap.servers": self.bootstrap_servers, **properties}))

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, self.port)
        except OSError:
            return False
        writer.close()
        return True


def _set_password(admin: SharedAdmin, password: str) -> None:
    """Blocks. Raises TransientError if the broker refuses it."""
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, _ITERATIONS)
    wanted = UserScramCredentialUpsertion(USER, info, password.encode())
    try:
        admin.alter_user_scram_credentials([wanted])[USER].result(0)
    except (KafkaException, TimeoutError) as error:
        reason = error.args[0].str() if isinstance(error, KafkaException) else "it does not answer"
        raise TransientError(f"the broker's password could not be set: {reason}") from error


def _has_broker(admin: SharedAdmin) -> bool:
    """Whether an admin request is answered by a broker that the controller has unfenced."""
    try:
        return bool(admin.list_topics(timeout=1).brokers)
    except KafkaException:
        return False
