"""Answers the questions of documents: from the cache, or within the budgets from the endpoint."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

import structlog

from services.parsing.questions import Answer, Limits, Question
from services.parsing.vision.cache import AnswerCache, answer_key
from services.parsing.vision.endpoint import PROMPTS, Unanswered, VisionConfig, VisionEndpoint

log = structlog.get_logger(__name__)

#: Requests in flight, of all documents of a process together.
CONCURRENT = 4
#: Seconds for all questions of a document.
DOCUMENT_SECONDS = 600.0


class VisionReader:
    """Asks one model. Never raises for the model: what it does not answer has a reason instead.

    Args:
        limits: which questions documents ask.
        run_requests: requests of all documents of a run together; cached answers do not count.
        seconds: for all questions of a document.
    """

    def __init__(
        self,
        config: VisionConfig,
        cache: AnswerCache,
        limits: Limits,
        run_requests: int = 5_000,
        seconds: float = DOCUMENT_SECONDS,
    ) -> None:
        self.limits, self.seconds = limits, seconds
        self._model, self._cache, self._run_requests = config.model, cache, run_requests
        self._endpoint = VisionEndpoint(config)
        self._slots = asyncio.Semaphore(CONCURRENT)

    async def answers(self, questions: Sequence[Question], run: str | None = None) -> dict[str, Answer]:
        """The answers by the names of the questions. `run` identifies the run whose budget pays."""
        keys = {q.name: answer_key(self._model, PROMPTS[q.kind], q.image) for q in questions}
        cached = await asyncio.to_thread(self._cache.get_many, list(keys.values()))
        found = {name: Answer(cached[key]) for name, key in keys.items() if key in cached}
        open_ = [q for q in questions if q.name not in found]
        granted = len(open_)
        if run is not None and open_:
            granted = await asyncio.to_thread(self._cache.granted, run, len(open_), self._run_requests)
        over = Answer(reason=f"a run may ask {self._run_requests} times (HEADRACE_VISION_RUN_REQUESTS)")
        found |= {q.name: over for q in open_[granted:]}
        deadline = time.monotonic() + self.seconds
        asked = open_[:granted]
        given = await asyncio.gather(*(self._answer(q, keys[q.name], deadline) for q in asked))
        found |= {q.name: answer for q, answer in zip(asked, given, strict=True)}
        _log_failures(found)
        return found

    async def close(self) -> None:
        """Close connections and cache."""
        await self._endpoint.close()
        self._cache.close()

    async def _answer(self, question: Question, key: bytes, deadline: float) -> Answer:
        async with self._slots:
            try:
                text = await self._endpoint.ask(question.kind, question.image, deadline)
            except Unanswered as error:
                return Answer(reason=str(error))
        await asyncio.to_thread(self._cache.put, key, text)
        return Answer(text)


def _log_failures(answers: Mapping[str, Answer]) -> None:
    reasons = [answer.reason for answer in answers.values() if answer.reason]
    for reason in dict.fromkeys(reasons):
        log.warning("vision_unanswered", reason=reason, questions=reasons.count(reason))
