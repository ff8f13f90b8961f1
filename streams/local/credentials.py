"""The password of the local broker: generated once, stored in the broker's folder, readable only by its
owner.

Clients authenticate with SCRAM, so a process that takes the broker's port while it is down does not learn the
password. Kafka stores SCRAM credentials in its metadata, so they can only be set on a running broker.
Therefore the first start of a folder also accepts a one-time password (PLAIN), which is used to set the
permanent one (`LocalBroker._answers`).
"""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from streams.kafka.client_config import render_client_config
from streams.private import write_private

USER = "headrace"
#: Random bytes, written in hexadecimal, which no configuration format needs to escape.
_PASSWORD_BYTES = 32


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of the broker and its clients. `setup` is the one-time password of this run."""

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
    """The credentials with the password in `file`, which is created (mode 0600) if it does not exist."""
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
    """The content of a configuration file for the user's own clients."""
    module = "org.apache.kafka.common.security.scram.ScramLoginModule"
    jaas = f'{module} required username="{USER}" password="{credentials.password}";'
    return render_client_config(bootstrap_servers, credentials.properties(), f"sasl.jaas.config={jaas}")
