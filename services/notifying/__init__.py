"""Notifying: tells endpoints of completion webhooks when runs end.

    invocations ─► which endpoints want it ─► webhook-deliveries ─► attempts over HTTP ─┐
                                                    ▲                                   │
                                                    └── delivered, or when it is tried again

A delivery is written in one transaction with the position on `invocations`, so a run that has ended has
exactly one for each endpoint. The member of the group `notifying` that owns a partition attempts the
deliveries in it. A process that dies between an attempt and its record makes the attempt once more: the
receiver sees the same `webhook-id`.

    message.py   what an endpoint is told, and when it is tried again. Pure
    sending.py   one attempt: signed, guarded, with a deadline
    stage.py     which deliveries are attempted when

It runs in the connectors' process: it waits nearly all of the time.
"""

from services.notifying.sending import Sender
from services.notifying.stage import NotifyingStage

__all__ = ["NotifyingStage", "Sender"]
