"""All operations of the gateway, for its routes and for `/openapi.json`.

operation.py  what an operation is: method, path, handler, documentation
sync.py       the contract: sources, invocations, uploads (and progress, ours)
admin.py      keys and credentials
topics.py     topics, and growing their partitions
content.py    documents, collections, dead letters, ours
search.py     search, ours
webhooks.py   endpoints that are told when runs end, ours
"""

from collections.abc import Sequence

from api import health
from api.operations.admin import ADMIN
from api.operations.content import CONTENT
from api.operations.operation import Operation, Parameter
from api.operations.search import SEARCH
from api.operations.sync import SYNC
from api.operations.topics import TOPICS
from api.operations.webhooks import WEBHOOKS
from schemas.api import HealthResponse

__all__ = ["OPERATIONS", "Operation", "Parameter"]

_HEALTH = Operation(
    "GET",
    "/health",
    health.health,
    "health_check",
    "Whether broker, views and Chroma answer",
    answer=HealthResponse,
    refusals=(503,),
)

OPERATIONS: Sequence[Operation] = (_HEALTH, *SYNC, *CONTENT, *SEARCH, *WEBHOOKS, *ADMIN, *TOPICS)
