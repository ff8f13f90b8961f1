"""Whether `documents` is still the topic of the era."""

import asyncio

import pytest

from schemas.errors import TransientError
from streams.state import order
from streams.state.checkpoints import topic_ids
from streams.state.order import DocumentsOrder
from streams.topics import DOCUMENTS
from tests.conftest import Kafka
from tests.streams.broker import fresh_cluster, made_anew


@pytest.mark.parametrize("noted", [True, False])
async def test_a_topic_that_is_made_anew_is_noticed_at_the_next_question(kafka: Kafka, noted: bool) -> None:
    cluster = await fresh_cluster(kafka)
    id_ = topic_ids(cluster, [DOCUMENTS.name])[DOCUMENTS.name] if noted else None
    documents = DocumentsOrder(cluster, id_)
    await documents.require()

    await made_anew(cluster, DOCUMENTS)

    for _ in range(2):
        with pytest.raises(TransientError, match="`documents` was made anew"):
            await documents.require()


async def test_an_answer_serves_those_who_asked_before_it_was_asked_for(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await fresh_cluster(kafka)
    questions: list[object] = []

    def counted(*of: object) -> dict[str, str]:
        questions.append(of)
        return {DOCUMENTS.name: "id"}

    monkeypatch.setattr(order, "topic_ids", counted)
    documents = DocumentsOrder(cluster, "id")

    await asyncio.gather(*(documents.require() for _ in range(50)))
    assert len(questions) == 2  # all but the first one had asked before the second question
    await documents.require()
    assert len(questions) == 3
