"""Turn settings into running services: the only place that knows every package.

shared.py         what the services of a process share: cluster, codec, blobs
access.py         what sources may read, and their credentials
bucket_events.py  triggers, within the process of the connectors
inbox.py          the inbox, there, too
search.py         what the gateway searches with
services.py       each service: its stages with their stores, clients and workers
process.py        the life of a process: `run_service`
"""

from headrace.service_names import SERVICES
from headrace.wiring.access import places_of
from headrace.wiring.process import RESTART, run_service
from headrace.wiring.shared import Wiring

__all__ = ["RESTART", "SERVICES", "Wiring", "places_of", "run_service"]
