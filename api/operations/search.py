"""Search: an operation of ours. Chroma's own, below `/api/v2`, are in `api.chroma.routes`."""

from collections.abc import Sequence

from api.operations.operation import ROOT, Operation
from api.search import operation
from schemas import api

SEARCH: Sequence[Operation] = (
    Operation(
        "POST",
        f"{ROOT}/search",
        operation.search,
        "search",
        "Search a collection by meaning and by words",
        answer=api.SearchAnswer,
        body=api.SearchPayload,
        refusals=(400, 401, 403, 404, 413, 415, 500, 503),
    ),
)
