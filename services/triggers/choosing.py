"""The runs that an event means for a source. Pure.

    auto_sync   `….meta.json`             another object is there        another object is gone
    direct      the object that it names  into every collection that     the same, which deletes it there
                                          it was run into, else into
                                          that of the source
    metadata    the object that it names  into every collection that     the same
                                          it was run into, else none

An object keeps the id and the metadata that it was last run with. So an update of a document that a
`.meta.json` has named, or a request, stays what it was, in whichever order the two are uploaded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.events import Source
from schemas.meta_files import is_meta_file
from schemas.sources.s3 import S3_BUCKET, S3Options
from services.triggers.messages import ObjectEvent

NONE, DIRECT, METADATA = "none", "direct", "metadata"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A run that is to be asked for: one object of a source, as it is then."""

    source: Source
    collection: str
    options: S3Options


@dataclass(frozen=True, slots=True)
class MetaFile:
    """A `.meta.json` that is to be read first."""

    source: Source
    key: str


#: Where an object was run into before, and what was said of it.
Before = Mapping[str, S3Options]


def concerns(event: ObjectEvent, source: Source) -> bool:
    """Whether a source syncs this object by itself. A prefix is a text, and need not end with a slash."""
    config = S3_BUCKET.of(source)
    return (
        config.auto_sync != NONE
        and config.bucket_name == event.bucket
        and event.key.startswith(config.path_prefix or "")
    )


def wanted(event: ObjectEvent, source: Source, before: Before) -> Sequence[Wanted | MetaFile]:
    """What is to be done for an event that concerns a source.

    Args:
        before: of the event's object.
    """
    if is_meta_file(event.key):
        return [] if event.removed else [MetaFile(source, event.key)]
    if event.key.endswith("/") and not event.size and not event.removed:
        return []  # a folder, as consoles make it
    config = S3_BUCKET.of(source)
    places = dict(before)
    if not places and config.auto_sync == DIRECT:
        places[config.collection_name] = S3Options()
    return [
        Wanted(source, collection, said.model_copy(update={"object_key": event.key}))
        for collection, said in sorted(places.items())
    ]
