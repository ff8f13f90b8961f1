"""The Helm chart: linted, rendered, checked against Kubernetes' schemas, and what its values change."""

from pathlib import Path
from typing import Any

import pytest

from headrace.settings import Settings
from streams.topics import CATALOGUE
from tests.deploy.helm import CHART, HELM, KUBERNETES, REQUIRED, TOPICS, helm, rendered, topics
from tests.deploy.test_compose import SERVICES

EXAMPLES = sorted((HELM / "examples").glob("*.yaml"))


def by_kind(found: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in found if one["kind"] == kind}


def container(found: list[dict[str, Any]], service: str) -> dict[str, Any]:
    kinds = by_kind(found, "Deployment") | by_kind(found, "StatefulSet")
    [only] = kinds[f"main-headrace-{service}"]["spec"]["template"]["spec"]["containers"]
    return dict(only)


def test_the_topics_of_the_chart_are_those_of_the_catalogue() -> None:
    assert TOPICS.read_text() == topics(), "run `python -m tests.deploy.helm`"


def test_it_lints() -> None:
    done = helm("lint", "--strict", str(CHART), *(part for one in REQUIRED for part in ("--set", one)))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", [None, *EXAMPLES], ids=lambda file: file.stem if file else "defaults")
def test_what_it_renders_is_valid(file: Path | None) -> None:
    found = rendered(file=file)
    validate = pytest.importorskip("kubernetes_validate", reason="NOT TESTED: `make test-helm` installs it")

    for one in found:
        if (
            "." not in one["apiVersion"].partition("/")[0] or "k8s.io" in one["apiVersion"]
        ):  # not of operators
            validate.validate(one, KUBERNETES.rpartition(".")[0], strict=True)
    assert found


def test_every_service_runs_and_sets_only_settings_that_exist() -> None:
    found = rendered()
    known = {f"HEADRACE_{name.upper()}" for name in Settings.model_fields}

    for service in SERVICES:
        own = container(found, service)
        assert own["args"] == ["service", service]
        assert {one["name"] for one in own["env"]} <= known
    assert "main-headrace-searching" in by_kind(found, "StatefulSet")


def test_services_of_kubernetes_set_nothing() -> None:
    """Those of a Service `headrace-kafka-bootstrap`, as Strimzi calls it, would be settings of the client."""
    found = rendered()
    pods = {**by_kind(found, "Deployment"), **by_kind(found, "StatefulSet"), **by_kind(found, "Job")}

    assert len(pods) > len(SERVICES)
    assert not [name for name, one in pods.items() if one["spec"]["template"]["spec"]["enableServiceLinks"]]


def test_each_process_gets_only_the_keys_that_it_needs() -> None:
    found = rendered()
    keys = {
        service: {one["name"] for one in container(found, service)["env"] if "valueFrom" in one}
        for service in SERVICES
    }

    assert keys.pop("api") == {
        *("HEADRACE_API_KEY", "HEADRACE_SECRETS_KEY"),
        *("HEADRACE_SEARCH_TOKEN", "HEADRACE_EMBED_KEY"),
    }
    assert keys.pop("connectors") == {"HEADRACE_SECRETS_KEY"}
    assert keys.pop("embedding") == {"HEADRACE_EMBED_KEY"}
    assert keys.pop("searching") == {"HEADRACE_SEARCH_TOKEN"}
    assert not any(keys.values())


def test_an_update_and_a_deletion_leave_a_worker_the_time_to_drain_and_no_rights() -> None:
    found = rendered()
    for one in [*by_kind(found, "Deployment").values(), *by_kind(found, "StatefulSet").values()]:
        pod = one["spec"]["template"]["spec"]
        assert pod["terminationGracePeriodSeconds"] >= 15
        assert pod["securityContext"]["runAsNonRoot"]
        [only] = pod["containers"]
        assert only["securityContext"]["readOnlyRootFilesystem"]
        assert only["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert "limits" in only["resources"]


def test_keda_looks_at_the_group_and_the_topic_of_the_service_up_to_the_partitions() -> None:
    found = rendered("keda.enabled=true", "kafka.partitions=6", "kafka.topicPrefix=hr.")

    scaled = by_kind(found, "ScaledObject")
    assert set(scaled) == {f"main-headrace-{one}" for one in ("parsing", "chunking", "embedding", "indexing")}
    spec = scaled["main-headrace-embedding"]["spec"]
    assert spec["maxReplicaCount"] == 6
    [trigger] = spec["triggers"]
    assert (trigger["metadata"]["consumerGroup"], trigger["metadata"]["topic"]) == (
        "hr.embedding",
        "hr.chunks",
    )
    assert "replicas" not in by_kind(found, "Deployment")["main-headrace-embedding"]["spec"]


def test_services_scale_on_topics_that_exist() -> None:
    names = {topic.name for topic in CATALOGUE}
    for one in by_kind(rendered("keda.enabled=true"), "ScaledObject").values():
        assert one["spec"]["triggers"][0]["metadata"]["topic"].removeprefix("headrace.") in names


def test_topics_are_resources_of_strimzi_or_made_by_a_job() -> None:
    found = rendered("kafka.topics=strimzi", "kafka.strimziCluster=events", "kafka.replication=3")

    made = by_kind(found, "KafkaTopic")
    assert {one["spec"]["topicName"] for one in made.values()} == {
        f"headrace.{one.name}" for one in CATALOGUE
    }
    assert {one["spec"]["config"]["min.insync.replicas"] for one in made.values()} == {2}
    assert not by_kind(found, "Job")
    [job] = by_kind(rendered(), "Job").values()
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["topics", "ensure"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "kafka.bootstrapServers is missing"),
        (REQUIRED[:1], "chroma.url is missing"),
        (REQUIRED[:2], "blobs.url is missing"),
        ((*REQUIRED, "services.parsing.replica=3"), "replica"),
        ((*REQUIRED, "kafka.topics=strimzi"), "kafka.strimziCluster is missing"),
        ((*REQUIRED, "ingress.enabled=true"), "ingress.host is missing"),
    ],
)
def test_what_is_missing_or_misspelt_is_named(given: tuple[str, ...], said: str) -> None:
    values = [part for one in given for part in ("--set", one)]
    done = helm("template", "main", str(CHART), "--kube-version", KUBERNETES, *values)
    assert done.returncode != 0
    assert said in done.stderr
