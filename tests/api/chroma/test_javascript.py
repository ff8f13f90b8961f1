"""The stock JavaScript client, of npm, on the gateway. Skipped where there is no Node.js, or no registry."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.api.chroma.test_search import Indexed, indexed, searching, sparse
from tests.api.conftest import DATABASE

__all__ = ["indexed", "searching"]

FOLDER = Path(__file__).parents[2] / "javascript"


@pytest.fixture(scope="module")
def node() -> str:
    """Node.js, with the client beside the script; installed from npm by the first run."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        pytest.skip("no Node.js here: the JavaScript client is not tested")
    if not (FOLDER / "node_modules" / "chromadb").is_dir():
        argv = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional"]
        installed = subprocess.run(argv, cwd=FOLDER, capture_output=True, text=True, timeout=120)
        if installed.returncode:
            pytest.skip(f"npm gives no chromadb, so the JavaScript client is not tested: {installed.stderr}")
    return found


async def test_the_stock_javascript_client_works(node: str, indexed: Indexed) -> None:
    words = sparse("apple pie")
    process = await asyncio.create_subprocess_exec(
        *(node, "use.mjs", str(indexed.server.port), indexed.key, DATABASE, indexed.collection["name"]),
        cwd=FOLDER,
        env={"SPARSE": json.dumps({"indices": list(words.indices), "values": list(words.values)})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()

    assert process.returncode == 0, errors.decode()
    found = json.loads(out)
    hybrid = found.pop("hybrid")
    assert found == {
        "count": 3,
        "query": [["c", "b"]],
        "contains": ["b"],
        "left": ["b", "c"],
        "metadata": {"a": 2},
        "listed": True,
        "deleted": True,
        "filtered": [["b"]],
        "refused": True,
    }
    assert [row["id"] for row in hybrid] == ["a", "c", "b"]
    assert (hybrid[0]["document"], hybrid[0]["metadata"]) == ("red apple", {"n": 1})
    assert hybrid[0]["score"] == pytest.approx(-(1 / 60 + 1 / 61))
