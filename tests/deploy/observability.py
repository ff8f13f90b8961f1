"""What `deploy/observability` asks Prometheus for."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "deploy" / "observability"

_NAME = re.compile(r"\bheadrace_[a-z0-9_]+")


def rules() -> list[dict[str, Any]]:
    """The alerts and recorded series."""
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return list(group["rules"])


def expressions() -> list[str]:
    """Every PromQL expression of the alerts and of the dashboard."""
    dashboard = json.loads((FOLDER / "grafana.json").read_text())
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    return [rule["expr"] for rule in rules()] + shown


def metric_names() -> set[str]:
    """Our metrics that they name, as `# TYPE` lines have them, without the suffixes of their series."""
    series = {name for expression in expressions() for name in _NAME.findall(expression)}
    return {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in series}


def served_names(text: str) -> set[str]:
    """The metrics of a `/metrics` page, with or without series."""
    found = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    return {name.removesuffix("_total") for name in found}
