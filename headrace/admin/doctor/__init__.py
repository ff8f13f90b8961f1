"""`headrace doctor`: check everything that a system needs, and say what to do about each fault.

`machine` checks what a command can see by itself: settings, packages, disks, Java, the model. `servers` asks
the broker, Chroma, the blob store and the gateway. No check changes anything, but for one probe blob that is
written, read and deleted.
"""

from headrace.admin.doctor.check import Check, Verdict
from headrace.admin.doctor.machine import machine_checks
from headrace.admin.doctor.servers import server_checks

__all__ = ["Check", "Verdict", "machine_checks", "server_checks"]
