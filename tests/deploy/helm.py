"""The chart in `deploy/helm`, rendered. `python -m tests.deploy.helm` writes its list of topics."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.kafka.cluster import topic_settings
from streams.topics import CATALOGUE

HELM = Path(__file__).parents[2] / "deploy" / "helm"
CHART = HELM / "headrace"
TOPICS = CHART / "files" / "topics.yaml"
#: What every installation has to set.
REQUIRED = ("kafka.bootstrapServers=kafka:9092", "chroma.url=http://chroma:8000", "blobs.url=s3://blobs/x")
KUBERNETES = "1.31.0"


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run helm; skips the test where it is missing."""
    beside = Path(sys.executable).with_name("helm")
    tool = str(beside) if beside.is_file() else shutil.which("helm")
    if tool is None:
        pytest.skip("NOT TESTED: helm is missing (`make test-helm` installs it)")
    return subprocess.run([tool, *arguments], capture_output=True, text=True)


def rendered(*values: str, file: Path | None = None) -> list[dict[str, Any]]:
    """The resources that the chart renders with these values (`a.b=c`)."""
    given = ["-f", str(file)] if file else [part for one in REQUIRED for part in ("--set", one)]
    chosen = [part for one in values for part in ("--set", one)]
    done = helm("template", "main", str(CHART), "--kube-version", KUBERNETES, *given, *chosen)
    assert done.returncode == 0, done.stderr
    return [found for found in yaml.safe_load_all(done.stdout) if found]


def topics() -> str:
    """`files/topics.yaml`, from the catalogue. The replication, and what follows from it, are values."""
    listed = [
        {
            "name": topic.name,
            "config": {
                name: value
                for name, value in topic_settings(topic, 1).items()
                if name != "min.insync.replicas"
            },
        }
        for topic in CATALOGUE
    ]
    return "# Rendered from streams/topics.py by `python -m tests.deploy.helm`.\n" + yaml.safe_dump(listed)


if __name__ == "__main__":
    TOPICS.write_text(topics())
