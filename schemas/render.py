"""`python -m schemas.render`: write the `.avsc` of every event; a changed one moves to `avro/previous/`.

What stood in a released file stays readable for ever: its schema is kept under its fingerprint.
"""

import json
from pathlib import Path

from schemas.codec import AVRO_FOLDER, event_types, fingerprint, render_schema


def render(folder: Path = AVRO_FOLDER) -> list[str]:
    """Bring `folder` up to date; returns the names of the records whose schema changed."""
    changed = []
    (folder / "previous").mkdir(parents=True, exist_ok=True)
    for event_type in event_types():
        path = folder / f"{event_type.__name__}.avsc"
        schema = render_schema(event_type)
        text = json.dumps(schema, indent=2) + "\n"
        before = path.read_text() if path.exists() else None
        if before == text:
            continue
        changed.append(event_type.__name__)
        if before is not None and fingerprint(json.loads(before)) != fingerprint(schema):
            old = fingerprint(json.loads(before)).hex()
            (folder / "previous" / f"{event_type.__name__}.{old}.avsc").write_text(before)
        path.write_text(text)
    return changed


if __name__ == "__main__":
    print("changed:", ", ".join(render()) or "none")
