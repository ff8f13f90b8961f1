"""The bytes of a record: a JSON object, plain or in the frame of a schema registry."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from schemas.errors import ContractError, RequestError, TransientError
from schemas.inbox import read_object

_MAGIC = b"\0"


class Framed(Protocol):
    """What reads values that begin with the id of a schema; `schemas.inbox.registry.FramedValues` is one."""

    def read(self, value: bytes) -> Mapping[str, Any]:
        """The object. Blocks for the first value of a schema. Raises ContractError, TransientError, and
        RequestError if the registry refuses."""
        ...


class Values:
    """Reads values. Without a registry only plain JSON is taken."""

    def __init__(self, framed: Framed | None = None) -> None:
        self._framed = framed

    async def read(self, value: bytes) -> Mapping[str, Any]:
        """The object in a value. Raises ContractError, or TransientError if the registry does not answer."""
        if not value.startswith(_MAGIC):
            return read_object(value)
        if self._framed is None:
            raise ContractError(
                f"the value begins with {value[:5].hex()}, as in Confluent's wire format: set "
                "HEADRACE_SCHEMA_REGISTRY_URL, or send plain JSON"
            )
        try:
            return await asyncio.to_thread(self._framed.read, value)
        except RequestError as error:  # its credentials may be mended while this waits
            raise TransientError(str(error)) from error
