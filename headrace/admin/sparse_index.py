"""The sparse index, compared with its topic by the service `searching`."""

import asyncio
import time
from dataclasses import dataclass, field

import aiohttp
from pydantic import ValidationError

from schemas.api.searching import AuditRequest, AuditResponse
from schemas.errors import TransientError
from streams.http.errors import reason_of

#: It reads its whole topic twice.
_TIMEOUT = aiohttp.ClientTimeout(total=600, connect=2)
#: How long it may take to fold in what was written just now.
_BEHIND_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Index:
    """Where `searching` answers, and its token."""

    url: str
    token: str = field(repr=False)

    async def audit(self, collection_id: str, rows: int, repair: bool) -> AuditResponse:
        """What differs, after mending with `repair`. Waits until the index has read so many rows of the
        collection. Raises TransientError without an answer."""
        until = time.monotonic() + _BEHIND_SECONDS
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as http:
            while (found := await self._asked(http, collection_id, False)).rows < rows:
                if time.monotonic() > until:
                    break
                await asyncio.sleep(0.5)
            if repair and (found.missing or found.wrong or found.surplus):
                await self._asked(http, collection_id, True)
                return await self._asked(http, collection_id, False)
            return found.model_copy(update={"missing": found.missing + max(0, rows - found.rows)})

    async def _asked(self, http: aiohttp.ClientSession, collection_id: str, repair: bool) -> AuditResponse:
        body = AuditRequest(collection_id=collection_id, repair=repair).model_dump_json()
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            async with http.post(f"{self.url.rstrip('/')}/audit", data=body, headers=headers) as answer:
                text = await answer.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransientError(f"searching does not answer at {self.url}: {reason_of(error)}") from error
        if answer.status != 200:
            raise TransientError(f"searching answers {answer.status}: {text[:300]}")
        try:
            return AuditResponse.model_validate_json(text)
        except ValidationError as error:
            raise TransientError(f"searching does not answer at {self.url} as it should") from error
