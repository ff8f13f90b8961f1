"""Requests to an OpenAI-compatible chat endpoint: prompts, answers, errors, retries.

429, Retry-After          all requests wait; not counted as a try
400, 413, 422             the image is refused; not tried again
500                       tried again, then only this image has no answer
401, 403, 404             the configuration is wrong; no request is sent for `PAUSE_S`
502, 503, 504, no answer  the server is away: tried again (not after a timeout), then as above
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from pydantic import BaseModel, ValidationError

from schemas.errors import RateLimited, TransientError
from services.parsing.questions import Kind
from streams.engine.backoff import backoff
from streams.http.errors import reason_of, retry_after_seconds

#: Tries of a request, the first included.
TRIES = 3
#: Seconds without requests after the server was away, so that one that is down costs only one timeout.
PAUSE_S = 30.0
_CONNECT_SECONDS = 5.0
#: Maximum bytes of an answer: 8,000 tokens are about 40 KB.
_MOST_BYTES = 4 * 1024 * 1024
_MISCONFIGURED = frozenset({401, 403, 404, 405})

PROMPTS: dict[Kind, str] = {
    "page": (
        "Transcribe this page to markdown, in reading order: headings, paragraphs, lists, code. Write tables "
        "as pipe tables and formulas as LaTeX, $…$ in a line and $$…$$ on lines of their own. Copy words and "
        "figures exactly as they are printed; add, correct and translate nothing. Leave out running headers, "
        "footers and page numbers. Where a picture stands, write ![one sentence that describes it](). "
        "Answer with the markdown alone; for a blank page, with nothing."
    ),
    "picture": (
        "Describe this picture from a document in one or two plain sentences for someone who cannot see it. "
        "If it is a chart or diagram, say what it shows and its main values. Answer with the description "
        "alone."
    ),
}
_MOST_TOKENS: dict[Kind, int] = {"page": 8_000, "picture": 300}


@dataclass(frozen=True)
class VisionConfig:
    """`url` is the base URL (`http://host:8000/v1`, without `/chat/completions`), `seconds` the time for one
    answer."""

    url: str
    model: str
    api_key: str = field(default="", repr=False)
    seconds: float = 60.0


class Unanswered(Exception):
    """There is no answer for an image; the message says why."""


class _Message(BaseModel):
    content: str


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Reply(BaseModel):
    choices: list[_Choice]


class _Failed(TransientError):
    """No answer. `again`: the same request may succeed later; `away`: others would fail, too."""

    def __init__(self, message: str, *, again: bool = False, away: bool = False) -> None:
        super().__init__(message)
        self.again, self.away = again, away


class VisionEndpoint:
    """One model behind one server. The key reaches no log and no error."""

    def __init__(self, config: VisionConfig) -> None:
        self._config = config
        self._session: aiohttp.ClientSession | None = None
        self._free_at = 0.0
        self._away_until, self._away = 0.0, ""

    async def ask(self, kind: Kind, image: str, deadline: float) -> str:
        """The answer for a JPEG (base64), stripped.

        Raises Unanswered; also when it would take longer than `deadline` (`time.monotonic`) to get one.
        """
        failed = 0
        while True:
            await self._turn(deadline)
            try:
                return await self._once(kind, image)
            except RateLimited as limited:
                self._free_at = max(self._free_at, time.monotonic() + backoff(1, limited))
            except _Failed as error:
                failed += 1
                if failed >= TRIES or not error.again:
                    if error.away:
                        self._away_until, self._away = time.monotonic() + PAUSE_S, str(error)
                    raise Unanswered(str(error)) from error
                await asyncio.sleep(min(backoff(failed, error), max(deadline - time.monotonic(), 0)))

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _turn(self, deadline: float) -> None:
        """Wait while a 429 is in effect."""
        while True:
            now = time.monotonic()
            if now < self._away_until:
                raise Unanswered(self._away)
            if max(now, self._free_at) >= deadline:
                raise Unanswered(
                    "the time for this document was used up"
                    if now >= deadline
                    else "the server asks for a longer pause than there is time (429)"
                )
            if self._free_at <= now:
                return
            await asyncio.sleep(self._free_at - now)

    async def _once(self, kind: Kind, image: str) -> str:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._config.seconds, connect=_CONNECT_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        key = self._config.api_key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        url = f"{self._config.url.rstrip('/')}/chat/completions"
        try:
            async with self._session.post(
                url, json=self._body(kind, image), headers=headers, allow_redirects=False
            ) as response:
                content = await response.content.read(_MOST_BYTES + 1)
                while len(content) <= _MOST_BYTES and (more := await response.content.read(_MOST_BYTES)):
                    content += more
                if response.status != 200:
                    raise self._refusal(response.status, content, response.headers.get("Retry-After"))
        except TimeoutError as error:
            raise _Failed(f"no answer within {self._config.seconds:g} s", away=True) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _Failed(f"no answer: {reason_of(error)}", again=True, away=True) from error
        return _text(content)

    def _body(self, kind: Kind, image: str) -> dict[str, Any]:
        content = [
            {"type": "text", "text": PROMPTS[kind]},
            {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{image}"}},
        ]
        return {
            "model": self._config.model,
            "messages": [{"role": "user", "content": content}],
            "max_tokens": _MOST_TOKENS[kind],
            "temperature": 0,
        }

    def _refusal(self, status: int, content: bytes, asked: str | None) -> TransientError:
        said = f"the server answered {status}{self._words(content)}"
        if status == 429 or (status == 503 and asked):
            return RateLimited(said, retry_after_seconds(asked))
        if status in _MISCONFIGURED or status < 400:
            return _Failed(f"{said} (HEADRACE_VISION_URL, _MODEL, _API_KEY)", away=True)
        return _Failed(said, again=status >= 500, away=status > 500)

    def _words(self, content: bytes) -> str:
        """The server's message, without the key that some servers quote."""
        try:
            error = json.loads(content)["error"]
            words = str(error["message"] if isinstance(error, dict) else error)
        except (ValueError, KeyError, TypeError):
            return ""
        if self._config.api_key:
            words = words.replace(self._config.api_key, "…")
        return f": {' '.join(words.split())[:200]}" if words else ""


def _text(content: bytes) -> str:
    if len(content) > _MOST_BYTES:
        raise _Failed(f"the answer has more than {_MOST_BYTES} bytes")
    try:
        reply = _Reply.model_validate_json(content)
    except ValidationError:
        raise _Failed("the answer is not a chat completion") from None
    if not reply.choices:
        raise _Failed("the answer has no choices")
    if reply.choices[0].finish_reason == "length":
        raise _Failed("the answer was cut off at its longest")
    return reply.choices[0].message.content.strip()
