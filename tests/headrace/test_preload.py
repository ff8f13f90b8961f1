"""What is loaded once for all services: everything that they load, and nothing that a fork would break."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import headrace.wiring

#: Prints the modules that are loaded, and the number of the process's threads.
LOAD = """
import importlib, json, os, sys
from headrace.preload import MAIN, PRELOAD
for module in (*PRELOAD, MAIN.partition(":")[0]):
    importlib.import_module(module)
print(json.dumps([sorted(sys.modules), len(os.listdir("/proc/self/task")) if sys.platform == "linux" else 1]))
"""
#: What a deployment has to ask for.
ON_DEMAND = {"torch", "openvino", "playwright", "mcp"}


@cache
def loaded() -> tuple[set[str], int]:
    one_thread = {"OPENBLAS_NUM_THREADS": "1"}  # numpy's stop before a fork
    done = subprocess.run([sys.executable, "-P", "-c", LOAD], capture_output=True, check=True, env=one_thread)
    modules, threads = json.loads(done.stdout)
    return set(modules), threads


def imported_by_the_wiring() -> Iterator[str]:
    """The modules that functions of `headrace.wiring` import."""
    for file in Path(headrace.wiring.__file__).parent.glob("*.py"):
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.ImportFrom) and node.module:
                        yield node.module


def test_every_module_that_a_service_imports_at_its_start_is_loaded() -> None:
    assert set(imported_by_the_wiring()) - loaded()[0] - ON_DEMAND == set()


def test_what_only_some_deployments_need_is_not_loaded() -> None:
    assert loaded()[0] & ON_DEMAND == set()


def test_loading_starts_no_thread() -> None:
    """A thread, librdkafka's among them, would not exist in a fork, and its locks would stay locked."""
    assert loaded()[1] == 1
