"""Completion webhooks: operations of ours, for admin keys."""

from collections.abc import Sequence

from api.endpoints import handlers
from api.operations.operation import ROOT, Operation, Parameter
from api.requests import MAX_LIMIT
from schemas import api
from streams.state.webhooks import STATES

_KEYED = (400, 401, 403, 500)
_ONE = (*_KEYED, 404)
_PATH = f"{ROOT}/webhook-endpoints"
_ENDPOINT = f"{_PATH}/{{endpoint_id}}"

WEBHOOKS: Sequence[Operation] = (
    Operation(
        "GET",
        _PATH,
        handlers.get_endpoints,
        "list_webhook_endpoints",
        "List endpoints that are told when runs end",
        answer=api.EndpointSummary,
        many=True,
        refusals=_KEYED,
    ),
    Operation(
        "POST",
        _PATH,
        handlers.create,
        "create_webhook_endpoint",
        "Create an endpoint; its secret is shown only once",
        success=201,
        answer=api.CreatedEndpoint,
        body=api.CreateEndpointPayload,
        refusals=(*_ONE, 413, 415),
    ),
    Operation(
        "GET",
        _ENDPOINT,
        handlers.get_endpoint,
        "get_webhook_endpoint",
        "Show an endpoint",
        answer=api.EndpointSummary,
        refusals=_ONE,
    ),
    Operation(
        "PATCH",
        _ENDPOINT,
        handlers.change,
        "change_webhook_endpoint",
        "Change an endpoint, or disable it",
        answer=api.EndpointSummary,
        body=api.ChangeEndpointPayload,
        refusals=(*_ONE, 413, 415),
    ),
    Operation(
        "DELETE",
        _ENDPOINT,
        handlers.delete,
        "delete_webhook_endpoint",
        "Delete an endpoint",
        success=204,
        refusals=_ONE,
    ),
    Operation(
        "POST",
        f"{_ENDPOINT}/rotate",
        handlers.rotate,
        "rotate_webhook_secret",
        "Give an endpoint another secret, shown only once; for a day the one before signs, too",
        answer=api.CreatedEndpoint,
        refusals=_ONE,
    ),
    Operation(
        "POST",
        f"{_ENDPOINT}/test",
        handlers.test,
        "test_webhook_endpoint",
        "Send a test event",
        success=202,
        answer=api.DeliverySummary,
        refusals=_ONE,
    ),
    Operation(
        "GET",
        f"{_ENDPOINT}/deliveries",
        handlers.get_deliveries,
        "list_webhook_deliveries",
        "List deliveries with their attempts",
        answer=api.DeliveryPage,
        parameters=(
            Parameter("state", "Only in this state.", {"type": "string", "enum": [*STATES]}),
            Parameter("cursor", "`next_cursor` of the page before.", {"type": "string"}),
            Parameter(
                "limit",
                f"Maximum number of entries, at most {MAX_LIMIT}.",
                {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 100},
            ),
        ),
        refusals=_ONE,
    ),
    Operation(
        "GET",
        f"{_ENDPOINT}/deliveries/{{delivery_id}}",
        handlers.get_delivery,
        "get_webhook_delivery",
        "Show a delivery with its attempts",
        answer=api.DeliverySummary,
        refusals=_ONE,
    ),
    Operation(
        "POST",
        f"{_ENDPOINT}/deliveries/{{delivery_id}}/retry",
        handlers.retry,
        "retry_webhook_delivery",
        "Attempt a delivery again",
        success=202,
        answer=api.DeliverySummary,
        refusals=_ONE,
    ),
)
