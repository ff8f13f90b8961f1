"""`--config`: fields of a source, as JSON."""

import json
from typing import Any

from headrace.usage_error import UsageError


def config_object(text: str) -> dict[str, Any]:
    """The fields. Raises UsageError for what is no JSON object."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UsageError(f"--config is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise UsageError(f"--config must be a JSON object, found {text[:80]}")
    return found
