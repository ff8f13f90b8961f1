"""Read dead letters at their places on the topic, and replay or drop them. Functions block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.codec import Codec
from schemas.errors import RequestError
from schemas.events import DeadLetter, Era, LetterSettled
from streams.engine.publishing.dead_letters import replay_headers
from streams.kafka.cluster import Cluster
from streams.kafka.sending import Sending, send
from streams.state.layout import order_of, require_settled
from streams.state.reader import PATIENCE_SECONDS, Reader
from streams.topics import BY_NAME, DEAD_LETTERS

REPLAYED, DROPPED = "replayed", "dropped"
#: Something newer has taken its place.
SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class LetterPlace:
    """A letter's id and its place on `dead-letters`."""

    id: str
    partition: int
    offset: int


def letters_at(
    cluster: Cluster,
    codec: Codec,
    places: Sequence[LetterPlace],
    patience_seconds: float = PATIENCE_SECONDS,
) -> Iterator[DeadLetter]:
    """The letters at these places; those that have expired are left out. Few are in memory at once. Raises
    TransientError if nothing comes for so long."""
    reader = Reader(cluster, codec, patience_seconds=patience_seconds)
    try:
        for partition in sorted({place.partition for place in places}):
            wanted = {place.offset for place in places if place.partition == partition}
            where = (DEAD_LETTERS.name, partition)
            reader.assign({where: min(wanted)})
            for batch in reader.read_to({where: max(wanted) + 1}):
                for change in batch.changes:
                    if change.offset in wanted and isinstance(change.event, DeadLetter):
                        yield change.event
    finally:
        reader.close()


def require_replayable(letter: DeadLetter) -> None:
    """Raises RequestError for a letter that does not hold its record, or whose topic is not one of ours."""
    if letter.topic not in BY_NAME:
        raise RequestError(
            f"dead letter {letter.id} is a message of {letter.topic}, which is none of our topics: "
            "send it there again, or run the source"
        )
    if not letter.whole:
        raise RequestError(
            f"dead letter {letter.id} does not contain its record, which was too large: read it at "
            f"{letter.topic}[{letter.partition}]@{letter.offset}, or send the document again"
        )


def replay(cluster: Cluster, codec: Codec, letters: Sequence[DeadLetter], now: datetime, key_id: str) -> None:
    """Send records again with their key, value and headers; then note that they were. Waits for the
    acknowledgements.

    A record of `documents` keeps its sequence, so it overwrites nothing newer. A process that dies in between
    leaves letters open whose records were sent: to send them once more changes nothing.

    Raises RequestError as `require_replayable`, TransientError if the broker does not acknowledge, or while
    partitions are being grown.
    """
    for letter in letters:
        require_replayable(letter)
    eras = require_settled(cluster, codec).eras
    records = [
        Sending(letter.topic, letter.key, letter.value, list(headers_of(letter, eras).items()))
        for letter in letters
    ]
    send(cluster, records, "were not sent again")
    settle(cluster, codec, [letter.id for letter in letters], REPLAYED, now, key_id)


def headers_of(letter: DeadLetter, eras: Sequence[Era]) -> dict[str, bytes]:
    """Headers for sending the record of a letter again. Its offset may be that of a topic that was made anew
    since."""
    then = [era for era in eras if era.since is None or era.since <= letter.failed_at]
    return replay_headers(letter, order_of(then, letter.partition, letter.offset))


def settle(
    cluster: Cluster, codec: Codec, ids: Sequence[str], action: str, now: datetime, key_id: str
) -> None:
    """Note what has become of letters. Raises TransientError as `replay`."""
    require_settled(cluster, codec)
    events = [LetterSettled(id=id_, action=action, settled_at=now, key_id=key_id) for id_ in ids]
    notes = [Sending(DEAD_LETTERS.name, one.id, codec.encode(one, DEAD_LETTERS.name)) for one in events]
    send(cluster, notes, "were not noted")
