"""Alerts, dashboard and scrape configuration of `deploy/observability`, by Prometheus' own tool."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.observability import FOLDER, metric_names, rules
from tests.deploy.test_compose import SERVICES

PAGE = Path(__file__).parents[2] / "docs" / "observability.md"


def promtool(*arguments: str) -> None:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("NOT TESTED: promtool is missing (Debian: apt-get install prometheus)")
    done = subprocess.run([tool, *arguments], cwd=FOLDER, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_alerts_fire_when_they_should_and_only_then() -> None:
    promtool("check", "rules", "alerts.yml")
    promtool("test", "rules", "alerts_test.yml")


def test_the_scrape_configuration_is_valid() -> None:
    promtool("check", "config", "prometheus.yml")


def test_every_alert_is_tested_and_explained() -> None:
    alerts = {rule["alert"] for rule in rules() if "alert" in rule}
    tests = yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
    expected = {
        case["alertname"] for test in tests for case in test["alert_rule_test"] if case.get("exp_alerts")
    }
    page = PAGE.read_text()

    assert expected == alerts
    assert not [alert for alert in alerts if f"`{alert}`" not in page]


def test_every_service_is_scraped() -> None:
    (job,) = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    assert set(job["dns_sd_configs"][0]["names"]) == SERVICES


def test_the_page_explains_every_metric_that_is_used() -> None:
    page = PAGE.read_text()
    assert not [name for name in sorted(metric_names()) if f"`{name}" not in page]
