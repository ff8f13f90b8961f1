"""How a run is asked for: the two records that make one, the same for the gateway and for triggers."""

from dataclasses import dataclass
from datetime import datetime

from schemas.events import InvocationCreated, RunOptions, RunRequested, Source, Upload, complete_options


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is asked for. `streams.engine.publishing.runs.write_run` writes it.

    Attributes:
        created: for `progress`: the invocation that people see.
        requested: for `runs.<type>`: the order that the connector carries out.
    """

    created: InvocationCreated
    requested: RunRequested

    @property
    def id(self) -> str:
        """The invocation's id."""
        return self.created.invocation_id


def make_run(
    source: Source,
    collection: str,
    invocation_id: str,
    created_at: datetime,
    *,
    trigger: str = "api",
    options: RunOptions | None = None,
    object_key: str | None = None,
    custom_id: str | None = None,
    upload: Upload | None = None,
    allow_empty: bool = False,
    allow_mass_delete: bool = False,
    full_check: bool = False,
    delete_documents: bool = False,
) -> Run:
    """A run of a source into a collection. Pure. Raises RequestError for options that its type refuses.

    Args:
        invocation_id: random, or one that follows from what caused the run (`schemas.ids.invocation_id`):
            however often the cause is delivered, it is the same run then.
        trigger: what started it: api, webhook, event or schedule; an upload always is one.
        object_key: the document that the run is about, if it is about one, as the invocation shows it.
        upload: its file, for a `file_upload` run; says trigger, object key and custom id.
    """
    if upload is not None:
        trigger, object_key, custom_id = "upload", upload.filename, upload.custom_id
    options = complete_options(source, options)
    created = InvocationCreated(
        invocation_id=invocation_id,
        tenant=source.tenant,
        database=source.database,
        collection=collection,
        source_id=source.id,
        source_type=source.type,
        single_document=upload is not None,
        object_key=object_key,
        custom_id=custom_id,
        created_at=created_at,
        options=options,
        trigger=trigger,
    )
    requested = RunRequested(
        invocation_id=invocation_id,
        source=source,
        collection=collection,
        upload=upload,
        requested_at=created_at,
        allow_empty=allow_empty,
        delete_documents=delete_documents,
        options=options,
        trigger=trigger,
        allow_mass_delete=allow_mass_delete,
        full_check=full_check,
    )
    return Run(created, requested)
