"""What becomes of the source of a sync whose first run fails."""

from typing import Any

import pytest

from headrace.cli.display import print_result
from headrace.client.gateway import GatewayClient
from headrace.client.sync import SourceOfSync, SyncRequest, begin, finish
from tests.headrace.client.fake_gateway import ID, fake_gateway
from tests.headrace.client.test_progress import COMPLETE, progress

NEW, RUN = SourceOfSync(ID.format(9), new=True), ID.format(8)
FAILED = {"failed": {"error": "repository o/r does not exist"}}


async def told(
    capsys: pytest.CaptureFixture[str],
    source: SourceOfSync = NEW,
    status: Any = FAILED,
    total: int | None = None,
    runs: int = 1,
    refuses: bool = False,
    **counts: int,
) -> tuple[list[str], str]:
    """The sources that are removed at the end of a run, and what is told on standard error."""
    async with fake_gateway() as gateway, GatewayClient(gateway.url, "key") as client:
        gateway.filled = {source.id: ["notes"] * runs}
        gateway.refuses_to_delete = refuses
        last = progress(status, total, **counts).model_copy(update={"invocation_id": RUN})
        print_result(await finish(client, source, last, 1), as_json=False, looked_for="files")
        return gateway.deleted, capsys.readouterr().err


async def test_a_new_source_that_has_listed_nothing_is_removed_and_that_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    removed, said = await told(capsys)

    assert removed == [NEW.id]
    assert said == f"source {NEW.id}, which this sync had created, is removed again: it has listed nothing\n"


@pytest.mark.parametrize(
    "case",
    [
        pytest.param({"source": SourceOfSync(ID.format(9), new=False)}, id="a source that was there"),
        pytest.param({"runs": 2}, id="another run of it"),
        pytest.param({"total": 3}, id="something was listed"),
        pytest.param({"indexed": 1}, id="something was sent before the listing broke off"),
        pytest.param({"status": "cancelled"}, id="cancelled"),
        pytest.param({"status": COMPLETE}, id="complete"),
    ],
)
async def test_other_sources_stay(case: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert await told(capsys, **case) == ([], "")


@pytest.mark.parametrize("schedule", [None, {"every": "15m", "target_collection_name": "notes"}])
async def test_a_source_with_a_schedule_is_not_made_for_one_run(schedule: dict[str, str] | None) -> None:
    async with fake_gateway() as gateway, GatewayClient(gateway.url, "key") as client:
        request = SyncRequest("/srv/notes", "default_database", "notes", schedule=schedule)
        source, _ = await begin(client, request)

    assert source.new == (schedule is None)


async def test_a_source_that_cannot_be_removed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    removed, said = await told(capsys, refuses=True)

    assert removed == []
    assert "(not yours)" in said
    assert f"headrace sources delete {NEW.id}" in said
