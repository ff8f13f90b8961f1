"""Files of librdkafka properties, one `name=value` per line, as `kcat -F` reads them."""

from collections.abc import Mapping
from pathlib import Path

from schemas.errors import RequestError


def read_client_config(file: Path) -> dict[str, str]:
    """The properties in a file; blank lines and lines that begin with `#` are ignored.

    Raises RequestError if it cannot be read or a line is not a property. The error never shows the line,
    which may be a secret.
    """
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    properties = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            raise RequestError(f"{file}, line {number}: expected name=value")
        properties[name.strip()] = value.strip()
    return properties


def render_client_config(bootstrap_servers: str, properties: Mapping[str, str], java: str) -> str:
    """A file for clients. `java` is the line that Java clients need instead of `sasl.username` and
    `sasl.password`."""
    lines = [f"bootstrap.servers={bootstrap_servers}"]
    lines += [f"{name}={value}" for name, value in properties.items()]
    lines += [
        "# Java's clients: remove sasl.username, sasl.password and the # of the next line.",
        f"#{java}",
    ]
    return "\n".join(lines) + "\n"
