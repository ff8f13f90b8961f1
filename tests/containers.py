"""The broker and the vector store in containers, from the images that docker-compose.yml names."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy, LogMessageWaitStrategy

from streams.local.ports import LOOPBACK, free_port

COMPOSE_FILE = Path(__file__).parents[1] / "docker-compose.yml"


def compose_services() -> dict[str, Any]:
    """The services of docker-compose.yml as they are written."""
    services: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text())["services"]
    return services


def engine_failure() -> str | None:
    """Why no container engine can be used, or None when one answers."""
    import docker  # type: ignore[import-untyped]

    try:
        docker.from_env(timeout=5).ping()
    except docker.errors.DockerException as error:
        return str(error)
    return None


@contextmanager
def kafka_container() -> Iterator[str]:
    """A broker in a container, configured as in docker-compose.yml; its `bootstrap.servers` from here."""
    service, port = compose_services()["kafka"], free_port()
    container = (
        DockerContainer(service["image"])
        .with_envs(
            **service["environment"]
            | {
                # Clients come back to the address that a broker advertises, so it must be ours.
                "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:9093",
                "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{LOOPBACK}:{port}",
                "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
            }
        )
        .with_bind_ports(port, port)
        .waiting_for(LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(120))
    )
    with container:
        yield f"{LOOPBACK}:{port}"


@contextmanager
def chroma_container() -> Iterator[str]:
    """A Chroma server in a container; its URL from here."""
    container = DockerContainer(compose_services()["chroma"]["image"]).with_exposed_ports(8000)
    container.waiting_for(HttpWaitStrategy(8000, "/api/v2/heartbeat").with_startup_timeout(60))
    with container:
        yield f"http://{container.get_container_host_ip()}:{container.get_exposed_port(8000)}"
