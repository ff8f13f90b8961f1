"""The OpenAPI document, generated from the table of operations and the models of the bodies."""

import re
from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from api.access import TOKEN_HEADER
from api.middleware import OPEN_PATHS
from api.operations import OPERATIONS, Operation, Parameter
from api.operations.sync import IDEMPOTENCY_KEY
from schemas.api import ErrorResponse
from schemas.ids import DOCUMENT_ID_BEGINNING

Schema = dict[str, Any]

_MEANINGS = {
    200: "Found",
    201: "Created",
    202: "Accepted",
    204: "Deleted",
    400: "A field or parameter is missing, malformed or not supported",
    401: "The key is missing or unknown",
    403: "The key may not do this",
    404: "The object does not exist",
    409: "The object exists already, or the collection is closed",
    410: "It has expired",
    412: "The invocation is not pending, or the source has another version",
    413: "The body is too large",
    415: "The body has a Content-Encoding",
    429: "Too many uploads at once",
    500: "A component behind the gateway failed; the X-Request-Id of the response is in the log",
    503: "A component that the gateway needs does not answer",
}


@cache
def openapi() -> Schema:
    """OpenAPI 3.1."""
    paths: Schema = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Headrace",
            "version": "1",
            "description": "Keeps Chroma collections true to their sources. The operations of Chroma Sync, "
            "and beside them folder sources, keys, progress and documents.",
        },
        "paths": paths,
        "components": {
            "schemas": _components(),
            "securitySchemes": {
                TOKEN_HEADER: {"type": "apiKey", "in": "header", "name": TOKEN_HEADER},
            },
        },
    }


def _components() -> Schema:
    models = {model for operation in OPERATIONS for model in operation.models}
    ordered = sorted(models | {ErrorResponse}, key=lambda model: model.__name__)
    _, schema = models_json_schema(
        [(model, "validation") for model in ordered], ref_template="#/components/schemas/{model}"
    )
    found: Schema = schema["$defs"]
    return found


def _operation(operation: Operation) -> Schema:
    document: Schema = {
        "operationId": operation.id,
        "summary": operation.summary,
        "responses": {
            str(operation.success): _success(operation),
            **_accepted(operation),
            **{str(status): _refusal(status) for status in operation.refusals},
        },
    }
    names = re.findall(r"{(\w+)}", operation.path)
    parameters = [_parameter(_in_path(name)) for name in names]
    parameters += [_parameter(parameter) for parameter in operation.parameters]
    if operation.method == "POST" and not any(one["name"] == IDEMPOTENCY_KEY.name for one in parameters):
        parameters.append(_parameter(IDEMPOTENCY_KEY))
    if parameters:
        document["parameters"] = parameters
    if operation.body is not None:
        content = {"application/json": {"schema": _reference(operation.body.__name__)}}
        document["requestBody"] = {"required": True, "content": content}
    if operation.form is not None:
        content = {"multipart/form-data": {"schema": operation.form}}
        document["requestBody"] = {"required": True, "content": content}
    if operation.path not in OPEN_PATHS:
        document["security"] = [{TOKEN_HEADER: []}]
    return document


def _success(operation: Operation) -> Schema:
    response: Schema = {"description": _MEANINGS[operation.success]}
    if operation.answer is None:
        return response
    schema = _reference(operation.answer.__name__)
    if operation.many:
        schema = {"type": "array", "items": schema}
    if operation.by_key:
        schema = {"type": "object", "additionalProperties": schema}
    response["content"] = {"application/json": {"schema": schema}}
    if operation.streams:
        response["content"]["text/event-stream"] = {"schema": {"type": "string"}}
    return response


def _accepted(operation: Operation) -> Schema:
    if operation.accepted is None:
        return {}
    content = {"application/json": {"schema": _reference(operation.accepted.__name__)}}
    return {"202": {"description": _MEANINGS[202], "content": content}}


def _refusal(status: int) -> Schema:
    content = {"application/json": {"schema": _reference(ErrorResponse.__name__)}}
    return {"description": _MEANINGS[status], "content": content}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _in_path(name: str) -> Parameter:
    schema: Schema = {"type": "string", "format": "uuid"}
    if name == "collection_name":
        schema = {"type": "string", "minLength": 3, "maxLength": 512}
    if name == "delivery_id":
        schema = {"type": "string"}
    if name == "document_id":
        schema = {"type": "string", "pattern": f"^{DOCUMENT_ID_BEGINNING.pattern}$"}
    return Parameter(name, "The id.", schema, place="path", required=True)


def _parameter(parameter: Parameter) -> Schema:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.description,
        "required": parameter.required,
        "schema": parameter.schema,
    }
