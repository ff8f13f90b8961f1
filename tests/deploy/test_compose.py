"""docker-compose.yml and the Dockerfile, checked as far as it goes without a container engine."""

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from streams.local.jars import read_lock
from streams.local.properties import SINGLE_NODE
from tests.containers import compose_services

ROOT = Path(__file__).parents[2]
KEYS = {f"HEADRACE_{name}" for name in ("API_KEY", "SECRETS_KEY", "SEARCH_TOKEN", "EMBED_KEY")}
SERVICES = {"connectors", "parsing", "chunking", "embedding", "indexing", "searching", "tracking", "api"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return compose_services()


def test_there_is_one_container_for_each_service_and_one_that_makes_the_topics(
    services: dict[str, Any],
) -> None:
    assert set(services) == SERVICES | {"kafka", "chroma", "topics"}
    assert {name: services[name]["command"] for name in SERVICES} == {n: ["service", n] for n in SERVICES}
    assert services["topics"]["command"] == ["topics", "ensure"]


def test_every_service_package_has_its_container() -> None:
    packages = {path.parent.name for path in (ROOT / "services").glob("*/__init__.py")}
    within_connectors = {"triggers", "scheduling", "inbox", "notifying"}
    assert packages == (SERVICES - {"api"}) | within_connectors


def test_services_wait_for_their_topics_and_topics_for_the_broker(services: dict[str, Any]) -> None:
    for name in SERVICES:
        waits = services[name]["depends_on"]["topics"]
        assert waits == {"condition": "service_completed_successfully"}
    assert services["topics"]["depends_on"]["kafka"] == {"condition": "service_healthy"}
    for name in ("indexing", "api"):
        assert services[name]["depends_on"]["chroma"] == {"condition": "service_healthy"}


def test_everything_that_stays_has_a_healthcheck_and_comes_back(services: dict[str, Any]) -> None:
    for name in SERVICES | {"kafka", "chroma"}:
        assert services[name]["healthcheck"]["test"][0] == "CMD"
        assert services[name]["restart"] == "unless-stopped"


def test_services_share_the_blob_store_and_data_outlives_its_container(services: dict[str, Any]) -> None:
    for name in SERVICES:
        assert services[name]["volumes"] == ["blobs:/var/lib/headrace/blobs"]
        assert services[name]["environment"]["HEADRACE_BLOB_URL"] == "file:///var/lib/headrace/blobs"
    assert services["chroma"]["volumes"] == ["chroma:/data"]
    broker = services["kafka"]
    assert broker["volumes"] == [f"kafka:{broker['environment']['KAFKA_LOG_DIRS']}"]


def test_every_variable_of_ours_is_a_setting(services: dict[str, Any]) -> None:
    settings = pytest.importorskip("headrace.settings", reason="NOT CHECKED: there are no settings yet")
    known = {f"HEADRACE_{name}".upper() for name in settings.Settings.model_fields}
    used = {name for service in SERVICES for name in services[service]["environment"]}
    assert used <= known


def test_metrics_of_every_service_can_be_scraped_inside_the_network(services: dict[str, Any]) -> None:
    for name in SERVICES:
        assert services[name]["environment"]["HEADRACE_HOST"] == "0.0.0.0"
        assert services[name]["environment"]["HEADRACE_METRICS_PORT"] == "9100"
    assert [name for name in SERVICES if "ports" in services[name]] == ["api"]


def test_each_service_has_the_keys_that_it_needs_and_only_loopback_is_published(
    services: dict[str, Any],
) -> None:
    keys = {name: {key for key in services[name]["environment"] if key in KEYS} for name in SERVICES}
    assert {name: found for name, found in keys.items() if found} == {
        "api": KEYS,
        "connectors": {"HEADRACE_SECRETS_KEY"},
        "embedding": {"HEADRACE_EMBED_KEY"},
        "searching": {"HEADRACE_SEARCH_TOKEN"},
    }
    assert services["api"]["environment"]["HEADRACE_API_KEY"].startswith("${HEADRACE_API_KEY:?")
    written = [one["environment"][key] for one in services.values() for key in KEYS & {*one["environment"]}]
    assert all(value.startswith("${") for value in written)
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8080:8080"]


def as_environment(properties: str) -> dict[str, str]:
    """Properties as the environment variables that the image apache/kafka takes for them."""
    lines = [line for line in properties.splitlines() if line and not line.startswith("#")]
    pairs = (line.split("=", 1) for line in lines)
    return {"KAFKA_" + name.upper().replace(".", "_"): value for name, value in pairs}


def test_the_broker_is_the_version_and_has_the_settings_of_the_embedded_one(
    services: dict[str, Any],
) -> None:
    pinned = next(jar.version for jar in read_lock() if jar.artifact == "kafka-clients")
    assert services["kafka"]["image"] == f"apache/kafka:{pinned}"
    assert as_environment(SINGLE_NODE).items() <= services["kafka"]["environment"].items()


def test_the_chroma_server_is_the_version_that_the_clients_are_tested_with(
    services: dict[str, Any],
) -> None:
    assert services["chroma"]["image"] == f"chromadb/chroma:{version('chromadb')}"


def test_compose_chart_and_release_run_the_image_that_the_dockerfile_describes(
    services: dict[str, Any],
) -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    stages = re.findall(r"^FROM \S+ AS (\S+)$", dockerfile, re.MULTILINE)
    built = {
        (one["image"], one["build"]["dockerfile"], one["build"]["target"])
        for one in services.values()
        if "build" in one
    }
    made = re.findall(r"-f (\S+) --target (\S+) -t (\S+) ", (ROOT / "Makefile").read_text())
    [user] = re.findall(r"useradd .*--uid (\d+) headrace", dockerfile)
    charts = "".join(file.read_text() for file in (ROOT / "deploy" / "helm").rglob("*") if file.is_file())

    assert stages[-1] == "services"
    assert built == {("headrace:local", "deploy/Dockerfile", "services")}
    assert {(name, file, target) for file, target, name in made} == built | {
        ("headrace:all-in-one", "deploy/Dockerfile", "all-in-one")
    }
    assert {target for _, target, _ in made} <= set(stages)
    assert set(re.findall(r"runAsUser: (\d+)", charts)) == {user}


def test_the_image_takes_all_our_packages_and_runs_as_nobody_special() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (\w+) \1$", dockerfile, re.MULTILINE))
    packaged = re.search(r"^packages = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert packaged
    assert copied == set(re.findall(r'"(\w+)"', packaged.group(1)))
    allowed = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in copied | {"constraints.txt", "pyproject.toml", "README.md"}} <= set(
        allowed
    )
    assert re.findall(r"^USER (\w+)$", dockerfile, re.MULTILINE) == ["headrace", "headrace"]
    assert "PIP_CONSTRAINT=/src/constraints.txt" in dockerfile
    assert 'ENTRYPOINT ["headrace"]' in dockerfile
