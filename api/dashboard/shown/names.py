"""What sources are called: where they read from, on one line."""

from api.views.catalogue import Catalogue
from schemas.events import Invocation, Source
from schemas.sources import SOURCE_TYPES

#: The types, as a person calls them.
TYPE_NAMES = {
    "folder": "Folder",
    "file_upload": "Uploads",
    "s3": "Bucket",
    "github": "Repository",
    "web_scrape": "Website",
}


def type_name(name: str) -> str:
    """A type of source, for people; one that is new here under its own name."""
    return TYPE_NAMES.get(name, name.replace("_", " ").capitalize())


def name_of(source: Source) -> str:
    """Where a source reads from."""
    kind = SOURCE_TYPES[source.type]
    if not kind.lists:
        return f"Uploads to {source.database}"
    return kind.shown(kind.form_of(source.config))


class Names:
    """Names of the sources of runs, each looked up once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: dict[str, str | None] = {}

    def of(self, run: Invocation) -> str:
        """What a run reads: the file of an upload, else its source."""
        if run.object_key:
            return run.object_key
        if run.source_id not in self._known:
            found = self._catalogue.source(run.source_id)
            self._known[run.source_id] = None if found is None else name_of(found)
        return self._known[run.source_id] or f"a {type_name(run.source_type).lower()} that was deleted"
