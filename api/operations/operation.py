"""What an operation is: method, path, handler and documentation."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from api.requests import MAX_LIMIT

#: Below it lies every path but `/health`.
ROOT = "/api/v1"

Schema = dict[str, Any]


@dataclass(frozen=True)
class Parameter:
    """A parameter of the query or a header."""

    name: str
    description: str
    schema: Schema
    place: str = "query"
    required: bool = False


@dataclass(frozen=True)
class Operation:
    """A method and path, its handler, and its documentation.

    Args:
        answer: the model of the success; `many` = an array of it, `by_key` = an object of it.
        accepted: the model of a 202 beside the success.
        refusals: status codes beside the success.
        streams: also answers as server-sent events.
    """

    method: str
    path: str
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    id: str
    summary: str
    success: int = 200
    answer: type[BaseModel] | None = None
    accepted: type[BaseModel] | None = None
    many: bool = False
    by_key: bool = False
    body: type[BaseModel] | None = None
    form: Schema | None = None
    parameters: Sequence[Parameter] = field(default_factory=tuple)
    refusals: Sequence[int] = (400, 401, 403, 404, 500)
    streams: bool = False

    @property
    def models(self) -> Sequence[type[BaseModel]]:
        """The models of its bodies."""
        return [model for model in (self.body, self.answer, self.accepted) if model is not None]


def page(*filters: Parameter) -> tuple[Parameter, ...]:
    """The parameters of a list."""
    limit: Schema = {"type": "integer", "minimum": 0, "maximum": MAX_LIMIT, "default": 100}
    offset: Schema = {"type": "integer", "minimum": 0, "default": 0}
    return (
        *filters,
        Parameter("limit", f"Maximum number of entries, at most {MAX_LIMIT}.", limit),
        Parameter("offset", "Number of entries to skip.", offset),
    )
