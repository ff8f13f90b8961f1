"""`headrace query`: the hits of the gateway's search."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from schemas.api import SearchAnswer, SearchHit


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was found. Lines are 1-based, inclusive.

    `dense` and `sparse` are its ranks by meaning and by words, with the score of each; None if it was not
    found that way. The score of a `fused` hit is not a similarity.
    """

    document_key: str
    start_line: int | None
    end_line: int | None
    score: float
    text: str
    context: str
    page: int | None
    rank: int = 1
    dense: Mapping[str, float] | None = None
    sparse: Mapping[str, float] | None = None
    relevance: float | None = None
    fused: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    document_id: str | None = None
    chunk_number: int | None = None

    @property
    def place(self) -> str:
        """`README.md:12–30`, and the page if the document has pages."""
        lines = "" if self.start_line is None else f":{self.start_line}–{self.end_line}"
        return f"{self.document_key}{lines}" + (f" (page {self.page})" if self.page else "")

    @property
    def why(self) -> str:
        """Why it is a hit: its ranks by meaning and by words, or the score of the only ranking."""
        places = [
            f"{name} {int(place['rank'])}"
            for name, place in (("meaning", self.dense), ("words", self.sparse))
            if place is not None
        ]
        ranked = ", ".join(places) if self.fused else f"{self.score:.3f}"
        return ranked if self.relevance is None else f"{ranked}, relevance {self.relevance:.3f}"

    def as_json(self) -> dict[str, Any]:
        """The hit as JSON values."""
        return asdict(self)


def hits_of(answer: SearchAnswer) -> list[Hit]:
    """The hits of an answer."""
    return [_hit(hit, answer.mode == "hybrid") for hit in answer.hits]


def notes_of(answer: SearchAnswer) -> Sequence[str]:
    """Notes for the user: why the search differs from what was requested."""
    indexed, total = answer.searched.sparse, answer.searched.dense
    if answer.mode == "dense" or indexed >= total:
        return answer.notes
    return [*answer.notes, f"{indexed:,} of {total:,} chunks can be found by words so far"]


def _hit(hit: SearchHit, fused: bool) -> Hit:
    metadata = hit.metadata
    return Hit(
        document_key=str(metadata.get("document_key", "?")),
        start_line=metadata.get("start_line"),
        end_line=metadata.get("end_line"),
        score=hit.score,
        text=hit.text,
        context=str(metadata.get("context") or ""),
        page=metadata.get("page"),
        rank=hit.rank,
        dense=None if hit.dense is None else hit.dense.model_dump(),
        sparse=None if hit.sparse is None else hit.sparse.model_dump(),
        relevance=hit.relevance,
        fused=fused,
        metadata=metadata,
        document_id=hit.document_id,
        chunk_number=hit.chunk_number,
    )
