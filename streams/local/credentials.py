"""The password of the local broker: made once, kept in the broker's folder for its owner alone.

Clients authenticate with SCRAM, so whoever takes the broker's port while it is down does not learn the
password. Kafka keeps SCRAM credentials in its metadata. The first start of a folder therefore also accepts a
password for that one run (PLAIN), with which the lasting one is set (`LocalBroker._answers`).
"""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from streams.kafka.client_config import render_client_config
from streams.private import write_private

USER = "headrace"
#: Of random data; written in hexadecimal digits, which no configuration format has to escape.
_PASSWORD_BYTES = 32


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the broker and its clients share. `setup` is the password of this run alone."""

    password: str = field(repr=False)
    setup: str = field(repr=False)

    def properties(self) -> dict[str, str]:
        """librdkafka properties of a client."""
        return _client("SCRAM-SHA-256", self.password)

    def setup_properties(self) -> dict[str, str]:
        """librdkafka properties of the client that sets the password."""
        return _client("PLAIN", self.setup)


def _client(mechanism: str, password: str) -> dict[str, str]:
    return {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": mechanism,
        "sasl.username": USER,
        "sasl.password": password,
    }


def load_credentials(file: Path) -> Credentials:
    """The credentials whose password is kept in `file`; made (mode 0600) when there are none."""
    setup = secrets.token_hex(_PASSWORD_BYTES)
    try:
        if kept := file.read_text().strip():
            return Credentials(kept, setup)
    except FileNotFoundError:
        pass
    password = secrets.token_hex(_PASSWORD_BYTES)
    write_private(file, password + "\n")
    return Credentials(password, setup)


def client_file(bootstrap_servers: str, credentials: Credentials) -> str:
    """What clients of the user's own need, as a file."""
    module = "org.apache.kafka.common.security.scram.ScramLoginModule"
    jaas = f'{module} required username="{USER}" password="{credentials.password}";'
    return render_client_config(bootstrap_servers, credentials.properties(), f"sasl.jaas.config={jaas}")
