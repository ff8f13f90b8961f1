import asyncio
from datetime import UTC, datetime

import pytest

from api.errors import Conflict
from api.verification.running import MAX_FINDINGS, Verification, Verifications
from api.verification.verifier import Compared
from api.views.documents import Place
from schemas.api import CollectionFinding

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def finding(number: int) -> CollectionFinding:
    return CollectionFinding(
        document_id=f"{number:032x}",
        document_key=f"{number}.md",
        source_id=None,
        missing=1,
        surplus=0,
        wrong=0,
        sparse=0,
        incomplete=False,
        elsewhere=False,
        deleted=False,
    )


def test_all_that_differ_are_counted_and_only_those_that_are_shown_are_kept() -> None:
    findings = [finding(number) for number in range(MAX_FINDINGS + 7)]
    compared = Compared(2000, 2000, 0, 0, 0, findings, ["source"], [one.document_key for one in findings])
    one = Verification(Place("t", "d", "c"), True, 2000, NOW)
    assert one.shown().differing is None
    one.take(compared)
    shown = one.shown()
    assert (shown.differing, len(shown.findings)) == (MAX_FINDINGS + 7, MAX_FINDINGS)
    assert one.found is not None
    assert (len(one.found.findings), one.found.others) == (MAX_FINDINGS, ())


async def test_who_has_to_wait_learns_no_name_of_another_database() -> None:
    verifications = Verifications()

    def begin(*place: str) -> None:
        one = Verification(Place(*place), False, 1, NOW)
        verifications.start(one, lambda: asyncio.create_task(asyncio.sleep(60)))

    begin("t", "d", "secret")
    with pytest.raises(Conflict, match="collection 'secret' is being compared"):
        begin("t", "d", "c")
    for place in (("t", "other", "c"), ("other", "d", "c")):
        with pytest.raises(Conflict, match=r"^another collection is being compared") as refused:
            begin(*place)
        assert "secret" not in str(refused.value)
    await verifications.close()
