"""The form of a new source, made from the model of its type: a new type has one without a line here.

Fields that a payload must have come first, all others below "More options".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from api.dashboard.forms import Form
from api.errors import BadRequest
from schemas.sources import SourceType

Kind = Literal["text", "secret", "lines", "pairs", "check", "number", "choice", "credential"]

#: What fields are called, where their name is not good enough; and an example.
_LABELS: Mapping[str, tuple[str, str]] = {
    "path": ("Path on the server", "/srv/handbook"),
    "include_globs": ("Only files that match", "docs/**\n*.md"),
    "exclude_globs": ("Not files that match", "drafts/"),
    "include_hidden": ("Hidden files, too", ""),
    "main_content": ("Only the main content of web pages", ""),
    "repository": ("Repository", "owner/repo"),
    "app_id": ("GitHub App", ""),
    "credential_id": ("Credential", ""),
    "aws_credential_id": ("Credential", ""),
    "follow": ("Follow branches: branch and collection", "main docs"),
    "starting_url": ("Address", "https://example.org/docs/"),
    "max_depth": ("Links from the start at most", ""),
    "page_limit": ("Pages at most", "500"),
    "include_path_regexes": ("Only pages whose path matches", "^/docs/"),
    "exclude_path_regexes": ("Not pages whose path matches", ""),
    "bucket_name": ("Bucket", "company-handbook"),
    "region": ("Region", "eu-central-1"),
    "collection_name": ("Collection", "handbook"),
    "path_prefix": ("Only keys that begin with", "guides/"),
    "auto_sync": ("Sync by the bucket's events", ""),
    "endpoint_url": ("Endpoint, for a store other than AWS", "https://minio.example.org:9000"),
    "queue_url": ("SQS queue of its events", ""),
    "requester_pays": ("The requester pays", ""),
    "aws_access_key_id": ("New credential: access key", ""),
    "aws_secret_access_key": ("New credential: secret key", ""),
}
#: What is said below a field, where the description for programs is not good enough.
_HINTS: Mapping[str, str] = {
    "main_content": "Index web pages without their navigation, footers and adverts.",
    "aws_access_key_id": "With its secret key: saved as a credential, and never shown.",
}
#: What kind of saved credential a type signs in with.
CREDENTIAL_KINDS: Mapping[str, Sequence[str]] = {"s3": ("aws",), "github": ("github_token", "github_app")}


@dataclass(frozen=True)
class FormField:
    """A field: its name in the payload, and how it is shown. `columns` are the members of a pair, `ticked`
    whether a box is ticked where nothing is said."""

    name: str
    label: str
    kind: Kind
    hint: str = ""
    example: str = ""
    required: bool = False
    choices: Sequence[str] = ()
    columns: Sequence[str] = field(default_factory=tuple)
    ticked: bool = False


def fields_of(kind: SourceType[Any, Any]) -> Sequence[FormField]:
    """The fields of a type, required ones first."""
    schema = kind.form.model_json_schema()
    required, definitions = set(schema.get("required", ())), schema.get("$defs", {})
    found = [
        _field(kind, name, shape, name in required, definitions)
        for name, shape in schema.get("properties", {}).items()
    ]
    return sorted(found, key=lambda one: not one.required)


def _field(
    kind: SourceType[Any, Any], name: str, shape: dict[str, Any], required: bool, definitions: dict[str, Any]
) -> FormField:
    label, example = _LABELS.get(name, (name.replace("_", " ").capitalize(), ""))
    common: dict[str, Any] = {
        "name": name,
        "label": label,
        "hint": _HINTS.get(name) or _hint(shape.get("description", "")),
        "example": example,
        "required": required,
    }
    inner = next((one for one in shape.get("anyOf", ()) if one.get("type") != "null"), shape)
    if name.endswith("credential_id"):
        return FormField(kind="credential", **common)
    if not kind.form.model_fields[name].repr:
        return FormField(kind="secret", **common)
    if "enum" in inner:
        return FormField(kind="choice", choices=inner["enum"], **common)
    if inner.get("type") == "boolean":
        # A payload may leave it out; what holds then is the default of the configuration.
        default = (kind.config or kind.form).model_fields[name].default
        return FormField(kind="check", ticked=default is True, **common)
    if inner.get("type") == "integer":
        return FormField(kind="number", **common)
    if inner.get("type") == "array" and "$ref" in inner["items"]:
        columns = tuple(definitions[inner["items"]["$ref"].rpartition("/")[2]]["properties"])
        return FormField(kind="pairs", columns=columns, **{**common, "hint": _pairs_hint(common["hint"])})
    if inner.get("type") == "array":
        return FormField(kind="lines", **{**common, "hint": f"{common['hint']} One on each line.".strip()})
    return FormField(kind="text", **common)


def _hint(description: str) -> str:
    return description.replace(" (ours)", "")


def _pairs_hint(hint: str) -> str:
    return f"{hint} One on each line, with a space between the two."


def payload_of(fields: Sequence[FormField], form: Form) -> dict[str, Any]:
    """What a form says, as the member of a payload. Raises BadRequest."""
    found: dict[str, Any] = {}
    for one in fields:
        value = _value(one, form)
        if value is not None:
            found[one.name] = value
    return found


def _value(one: FormField, form: Form) -> Any:
    if one.kind == "check":
        return form.ticked(one.name)
    if one.kind in ("number", "credential"):
        return form.number(one.name, one.label)
    if one.kind == "lines":
        return form.lines(one.name)
    if one.kind == "pairs":
        rows = [line.split() for line in form.lines(one.name) or ()]
        if odd := [row for row in rows if len(row) != len(one.columns)]:
            raise BadRequest(f"{one.label}: found {' '.join(odd[0])[:80]!r}; expected two words on each line")
        return [dict(zip(one.columns, row, strict=True)) for row in rows] or None
    return form.text(one.name)


def values_of(fields: Sequence[FormField], config: Mapping[str, Any]) -> dict[str, str]:
    """A configuration as the texts of its fields."""
    found = {}
    for one in fields:
        value = config.get(one.name)
        if value is None and one.ticked:
            value = True
        if value is not None:
            found[one.name] = _text(one, value)
    return found


def _text(one: FormField, value: Any) -> str:
    if one.kind == "lines":
        return "\n".join(value)
    if one.kind == "pairs":
        return "\n".join(" ".join(str(row[column]) for column in one.columns) for row in value)
    if one.kind == "check":
        return "yes" if value else ""
    return str(value)
