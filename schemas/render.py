"""`python -m schemas.render`: write the `.avsc` of every event; a changed one moves to `avro/previous/`.
The JSON Schema of `inbox` goes to `json/`.

Records of a released schema stay readable forever: its schema is kept under its fingerprint. Services and
commands read the rendered files (`schemas.codec`), and do not load this module.
"""

import json
import sys
from pathlib import Path

from schemas.codec import AVRO_FOLDER, event_types, fingerprint
from schemas.errors import ContractError
from schemas.events.avro_schema import render_schema
from schemas.evolution import incompatibility
from schemas.inbox import JSON_FOLDER, json_schema


def render(folder: Path = AVRO_FOLDER) -> list[str]:
    """Bring `folder` up to date; returns the names of the records whose file changed.

    Raises ContractError, and writes nothing, when a schema cannot follow the one that is there.
    """
    changed: dict[Path, str] = {}
    for event_type in event_types():
        path = folder / f"{event_type.__name__}.avsc"
        text = json.dumps(render_schema(event_type), indent=2) + "\n"
        if not path.exists() or path.read_text() != text:
            changed[path] = text
    superseded = [path for path in changed if _supersedes(path, changed[path])]
    for path in superseded:
        old = json.loads(path.read_text())
        kept = folder / "previous" / f"{path.stem}.{fingerprint(old).hex()}.avsc"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(path.read_text())
    for path, text in changed.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [path.stem for path in changed]


def render_json(folder: Path = JSON_FOLDER) -> list[str]:
    """Write the JSON Schema of an event on `inbox`; returns its name if the file changed."""
    path, text = folder / "InboxEvent.json", json.dumps(json_schema(), indent=2) + "\n"
    if path.exists() and path.read_text() == text:
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return [path.stem]


def _supersedes(path: Path, text: str) -> bool:
    """Whether the text is another schema than the file's, not just other words about it."""
    if not path.exists():
        return False
    old, new = json.loads(path.read_text()), json.loads(text)
    if fingerprint(old) == fingerprint(new):
        return False
    if reason := incompatibility(old, new):
        raise ContractError(
            f"{path.stem} has changed incompatibly: {reason}. A field comes and goes with a default; what "
            f"was never released may be rendered anew after deleting {path}"
        )
    return True


if __name__ == "__main__":
    try:
        print("changed:", ", ".join([*render(), *render_json()]) or "none")
    except ContractError as error:
        sys.exit(str(error))
