"""A letter's record as text, to be shown to people. Numbers stay text: none is rounded on its way."""

import base64
import json

from schemas.codec import Codec
from schemas.errors import ContractError
from schemas.events import DeadLetter, DocumentEmbedded, Event

#: Maximum characters of a record that is shown.
MOST_CHARACTERS = 200_000


def text_of(value: bytes) -> str:
    """Bytes as text; in base64 if they are not UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def raw_value(letter: DeadLetter) -> str | None:
    """The record's value in base64; None for a tombstone, and for one that is too large to be shown."""
    if letter.value is None or len(letter.value) * 4 // 3 > MOST_CHARACTERS:
        return None
    return base64.b64encode(letter.value).decode()


def record_of(letter: DeadLetter, codec: Codec) -> tuple[str | None, str | None]:
    """The type of the event in a letter, and the event as JSON: None for what is not one of ours."""
    if letter.value is None:
        return None, None
    try:
        event = codec.decode(letter.value)
    except (ContractError, ValueError):
        return None, None
    return type(event).__name__, _json(event)


def _json(event: Event) -> str:
    shown = event.model_dump(exclude={"vectors", "sparse"} if isinstance(event, DocumentEmbedded) else None)
    text = json.dumps(shown, indent=2, ensure_ascii=False, default=_plain)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}\n… cut off"


def _plain(value: object) -> str:
    return text_of(value) if isinstance(value, bytes) else str(value)
