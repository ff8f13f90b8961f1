"""`/openapi.json` against the handlers (schemathesis), and against the contract."""

import asyncio
import json
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from api.openapi import openapi
from api.operations import OPERATIONS, Operation
from tests.api.conftest import ADMIN_KEY, DATABASE, Server, create_run

CONTRACT = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "sync.openapi.json"

SERVED = sorted(f"{operation.method} {operation.path}" for operation in OPERATIONS)
#: A document cannot say that a database must exist or a path lie below a root, so valid data may be refused.
EXCLUDED = ["positive_data_acceptance", "ensure_resource_availability", "use_after_free"]


@pytest.fixture(scope="module")
def operations() -> dict[str, Any]:
    """The operations of the document by method and path. Loads schemathesis, which takes a second."""
    import schemathesis
    from schemathesis.checks import load_all_checks
    from schemathesis.core.result import Ok

    load_all_checks()
    found = schemathesis.openapi.from_dict(openapi()).get_all_operations()
    return {one.ok().label: one.ok() for one in found if isinstance(one, Ok)}


def test_the_document_has_every_operation_that_is_served(operations: dict[str, Any]) -> None:
    assert sorted(operations) == SERVED


async def test_the_document_is_served(server: Server) -> None:
    assert await server.call("GET", "/openapi.json", status=200) == openapi()


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.body], ids=lambda one: one.id)
def test_a_body_that_the_document_allows_is_one_that_is_read(
    operations: dict[str, Any], operation: Operation
) -> None:
    """What a value means (a host, a path, a model) is decided later; its shape is not."""
    from schemathesis import GenerationMode

    label = f"{operation.method} {operation.path}"

    @settings(
        max_examples=8,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operations[label].as_strategy(GenerationMode.POSITIVE))
    def is_read(case: Any) -> None:
        if case.body is not None and operation.body is not None:
            operation.body.model_validate_json(json.dumps(case.body))

    is_read()


#: `GET /health` takes nothing that could be wrong.
CASES = [
    pytest.param(label, mode, id=f"{label} {mode}")
    for label in SERVED
    for mode in ("positive", "negative")
    if (label, mode) != ("GET /health", "negative")
]


@pytest.mark.parametrize(("label", "mode"), CASES)
async def test_handlers_keep_what_the_document_promises(
    server: Server, folder_source: str, operations: dict[str, Any], label: str, mode: str
) -> None:
    """Status codes, content types, bodies and headers of the answers to generated requests."""
    import requests
    from schemathesis import GenerationMode
    from schemathesis.checks import CHECKS

    run_id = await create_run(server, folder_source)
    known = {"source_id": folder_source, "invocation_id": run_id}
    ids = {name: value for name, value in known.items() if f"{{{name}}}" in label}
    # Unknown parameters of a query are passed over, as servers do; a wrong value of a known one is refused.
    names = [*EXCLUDED, *(["negative_data_rejection"] if operations[label].query else [])]
    excluded: list[Any] = list(CHECKS.get_by_names(names))
    strategy = operations[label].as_strategy(GenerationMode(mode), path_parameters=ids or None)

    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def keeps_its_promises(case: Any) -> None:
        case.call_and_validate(
            base_url=server.url,
            headers={"x-chroma-token": ADMIN_KEY},
            excluded_checks=excluded,
            session=session,
        )

    with requests.Session() as session, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        await asyncio.to_thread(keeps_its_promises)


