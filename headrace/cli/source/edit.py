"""`headrace sources edit`: change a source, and say what that means."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from headrace.cli.ask import Named, SourceId, ask_of
from headrace.cli.origins.schedules import Cron, Every, Timezone, naming_collection, schedule_payload
from headrace.cli.output import note, print_json
from headrace.cli.settings import AsJson, DataDir
from headrace.cli.source.config import config_object
from headrace.usage_error import UsageError

if TYPE_CHECKING:
    from headrace.client.gateway import GatewayClient
    from schemas.api import ChangedSource

#: Members that --include and --exclude set, by type.
_GLOBS = {
    "folder": ("include_globs", "exclude_globs"),
    "github": ("include_globs", None),
    "web_scrape": ("include_path_regexes", "exclude_path_regexes"),
}


def edit_source(
    source_id: SourceId,
    include: Annotated[
        list[str] | None,
        typer.Option("--include", help="Only these files or paths; '' takes all.", show_default=False),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", help="Not these; '' excludes none.", show_default=False),
    ] = None,
    schedule: Cron = None,
    every: Every = None,
    timezone: Timezone = None,
    collection: Annotated[
        str | None,
        typer.Option("--collection", "-c", help="That the schedule fills.", show_default=False),
    ] = None,
    pause: Annotated[
        bool | None, typer.Option("--pause/--resume", help="The schedule.", show_default=False)
    ] = None,
    no_schedule: Annotated[bool, typer.Option("--no-schedule", help="Remove the schedule.")] = False,
    config: Annotated[
        str | None,
        typer.Option(
            help='Any fields, as JSON: \'{"github": {"follow": […]}}\'. What is not given stays, null is the '
            "default.",
            show_default=False,
        ),
    ] = None,
    version: Annotated[
        str | None,
        typer.Option("--if-version", help="Only this version (the ETag) is changed.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Change a source: patterns, credential, followed branches, schedule.

    The next run brings the difference: documents that patterns leave out now are deleted.
    """
    body: dict[str, Any] = {} if config is None else config_object(config)
    asked = schedule_payload(schedule, every, timezone, collection) or {}
    if collection is not None and not asked:
        asked = {"target_collection_name": collection}
    if pause is not None:
        asked["paused"] = pause
    if no_schedule and asked:
        raise UsageError("--no-schedule removes the schedule: it goes with no other option of it")
    if no_schedule or asked:
        body["schedule"] = None if no_schedule else asked
    if not (body or include or exclude):
        raise UsageError("nothing to change; see `headrace sources edit --help`")

    async def change(client: "GatewayClient", id_: str) -> "ChangedSource":
        if include or exclude:
            kind = (await client.source(id_)).source_type
            body[kind] = {**_patterns(kind, include, exclude), **body.get(kind, {})}
        return await client.patch_source(id_, body, version)

    with naming_collection():
        changed = ask_of(Named.SOURCE, data_dir, source_id, change)
    if as_json:
        print_json(changed.model_dump(mode="json", exclude_unset=True))
        return
    print(f"source {changed.id}: {', '.join(changed.change.fields) or 'nothing'} changed")
    for effect in changed.change.effects:
        note(effect)


def _patterns(kind: str, include: list[str] | None, exclude: list[str] | None) -> dict[str, Any]:
    """Members of a source. Raises UsageError for what its type does not have."""
    names = _GLOBS.get(kind, (None, None))
    members: dict[str, Any] = {}
    for option, name, given in (("--include", names[0], include), ("--exclude", names[1], exclude)):
        if given is None:
            continue
        if name is None:
            raise UsageError(
                f"{option} is not possible for a source of type {kind}; --config takes its fields"
            )
        members[name] = [pattern for pattern in given if pattern] or None
    return members
