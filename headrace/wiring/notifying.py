"""Wire notifying, which tells endpoints in the connectors' process when runs end."""

from pathlib import Path

from headrace.secrets_key import secrets_of
from headrace.wiring.shared import Wiring
from services.notifying import NotifyingStage, Sender
from streams.state.webhooks import Webhooks


def notifying(wiring: Wiring, folder: Path) -> NotifyingStage:
    """The stage, not started."""
    allowed = frozenset(host.lower() for host in wiring.settings.webhook_allowed_hosts)
    webhooks = Webhooks(wiring.cluster, wiring.codec, folder / "webhooks.sqlite")
    return NotifyingStage(webhooks, Sender(secrets_of(wiring.settings), allowed))
