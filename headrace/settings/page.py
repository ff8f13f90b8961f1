"""`docs/settings.md`, rendered from the fields."""

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from headrace.settings import GROUPS

_HEAD = (
    "# Settings\n\nRendered from `headrace/settings/`; `make docs` renders it again. "
    "An empty variable counts as not set. "
    "Commands name variables that begin with `HEADRACE_` and are no setting.\n"
)


def render() -> str:
    """A table for every group, a row for every field."""
    return _HEAD + "".join(_section(group) for group in GROUPS)


def _section(group: type[BaseSettings]) -> str:
    head = f"\n{group.__doc__}\n\n| variable | default | meaning |\n|---|---|---|\n"
    own = ((name, field) for name, field in group.model_fields.items() if name in group.__annotations__)
    return head + "".join(
        f"| `HEADRACE_{name.upper()}` | {_shown(field)} | {field.description} |\n" for name, field in own
    )


def _shown(field: FieldInfo) -> str:
    default = None if field.default_factory else field.default
    return "" if default is None else f"`{default}`"
