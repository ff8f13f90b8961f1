"""Kinds of values of settings: what they look like in a variable, and what is refused.

A validator raises ValueError; the command adds the variable's name and value.
"""

import json
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from schemas.errors import RequestError
from streams.kafka.client_config import read_client_config


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value.startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError("it begins with [ but is not a JSON list") from None
    return [part.strip() for part in value.split(",") if part.strip()]


def _are_endpoints(value: list[str]) -> list[str]:
    from schemas.sources.s3 import endpoint_of  # not for every command

    try:
        return [endpoint_of("an endpoint", url) for url in value]
    except RequestError as error:
        raise ValueError(str(error)) from None


def _are_queues(value: list[str]) -> list[str]:
    for url in value:
        if not url.startswith(("https://", "http://")):
            raise ValueError(f"{url[:200]!r} is no URL of a queue, https://sqs.REGION.amazonaws.com/…")
    return value


def _may_be_a_folder(value: Path) -> Path:
    if value.exists() and not value.is_dir():
        raise ValueError("it is not a folder")
    return value


def _is_readable(value: Path) -> Path:
    try:
        read_client_config(value)
    except RequestError as error:
        raise ValueError(str(error)) from None
    return value


def _has_scheme(value: str) -> str:
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("it must begin with http:// or https://")
    return value


def _without_line_break(value: SecretStr | None) -> SecretStr | None:
    # A secret that was read from a file may end with its line break.
    secret = "" if value is None else value.get_secret_value().rstrip("\r\n")
    return SecretStr(secret) if secret else None


def _fits_a_header(value: SecretStr | None) -> SecretStr | None:
    # A key that was read from a file may end with its line break.
    key = "" if value is None else value.get_secret_value().strip()
    if not all("!" <= character <= "~" for character in key):
        raise ValueError("it must be printable ASCII without blanks")
    return SecretStr(key) if key else None


CommaSeparated = Annotated[list[str], NoDecode, BeforeValidator(_split)]
S3Endpoints = Annotated[CommaSeparated, AfterValidator(_are_endpoints)]
QueueUrls = Annotated[CommaSeparated, AfterValidator(_are_queues)]
HttpUrl = Annotated[str, AfterValidator(_has_scheme)]
#: A folder that exists or will be created.
Folder = Annotated[Path, AfterValidator(_may_be_a_folder)]
KafkaConfigFile = Annotated[Path, AfterValidator(_is_readable)]
Secret = Annotated[SecretStr | None, AfterValidator(_without_line_break)]
#: A secret that travels in an HTTP header.
HeaderSecret = Annotated[SecretStr | None, AfterValidator(_fits_a_header)]
