"""What tests of whole triggers share."""

from collections.abc import Mapping

from schemas.events import Source


async def read_nothing(source: Source, key: str) -> bytes:
    raise AssertionError(f"{key} is read")


async def sign_in(source: Source | None) -> Mapping[str, str]:
    return {"access_key_id": "test", "secret_access_key": "test"}