async def test_what_one_operation_makes_the_others_take(server: Server, roots: Path) -> None:
    """Scenarios: what is created is shown, run, listed and deleted, in orders that nobody has thought of."""
    import requests
    import schemathesis
    from schemathesis.checks import CHECKS

    folder = roots / "scenarios"
    folder.mkdir()
    schema = schemathesis.openapi.from_dict(openapi())
    schema.config.update(base_url=server.url)
    # Values that are right may still be refused; what is gone for one key is gone for all.
    excluded: list[Any] = list(CHECKS.get_by_names([*EXCLUDED, "negative_data_rejection"]))
    seen: Counter[str] = Counter()

    class Scenario(schema.as_state_machine()):  # type: ignore[misc]
        def before_call(self, case: Any) -> None:
            if case.operation.label == "POST /api/v1/sources":
                (folder / str(seen.total())).mkdir()
                case.body = {"folder": {"path": str(folder / str(seen.total()))}, "database_name": DATABASE}
            if case.operation.label == "POST /api/v1/sources/{source_id}/invocations":
                case.body = {"target_collection_name": "scenarios"}

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": {"x-chroma-token": ADMIN_KEY}, "session": session}

        def validate_response(self, response: Any, case: Any, **kwargs: Any) -> None:
            seen[f"{case.operation.method} {response.status_code}"] += 1
            case.validate_response(response, excluded_checks=excluded)

    few = settings(
        max_examples=6,
        stateful_step_count=8,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with requests.Session() as session, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        await asyncio.to_thread(Scenario.run, settings=few)
    assert seen.total() > 20, seen


# ------------------------------------------------------------------------------------ the contract


def _contract() -> dict[str, Any]:
    if not CONTRACT.exists():
        pytest.skip(f"the contract is not there: {CONTRACT}")
    found: dict[str, Any] = json.loads(CONTRACT.read_text())
    return found


def _resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[1]
        # Named in the contract, but not defined there: words, as its description says.
        node = document["components"]["schemas"].get(name, {"type": "string"})
    return node


def _shapes(document: dict[str, Any], node: dict[str, Any], place: str = "") -> Iterator[tuple[str, str]]:
    """All (place, type) that a schema allows, over all its variants; fields with a dot, items with []."""
    node = _resolve(document, node)
    for variant in (*node.get("allOf", ()), *node.get("oneOf", ()), *node.get("anyOf", ())):
        yield from _shapes(document, variant, place)
    for name, value in node.get("properties", {}).items():
        yield from _shapes(document, value, f"{place}.{name}")
    if isinstance(node.get("items"), dict):
        yield from _shapes(document, node["items"], f"{place}[]")
    for name in node.get("required", ()):
        yield f"{place}.{name}", "required"
    types = node.get("type", ())
    for kind in [types] if isinstance(types, str) else types:
        yield place, kind
    if "const" in node:
        yield place, repr(node["const"])
    for word in node.get("enum", ()):
        yield place, repr(word)


def _body(operation: dict[str, Any]) -> dict[str, Any]:
    contents = list(operation.get("requestBody", {}).get("content", {}).values())
    return contents[0]["schema"] if contents else {}


def _answer(operation: dict[str, Any], status: str) -> dict[str, Any]:
    content = operation["responses"][status].get("content", {})
    found: dict[str, Any] = content.get("application/json", {}).get("schema", {})
    return found


def _differs_on_purpose(label: str, place: str, kind: str) -> bool:
    """Where the contract cannot be followed, or leaves the choice to us (`docs/api.md` says how)."""
    if label == "GET /api/v1/sources":  # typed as a list of invocations by mistake
        return True
    if place.endswith(".model"):  # the models are the deployment's choice
        return kind == repr("Qwen/Qwen3-Embedding-0.6B")
    # A bare word that is also an object with members is no JSON value; a member of that name stands for it.
    return place.endswith(".metadata") and kind in ("string", repr("web_scrape"), repr("Unknown"))


def _operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_operation_parameter_and_status_of_the_contract_is_here() -> None:
    contract, ours = _contract(), openapi()
    served = _operations(ours)
    for label, operation in _operations(contract).items():
        assert label in served
        assert served[label]["operationId"] == operation["operationId"]
        assert set(operation["responses"]) <= set(served[label]["responses"]), label
        wanted = {(p["name"], p["in"]) for p in operation.get("parameters", ())}
        assert wanted <= {(p["name"], p["in"]) for p in served[label].get("parameters", ())}, label


def test_every_field_of_the_contract_is_here() -> None:
    contract, ours = _contract(), openapi()
    served, missing = _operations(ours), []
    for label, operation in _operations(contract).items():
        statuses = operation["responses"]
        pairs = [("body", _body(operation), _body(served[label]))]
        pairs += [(code, _answer(operation, code), _answer(served[label], code)) for code in statuses]
        for part, theirs, own in pairs:
            have = set(_shapes(ours, own))
            for place, kind in _shapes(contract, theirs):
                if (place, kind) not in have and not _differs_on_purpose(label, place, kind):
                    missing.append(f"{label} {part} {place} {kind}")
    assert missing == []
