"""In which order tests run, and which of them share a process: the slowest first, so that no worker of
pytest-xdist is left with a long module when the others have ended.

A broker, a Chroma server and a whole pipeline take ten seconds of a core to start. So modules that share
a pipeline are one scope, and tests on containers come after all others: the session's servers start once.
"""

from collections.abc import Sequence
from typing import Any

import pytest

#: What takes a minute and longer, the slowest first; a folder's modules are one scope.
SLOWEST: Sequence[str] = (
    "tests/system/test_faults.py",
    "tests/system/test_listing_faults.py",
    "tests/system/test_zombies.py",
    "tests/system/test_stray_errors.py",
    "tests/system/test_upgrade.py",
    "tests/system/test_moving.py",
    "tests/system/test_growth.py",
    "tests/system/test_growth_page.py",
    "tests/system/test_backup.py",
    "tests/headrace/local/test_up.py",
    "tests/streams/local/test_servers.py",
    "tests/system/",
    "tests/streams/kafka/test_worker.py",
    "tests/streams/kafka/test_drain.py",
    "tests/examples/test_demo.py",
    "tests/api/dashboard/",
    "tests/examples/",
    "tests/services/connectors/web/test_browser.py",
    "tests/services/connectors/github/test_replay.py",
    "tests/services/indexing/test_service.py",
    "tests/services/tracking/test_worker.py",
    "tests/services/triggers/test_triggers.py",
    "tests/services/embedding/test_quality.py",
    "tests/services/embedding/test_onnx.py",
    "tests/services/embedding/test_windows.py",
    "tests/headrace/test_packages.py",
    "tests/headrace/local/test_supervisor.py",
    "tests/streams/growth/test_grow.py",
    "tests/services/parsing/images/test_scans.py",
    "tests/services/parsing/vision/test_documents.py",
    "tests/streams/engine/test_engine_laws.py",
    "tests/streams/engine/test_engine.py",
    "tests/services/parsing/test_every_format.py",
    "tests/services/tracking/test_fold.py",
    "tests/streams/test_processes.py",
    "tests/api/test_openapi.py",
)
_RANKS = {scope: rank for rank, scope in enumerate(SLOWEST)}


def scope_of(nodeid: str) -> str:
    """The scope of a test: tests of one scope run in one process, one after the other."""
    module = nodeid.split("::", 1)[0]
    folder = module.rpartition("/")[0] + "/"
    scope = folder if module not in _RANKS and folder in _RANKS else module
    return f"{scope}@docker" if _is_docker(nodeid) else scope


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests in the order in which they begin; those of one scope stay as they are."""
    scopes = {item.nodeid: scope_of(item.nodeid) for item in items}
    sizes: dict[str, int] = {}
    for scope in scopes.values():
        sizes[scope] = sizes.get(scope, 0) + 1

    def key(item: pytest.Item) -> tuple[bool, int, int, str]:
        scope = scopes[item.nodeid]
        rank = _RANKS.get(scope.partition("@")[0], len(_RANKS))
        return _is_docker(item.nodeid), rank, -sizes[scope], scope

    return sorted(items, key=key)


def _is_docker(nodeid: str) -> bool:
    return "docker" in nodeid.partition("[")[2]


def scheduler(config: pytest.Config, log: Any) -> Any:
    """Hands scopes to the workers of pytest-xdist in the order of the tests."""
    from xdist.scheduler import (  # type: ignore[import-untyped]  # not installed everywhere
        LoadScopeScheduling,
    )

    class Scopes(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid)

    config.option.loadscopereorder = False
    return Scopes(config, log)
