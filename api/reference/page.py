"""Render the OpenAPI document as one page. It has no script, and its style is in it: nothing is fetched."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.openapi import openapi

PAGE_PATH, DOCUMENT_PATH = "/docs", "/openapi.json"

_HERE = Path(__file__).parent
Schema = Mapping[str, Any]
#: Members of members that a table shows; deeper ones are in the document.
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a body, or a parameter. `depth` counts from 0."""

    name: str
    type: str
    required: bool
    text: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """An operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    open: bool
    parameters: Sequence[Field]
    body: Sequence[Field]
    body_text: str
    answers: Sequence[tuple[str, str, str, Sequence[Field]]]
    example: str


def add_reference(app: web.Application) -> None:
    """Serve the document and the page."""
    app.router.add_get(DOCUMENT_PATH, _document)
    app.router.add_get(PAGE_PATH, _page)


async def _document(request: web.Request) -> web.Response:
    return web.Response(text=json.dumps(openapi()), content_type="application/json")


async def _page(request: web.Request) -> web.Response:
    html, style = page()
    policy = f"default-src 'none'; style-src '{style}'; base-uri 'none'; form-action 'none'"
    headers = {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
    }
    return web.Response(text=html, content_type="text/html", headers=headers)


@cache
def page() -> tuple[str, str]:
    """The page, and the hash of its style for a Content-Security-Policy."""
    style = (_HERE / "style.css").read_text()
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    groups: dict[str, list[Shown]] = {}
    document = openapi()
    for operation in _operations(document):
        groups.setdefault(_group(operation.path), []).append(operation)
    html = environment.get_template("reference.html").render(
        info=document["info"], groups=groups, style=style, document=DOCUMENT_PATH
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return html, f"sha256-{digest}"


def _operations(document: Schema) -> Iterator[Shown]:
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            body, text = _body(document, one)
            yield Shown(
                id=one["operationId"],
                method=method.upper(),
                path=path,
                summary=one["summary"],
                open="security" not in one,
                parameters=[_parameter(parameter) for parameter in one.get("parameters", ())],
                body=body,
                body_text=text,
                answers=[_answer(document, *answer) for answer in one["responses"].items()],
                example=_example(method.upper(), path, one),
            )


def _group(path: str) -> str:
    """`/api/v1/dead-letters/{letter_id}` is of `dead letters`."""
    parts = [part for part in path.split("/") if part and part not in ("api", "v1")]
    return parts[0].replace("-", " ")


def _parameter(parameter: Schema) -> Field:
    place = {"path": "in the path", "header": "a header"}.get(parameter["in"], "")
    text = " ".join(filter(None, (parameter["description"], place and f"({place})")))
    return Field(parameter["name"], _type(parameter["schema"]), parameter["required"], text)


def _body(document: Schema, operation: Schema) -> tuple[list[Field], str]:
    contents = operation.get("requestBody", {}).get("content", {})
    for kind, content in contents.items():
        found = _resolved(document, content["schema"])
        return list(_fields(document, content["schema"])), f"{kind}. {_words(found)}"
    return [], ""


def _answer(document: Schema, status: str, answer: Schema) -> tuple[str, str, str, list[Field]]:
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    refused = schema.get("$ref", "").endswith("/ErrorResponse")
    fields = [] if refused else list(_fields(document, schema))
    return status, answer["description"], "" if refused else _type(schema), fields


def _fields(document: Schema, schema: Schema, depth: int = 0, seen: tuple[str, ...] = ()) -> Iterator[Field]:
    """Members of an object, or of the items of an array, and theirs."""
    name = schema.get("$ref", "")
    if depth > _DEEPEST or (name and name in seen):
        return
    found = _resolved(document, schema)
    inner = found.get("items") or found.get("additionalProperties")
    if isinstance(inner, Mapping):
        yield from _fields(document, inner, depth, (*seen, name))
    for variant in (*found.get("anyOf", ()), *found.get("oneOf", ()), *found.get("allOf", ())):
        yield from _fields(document, variant, depth, (*seen, name))
    required = found.get("required", ())
    for member, value in found.get("properties", {}).items():
        text = _words(value)
        yield Field(member, _type(value), member in required, text, depth)
        yield from _fields(document, value, depth + 1, (*seen, name))


def _resolved(document: Schema, schema: Schema) -> Schema:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Schema = document["components"]["schemas"][name] if name else schema
    return found


def _type(schema: Schema) -> str:
    """A type in a few words: `array of Job`, `"a" or "b"`, `string or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " or ".join(json.dumps(value) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    variants = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if variants:
        return " or ".join(dict.fromkeys(_type(variant) for variant in variants))
    if schema.get("type") == "array":
        return f"array of {_type(schema.get('items', {})) or 'anything'}"
    kind = schema.get("format") or schema.get("type", "")
    limits = [f"{word} {schema[name]:,}" for name, word in _LIMITS.items() if name in schema]
    return " ".join([str(kind), *([f"({', '.join(limits)})"] if limits else [])])


_LIMITS = {
    "minimum": "at least",
    "maximum": "at most",
    "minLength": "characters: at least",
    "maxLength": "characters: at most",
}


def _words(schema: Schema) -> str:
    return " ".join(str(schema.get("description", "")).split())


def _example(method: str, path: str, operation: Schema) -> str:
    """A curl command; ids are shell variables."""
    url = re.sub(r"{(\w+)}", lambda found: f"${found[1].upper()}", path)
    words = ["curl", *([] if method == "GET" else ["-X", method])]
    if "security" in operation:
        words.append('-H "x-chroma-token: $KEY"')
    if "requestBody" in operation:
        json_body = "application/json" in operation["requestBody"]["content"]
        words.append("-d '{…}'" if json_body else "-F file=@FILE -F …")
    return f'{" ".join(words)} "$URL{url}"'
