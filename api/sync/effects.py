"""Describe the effects of a change of a source on its runs and its indexed documents. Pure."""

from collections.abc import Sequence
from typing import Any

from api.clock import now
from schemas.events import Source
from schemas.schedules import decided_until, local, next_due
from schemas.sources import SOURCE_TYPES

#: Fields of source types by effect. All other fields affect how a run reads.
_SELECTION = (
    *("include_globs", "exclude_globs", "include_hidden"),
    *("include_path_regexes", "exclude_path_regexes", "max_depth", "page_limit"),
)
_SIGN_IN = ("credential_id", "aws_credential_id", "app_id")
_TEXT = ("main_content",)
_TARGET = ("collection_name",)
_SPARSE = "The next run indexes all documents again, with sparse vectors."
#: A due time in words: none has seconds that say something.
_MINUTE = "%Y-%m-%d %H:%M"
_BY_ITSELF = ("follow", "auto_sync", "queue_url")


def fields_changed(before: Source, after: Source) -> list[str]:
    """The changed fields by their names in the API: `folder.exclude_globs`, `schedule`."""
    kind = SOURCE_TYPES[before.type]
    one = kind.form_of(before.config).model_dump(mode="json")
    other = kind.form_of(after.config).model_dump(mode="json")
    found = [f"{before.type}.{name}" for name in other if one.get(name) != other[name]]
    if before.schedule != after.schedule:
        found.append("schedule")
    if before.embedding != after.embedding:
        found.append("embedding.sparse")
    return found


def effects_of(
    before: Source, after: Source, fields: Sequence[str], collections: Sequence[str], unended: int
) -> list[str]:
    """One sentence per effect.

    Args:
        fields: result of `fields_changed`.
        collections: targets of the source's runs, including pending ones.
        unended: number of its invocations without a final status.
    """
    if not fields:
        return ["The source was like that already; nothing was written."]
    names = {name.partition(".")[2]: name for name in fields if name.startswith(f"{before.type}.")}
    several = f"each of {', '.join(collections)}"
    into = several if len(collections) > 1 else "".join(collections) or "a collection"

    def of(group: Sequence[str]) -> str:
        return ", ".join(names[name] for name in group if name in names)

    rest = [name for name in names if name not in (*_SELECTION, *_SIGN_IN, *_TEXT, *_TARGET, *_BY_ITSELF)]
    sentences = [
        _selected(of(_SELECTION), into),
        of(_SIGN_IN) and "Runs that are requested from now on sign in anew; what is indexed stays.",
        of(_TEXT) and f"The next run into {into} indexes all web pages again, with other text.",
        _moved(before, after) if of(_TARGET) else "",
        _by_itself(before, after) if of(_BY_ITSELF) else "",
        of(rest) and f"Runs that are requested from now on read by {of(rest)}.",
        _scheduled(after) if "schedule" in fields else "",
        _SPARSE if "embedding.sparse" in fields else "",
        _going_on(unended) if unended and fields != ["schedule"] else "",
    ]
    return [sentence for sentence in sentences if sentence]


def _selected(names: str, into: str) -> str:
    if not names:
        return ""
    return (
        f"The next run into {into} deletes the documents there that {names} leave out now, and adds those "
        "that they let in."
    )


def _moved(before: Source, after: Source) -> str:
    old, new = (SOURCE_TYPES[one.type].target(one.config) for one in (before, after))
    return f"Runs that name no collection fill {new} from now on. What {old} holds stays there, as it is."


def _by_itself(before: Source, after: Source) -> str:
    kind = SOURCE_TYPES[before.type]
    left = sorted(set(kind.followed(before.config)) - set(kind.followed(after.config)))
    stays = f" What {', '.join(left)} holds stays there, as it is." if left else ""
    return f"Events count as the source says now.{stays}"


def _scheduled(after: Source) -> str:
    schedule: Any = after.schedule
    if schedule is None:
        return "It runs only when it is asked for, or when an event says so."
    if schedule.paused:
        return "Its due times are passed over until it is resumed; what was missed is not made up for."
    due = next_due(schedule, decided_until(schedule, None, now()))
    if due is None:
        return "It is never due."
    zone = "" if schedule.timezone == "UTC" else f" ({local(due, schedule):{_MINUTE}} in {schedule.timezone})"
    return f"It is due next at {due:{_MINUTE}} UTC{zone}."


def _going_on(unended: int) -> str:
    return (
        f"{unended} invocation{'s' if unended > 1 else ''} that had not ended read the source as it was; the "
        "next one brings the difference."
    )
