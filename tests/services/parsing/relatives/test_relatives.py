"""Every input of this folder comes out as it should."""

from __future__ import annotations

import pytest

from tests.services.parsing.relatives import (
    books,
    damaged,
    encodings,
    hidden,
    mails,
    notebooks,
    packed,
    pdfs,
    programs,
    reported,
    reported_more,
    sheets,
    slides,
    unseen,
    web,
    word,
)
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.further import KINDS as FURTHER
from tests.services.parsing.relatives.hunted import KINDS as HUNTED
from tests.services.parsing.relatives.neighbours import KINDS as NEIGHBOURS
from tests.services.parsing.relatives.rebuilt import KINDS as REBUILT
from tests.services.parsing.relatives.trackers import KINDS as TRACKERS

_KINDS = (
    *(encodings, sheets, word, slides, mails, notebooks, web, books, programs, reported, reported_more),
    *(pdfs, hidden, unseen, damaged, packed),
    *REBUILT,
    *TRACKERS,
    *NEIGHBOURS,
    *FURTHER,
    *HUNTED,
)
_CASES = [(kind.__name__.rsplit(".", 1)[-1], case) for kind in _KINDS for case in kind.CASES]


@pytest.mark.parametrize(
    "case", [case for _, case in _CASES], ids=[f"{kind}: {case.name}" for kind, case in _CASES]
)
def test_it_comes_out_as_it_should(case: Case) -> None:
    assert case.faults() == []
