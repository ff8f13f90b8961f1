"""The release workflow: the commands of the Makefile, few rights, and only what was tested is published."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / ".github" / "workflows" / "release.yml").read_text()
WORKFLOW = yaml.safe_load(TEXT)
JOBS: dict[str, Any] = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]


def test_every_target_that_it_calls_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = {
        word
        for step in STEPS
        for line in re.findall(r"^make (.*)$", step.get("run", ""), re.MULTILINE)
        for word in line.split()
    }

    assert called >= {"test-wheel", "licences", "sbom", "image"}
    assert called - targets == set()
    assert ".ci/run" in [step.get("run") for step in STEPS]


def test_actions_are_pinned_to_a_major_version() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]

    assert len(used) > 10
    assert [one for one in used if not re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v\d+)", one)] == []


def test_what_is_published_was_checked_and_built_by_the_same_run() -> None:
    assert set(JOBS["publish"]["needs"]) == {"build", "image"}
    assert JOBS["build"]["needs"] == JOBS["image"]["needs"] == "check"
    assert not any("make" in step.get("run", "") for step in JOBS["publish"]["steps"])
    [download] = [step for step in JOBS["publish"]["steps"] if "download-artifact" in step["uses"]]
    uploaded = [
        step["with"]["name"] for step in JOBS["build"]["steps"] if "upload-artifact" in step.get("uses", "")
    ]
    assert download["with"]["name"] in uploaded


def test_only_a_tag_publishes_and_signs() -> None:
    for step in STEPS:
        if re.search(r"attest|login-action|docker push", step.get("uses", "") + step.get("run", "")):
            assert step["if"] == "github.ref_type == 'tag'", step
    assert JOBS["publish"]["if"] == "github.ref_type == 'tag'"


def test_rights_are_few_and_no_token_is_stored() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "permissions" not in JOBS["check"]
    assert JOBS["publish"]["permissions"] == {"id-token": "write"}
    assert set(re.findall(r"secrets\.(\w+)", TEXT)) <= {"GITHUB_TOKEN"}
    # Texts that others write (titles, names of branches) never become part of a script.
    assert [step for step in STEPS if "${{" in step.get("run", "")] == []


def test_images_are_scanned_before_they_are_pushed() -> None:
    steps = [step.get("uses", step.get("run", "")) for step in JOBS["image"]["steps"]]
    order = [
        next(number for number, step in enumerate(steps) if part in step)
        for part in ("make image", "scan-action", "docker push", "attest")
    ]
    assert order == sorted(order)
