"""The order of the tests names what is there, and leaves nothing out."""

from pathlib import Path

from tests.order import SLOWEST, scope_of

ROOT = Path(__file__).resolve().parents[1]


def test_whatever_is_named_as_slow_exists() -> None:
    assert [scope for scope in SLOWEST if not (ROOT / scope).exists()] == []


def test_modules_that_share_a_pipeline_are_one_scope_and_those_with_their_own_are_not() -> None:
    assert scope_of("tests/system/test_sync.py::test_a[embedded]") == "tests/system/"
    assert scope_of("tests/system/test_faults.py::test_a") == "tests/system/test_faults.py"
    assert scope_of("tests/api/test_app.py::Some::test_a[embedded-x::y]") == "tests/api/test_app.py"


def test_what_runs_on_containers_is_a_scope_of_its_own() -> None:
    assert scope_of("tests/system/test_sync.py::test_a[docker]") == "tests/system/@docker"
