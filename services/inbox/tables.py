"""Which topics hold rows of a database, and what a row means as a document: a TOML file.

[[tables]]
topic = "shop.public.products"        # its whole name
collection = "products"
key = "id"                            # or ["country", "number"]
text = ["name", "description"]
metadata = ["price", "category"]
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from schemas.checks import check_collection_name
from schemas.errors import RequestError

_PLACEHOLDER = "__debezium_unavailable_value"


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Columns = Annotated[list[str], BeforeValidator(_listed)]


class Table(BaseModel):
    """A topic of rows.

    Attributes:
        topic: its whole name on the cluster.
        format: Debezium's envelope, or bare rows (`ExtractNewRecordState`, the JDBC connector).
        key: columns that identify a row.
        key_prefix: what document keys begin with.
        text: columns that are the text, in this order, with a blank line between them.
        base64: the one column of `text` holds bytes.
        metadata: columns that become metadata of every chunk; as a table, metadata key → column.
        filename: a column with a file name, whose suffix says the format of the text.
        version: what grows with every change, such as `source.lsn` (of the envelope; of bare rows a column).
        unavailable: what Debezium writes for a value that the database did not log.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str = Field(pattern=r"^[a-zA-Z0-9._-]{1,249}$")
    format: Literal["debezium", "rows"] = "debezium"
    collection: str
    key: Annotated[Columns, Field(min_length=1)]
    key_prefix: str = ""
    text: Annotated[Columns, Field(min_length=1)]
    base64: bool = False
    metadata: dict[str, str] = Field(default_factory=dict)
    content_type: str | None = None
    filename: str | None = None
    version: str | None = None
    tenant: str | None = None
    database: str | None = None
    embedding_model: str | None = None
    unavailable: str = _PLACEHOLDER

    @model_validator(mode="before")
    @classmethod
    def _with_names(cls, given: object) -> object:
        if isinstance(given, dict) and isinstance(columns := given.get("metadata"), list):
            return {**given, "metadata": {str(column): column for column in columns}}
        return given

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.base64 and len(self.text) > 1:
            raise ValueError(f"base64 needs one column of text, found {len(self.text)}")
        try:
            check_collection_name(self.collection)
        except RequestError as error:
            raise ValueError(str(error)) from None
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tables: list[Table] = Field(min_length=1)


def read_tables(path: Path, taken: Sequence[str] = ()) -> dict[str, Table]:
    """Topic → table.

    Args:
        taken: names of topics that are ours.

    Raises RequestError that names the table and the field.
    """
    try:
        found = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RequestError(error.strerror or str(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RequestError(f"it is not TOML: {error}") from None
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"]) or "file"
        raise RequestError(f"{place}: {fault['msg'].removeprefix('Value error, ')}") from None
    tables: dict[str, Table] = {}
    for table in found.tables:
        if table.topic in tables or table.topic in taken:
            whose = "ours" if table.topic in taken else "there twice"
            raise RequestError(f"topic {table.topic!r} is {whose}")
        tables[table.topic] = table
    _check_apart(tables)
    return tables


def _check_apart(tables: Mapping[str, Table]) -> None:
    """Two tables whose rows would have the same document keys overwrite each other."""
    places: dict[tuple[str | None, ...], str] = {}
    for table in tables.values():
        place = (table.tenant, table.database, table.collection, table.key_prefix)
        if other := places.get(place):
            raise RequestError(
                f"rows of {other} and {table.topic} would have the same keys in collection "
                f"{table.collection!r}; give one of them a key_prefix"
            )
        places[place] = table.topic
