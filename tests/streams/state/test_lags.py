"""When the lag of groups is as it was before, so that nobody need ask."""

import pytest

from streams.state.lags import TopicsSample, is_still

ENDS = {"documents": 7, "parsed": 5, "stage-health": 100}


def sample(lags: dict[str, dict[str, int]]) -> TopicsSample:
    return TopicsSample(at=0.0, partitions={}, ends=ENDS, kept={}, lags=lags)


def test_groups_that_had_read_everything_are_not_asked_again_while_their_topics_stay() -> None:
    before = sample({"parsing": {"documents": 0}, "chunking": {}})

    assert is_still(before, ENDS)
    assert is_still(before, ENDS | {"stage-health": 200})  # no group reads it
    assert not is_still(before, ENDS | {"parsed": 6})
    assert not is_still(before, ENDS | {"invocations": 1})


@pytest.mark.parametrize("lags", [{}, {"parsing": {"documents": 0}, "chunking": {"parsed": 1}}])
def test_groups_are_asked_if_one_was_behind_or_none_is_known(lags: dict[str, dict[str, int]]) -> None:
    assert not is_still(sample(lags), ENDS)
