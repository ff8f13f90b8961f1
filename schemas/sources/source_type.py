"""What a type of source is: its configuration in two forms, and how it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, Field, create_model

from schemas.base import Body, Event, MetadataValue
from schemas.errors import RequestError

#: A list of any length says what is wrong with its first item only: two million bytes may hold a million.
Patterns = Annotated[list[str], Field(fail_fast=True)]

F = TypeVar("F", bound=Body)
C = TypeVar("C", bound=Event)
M = TypeVar("M", bound=BaseModel)


class RunForm(Protocol):
    """What of a `schemas.api.CreateJobPayload` belongs to some types of sources, and not to others."""

    object_key: str | None
    custom_id: str | None
    metadata: dict[str, Any] | None
    ref_identifier: Any


class ShownRun(Protocol):
    """What of a `schemas.events.Invocation` a type may show."""

    object_key: str | None
    custom_id: str | None
    options: Any
    facts: dict[str, MetadataValue]


class TypedSource(Protocol):
    """A `schemas.events.Source`; its configuration is in the member with the name of its type."""

    id: str
    type: str


@dataclass(frozen=True, slots=True)
class InlineSecret:
    """What a payload signs in with, in clear. It is saved (`streams.credentials`) before anything else.

    Attributes:
        kind: of `streams.secrets.KINDS`.
        name: what the saved credential is called.
    """

    kind: str
    name: str
    members: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A run of a schedule: its collection, and what is asked for beyond the source (`SourceType.options`)."""

    collection: str
    options: Event | None = None


class SourceType(Generic[F, C]):
    """One type of source. `F` is its configuration in the HTTP API, `C` the same on topics.

    A type without a `config` is known to the contract and not served: its payloads are checked and refused.
    """

    #: The member of a source, an invocation and a payload that holds what is of this type.
    name: str
    form: type[F]
    config: type[C] | None = None
    #: What one run may be asked for beyond its source (an object, a commit), on topics: a member of
    #: `schemas.events.RunOptions`. None where there is nothing to ask for.
    options: type[Event] | None = None
    #: How an invocation shows what it read.
    job: Any
    #: Whether a run lists its origin and syncs the difference. Uploads do not: each run brings one document.
    lists: bool = True
    #: Whether keys are unique within a source only, so that two sources may share a collection. Where the
    #: contract fixes chunk ids by the key alone (uploads, buckets) they are not.
    own_tree: bool = True
    #: Why two sources that overlap must not fill one collection.
    overlap_reason: str = "reads the same documents, which would be there twice"

    @property
    def runs_topic(self) -> str:
        """The topic of its runs."""
        return f"runs.{self.name}"

    def of(self, source: TypedSource) -> C:
        """The configuration of a source of this type."""
        found: C | None = getattr(source, self.name)
        assert found is not None, f"source {source.id} is of type {source.type}, expected {self.name}"
        return found

    def configure(self, form: F) -> C:
        """The configuration that a payload asks for. Pure: whether the origin can be read is asked later
        (`services.connectors`). Raises RequestError for what can never be read."""
        raise NotImplementedError

    def options_of(self, payload: RunForm) -> Event | None:
        """What a payload asks of one run; None for nothing. Raises RequestError for a field of another type,
        or one that can never be carried out."""
        refuse_fields(payload, self.name, ("object_key", "custom_id", "metadata", "ref_identifier"))
        return None

    def complete(self, options: Event | None, config: C) -> Event | None:
        """The options of a run, with what they take from its source. Raises RequestError for what this source
        cannot carry out."""
        return options

    def inline_secret(self, form: F) -> InlineSecret | None:
        """What a payload signs in with, if that is not saved yet."""
        return None

    def with_credential(self, form: F, credential_id: int) -> F:
        """A payload with a saved credential in place of its inline secret."""
        raise NotImplementedError

    def without_replaced(self, form: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a configuration that remain when some are changed: a new secret replaces a saved
        one."""
        return form

    def credential_of(self, config: C) -> int | None:
        """The saved credential that a source uses."""
        found: int | None = getattr(config, "credential_id", None)
        return found

    def target(self, config: C) -> str | None:
        """The collection of a run that names none; None where each run must name one."""
        return None

    def followed(self, config: C) -> list[str]:
        """Collections that pushes bring documents into."""
        return []

    def scheduled(self, config: C, collection: str | None) -> "list[Scheduled]":
        """What is run when a schedule is due.

        Args:
            collection: that of the schedule, if it names one.

        Raises RequestError where it must name one, and for a type that cannot be scheduled.
        """
        if not self.lists:
            raise RequestError(f"a source of type {self.name} has no schedule: nothing lists its documents")
        name = collection or self.target(config)
        if name is None:
            raise RequestError(
                f"schedule.target_collection_name is required for a source of type {self.name}"
            )
        return [Scheduled(name)]

    def form_of(self, config: C) -> F:
        """A configuration as the API shows it; secrets stay out."""
        raise NotImplementedError

    def job_of(self, run: ShownRun) -> Any:
        """What an invocation read, as the API shows it: a `job`."""
        raise NotImplementedError

    def shown(self, form: F) -> str:
        """Where a source reads from, on one line for a person."""
        raise NotImplementedError

    def identity(self, config: C) -> dict[str, Any]:
        """What the id of a source follows from. Leave out what may change: a source that is deleted and made
        again with the same identity owns the documents that it owned before."""
        return config.model_dump(mode="json")

    def main_content(self, config: C) -> bool:
        """Whether web pages of a source lose their navigation, footers and adverts; a configuration that has
        the choice has a field of this name."""
        return bool(getattr(config, "main_content", False))

    def same_origin(self, one: C, other: C) -> bool:
        """Whether both read the same origin, though they may choose other documents of it. Only such a change
        of a source is possible."""
        return one == other

    def overlaps(self, one: C, other: C) -> bool:
        """Whether a document of one may be a document of the other: both must not fill one collection."""
        return self.same_origin(one, other)


def refuse_fields(payload: RunForm, type_name: str, fields: tuple[str, ...]) -> None:
    """Raises RequestError when a payload sets one of these fields, which other types have."""
    for name in fields:
        if getattr(payload, name) is not None:
            raise RequestError(f"{name} is not possible for a source of type {type_name}")


def with_members(base: type[M], members: dict[str, Any]) -> type[M]:
    """`base` with an optional member for each type of source."""
    fields: Any = {name: (kind | None, None) for name, kind in members.items()}
    return create_model(base.__name__, __base__=base, __module__=base.__module__, **fields)
