"""Messages between a service and its workers: a kind, a length, and JSON; raw bytes follow a call.

    call     b"c"  length of the header (8 bytes)  header  bytes arguments, one after the other
             header: {"function": "module:name", "arguments": [...], "bytes": {"0": 4096}, "cpu_seconds": 120}
    answer   b"t"  length (8 bytes)  name, zero byte, text: for each long text field of a dataclass; then
             b"v"  length (8 bytes)  the value as JSON; or
             b"e"  length (8 bytes)  {"name": "CorruptDocument", "message": "…", "traceback": "…"}

Calls are written by the service and trusted. Answers are not: a length is checked before anything is read,
and the JSON is validated by type (pydantic). No pickles: reading one can call any function.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache
from struct import Struct
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from schemas import errors
from schemas.errors import IngestError
from streams.processes.errors import BadAnswer, RemoteError

#: The kind of a message and the bytes that follow.
FRAME = Struct("!cQ")
CALL, TEXT, VALUE, ERROR = b"c", b"t", b"v", b"e"
#: Longer texts (in characters) are sent separately. As JSON they would be in memory three times.
LONG_TEXT = 1024 * 1024
#: Maximum length of an error's message and of its traceback, in characters.
_MESSAGE_CHARACTERS, _TRACEBACK_CHARACTERS = 4_000, 8_000
#: Maximum length of an error's JSON: each character takes at most 12 bytes (an escaped surrogate pair).
MAX_ERROR_BYTES = 12 * (_MESSAGE_CHARACTERS + _TRACEBACK_CHARACTERS) + 1_000


@dataclass(frozen=True)
class Call:
    """A function, `module:name`, and its arguments."""

    function: str
    arguments: list[Any]
    cpu_seconds: int | None = None


@dataclass(frozen=True)
class Failure:
    """An encoded exception."""

    name: str
    message: str
    traceback: str = ""


_FAILURE = TypeAdapter(Failure)


def encode_call(
    function: Callable[..., Any], arguments: Sequence[Any], cpu_seconds: int | None
) -> list[bytes]:
    """The buffers of a call. Arguments are bytes, which are not copied, or anything that pydantic converts to
    JSON."""
    raw = {at: value for at, value in enumerate(arguments) if isinstance(value, bytes)}
    header = to_json(
        {
            "function": f"{function.__module__}:{function.__qualname__}",
            "arguments": [None if at in raw else value for at, value in enumerate(arguments)],
            "bytes": {at: len(value) for at, value in raw.items()},
            "cpu_seconds": cpu_seconds,
        }
    )
    return [FRAME.pack(CALL, len(header)) + header, *raw.values()]


def receive_call(channel: socket.socket) -> Call | None:
    """Wait for the next call; None when the service has closed the channel."""
    if not (frame := _receive(channel, FRAME.size)):
        return None
    header = json.loads(_receive(channel, FRAME.unpack(frame)[1]))
    for at, length in header["bytes"].items():
        header["arguments"][int(at)] = _receive(channel, length)
    return Call(header["function"], header["arguments"], header["cpu_seconds"])


def send_value(channel: socket.socket, value: object) -> None:
    """Send a complete result. If it cannot be converted to JSON, nothing is sent."""
    texts = _long_texts(value)
    if texts:
        value = replace(value, **dict.fromkeys(texts, ""))  # type: ignore[type-var]
    body = to_json(value)
    for name, text in texts.items():
        _send_text(channel, name, text)
    channel.sendall(FRAME.pack(VALUE, len(body)))
    channel.sendall(body)


def send_error(channel: socket.socket, error: BaseException, traceback: str) -> None:
    """Send an exception."""
    body = encode_error(error, traceback)
    channel.sendall(FRAME.pack(ERROR, len(body)) + body)


def _long_texts(value: object) -> dict[str, str]:
    if not is_dataclass(value):
        return {}
    held = ((field.name, getattr(value, field.name)) for field in fields(value))
    return {name: text for name, text in held if isinstance(text, str) and len(text) >= LONG_TEXT}


def _send_text(channel: socket.socket, name: str, text: str) -> None:
    """Send a text in pieces, so that it is not in memory twice."""
    pieces = range(0, len(text), LONG_TEXT)
    head = name.encode() + b"\0"
    length = sum(len(text[at : at + LONG_TEXT].encode()) for at in pieces)
    channel.sendall(FRAME.pack(TEXT, len(head) + length) + head)
    for at in pieces:
        channel.sendall(text[at : at + LONG_TEXT].encode())


def encode_error(error: BaseException, traceback: str) -> bytes:
    """The body of an answer with an exception."""
    message, trace = str(error)[:_MESSAGE_CHARACTERS], traceback[-_TRACEBACK_CHARACTERS:]
    return json.dumps(
        {"name": type(error).__name__, "message": _sound(message), "traceback": _sound(trace)}
    ).encode()


def decode_value(function: Callable[..., Any], body: bytes, texts: Sequence[bytes] = ()) -> Any:
    """The value of an answer. Raises BadAnswer if it does not have the function's return type."""
    try:
        value = _returns(function).validate_json(body, strict=True)
        return _with_texts(value, texts) if texts else value
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadAnswer(f"the answer is not valid: {where}{': ' if where else ''}{first['msg']}") from None


def _with_texts(value: Any, texts: Sequence[bytes]) -> Any:
    found: dict[str, str] = {}
    for field in texts:
        label, _, content = field.partition(b"\0")
        try:
            found[label.decode()] = content.decode()
        except UnicodeDecodeError as error:
            raise BadAnswer(f"a text of the answer is not UTF-8: {error.reason}") from None
    known = {one.name for one in fields(value)} if is_dataclass(value) else set()
    for name in found:
        if name not in known or not isinstance(getattr(value, name), str):
            raise BadAnswer(f"the answer has a text {name[:40]!r}, which is no text field of its type")
    return replace(value, **found)


def decode_error(body: bytes) -> Exception:
    """The exception of an answer: one of `schemas.errors`, or a RemoteError. Raises BadAnswer."""
    try:
        failure = _FAILURE.validate_json(body, strict=True)
    except ValidationError:
        raise BadAnswer("the answer is an invalid error") from None
    found = getattr(errors, failure.name, None)
    # RateLimited needs the time to wait, which a worker does not know.
    if isinstance(found, type) and issubclass(found, IngestError) and found is not errors.RateLimited:
        return found(failure.message)
    return RemoteError(failure.name, failure.message, failure.traceback)


@lru_cache(maxsize=256)
def _returns(function: Callable[..., Any]) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(function)["return"])


def _sound(text: str) -> str:
    """Escape lone surrogates, which pydantic does not accept in JSON."""
    return text.encode(errors="backslashreplace").decode()


def _receive(channel: socket.socket, length: int) -> bytes:
    """Exactly `length` bytes; fewer if the service has closed the channel."""
    # Usually one piece, which the kernel fills completely, so a long document is not copied.
    pieces = []
    while length and (piece := channel.recv(min(length, 1 << 30), socket.MSG_WAITALL)):
        pieces.append(piece)
        length -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
