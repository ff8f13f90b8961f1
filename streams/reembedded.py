"""Collections that were embedded again with another model.

Chroma keeps vectors of one model in a collection, so another model means another collection, with another id.
What is recorded of its documents and sparse rows stays valid: records call a collection by the id of the
first one of its line. The successor says in its metadata which that is, and with which model it is embedded
from now on, whatever its sources say.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from schemas.base import OwnBody
from schemas.events import Embedding

#: The metadata key with a `Reembedded` as JSON.
REEMBEDDED_KEY = "headrace_reembedded"


class Reembedded(OwnBody):
    """What a collection says that has taken the place of another one.

    Attributes:
        at: its own id. On a collection with another id, which somebody gave a copy of the metadata, it counts
            for nothing.
        identity: what records call it.
        former: Chroma's id of the collection whose place it has taken.
        embedding: its dense model and task.
    """

    at: str
    identity: str
    former: str
    embedding: Embedding

    def over(self, embedding: Embedding) -> Embedding:
        """The embedding of a document of this collection, whose source names another one."""
        return self.embedding.model_copy(update={"sparse": embedding.sparse})


def reembedded(found: Mapping[str, Any]) -> Reembedded | None:
    """What a collection, as Chroma shows it, says of this; None for one that is the first of its line."""
    said = (found.get("metadata") or {}).get(REEMBEDDED_KEY)
    if not isinstance(said, str):
        return None
    try:
        read = Reembedded.model_validate_json(said)
    except ValidationError:  # somebody else's key of the same name
        return None
    return read if read.at == found.get("id") else None


def identity_of(found: Mapping[str, Any]) -> str:
    """What records call a collection."""
    known = reembedded(found)
    return str(found["id"]) if known is None else known.identity
