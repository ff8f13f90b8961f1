"""The modules that services load: `headrace up` loads them once, and forks the services.

None of them starts a thread or opens a connection when it is imported. What only some deployments need, such
as torch, a browser or a schema registry, is left to the service that needs it.
"""

#: What a forked service runs: the command, as a program does.
MAIN = "headrace.cli.app:run"

#: What the functions of `headrace.wiring` import when a service starts.
PRELOAD = (
    "headrace.cli.operate.up",
    "headrace.logs",
    "headrace.wiring",
    "headrace.wiring.bucket_events",
    "headrace.wiring.inbox",
    "headrace.wiring.notifying",
    "headrace.wiring.schedules",
    "headrace.wiring.search",
    "headrace.wiring.verifying",
    "services.connectors",
    "services.parsing.sandbox.pool",
    "services.parsing.stage",
    "services.parsing.vision",
    "services.chunking.ahead",
    "services.chunking.stage",
    "services.embedding",
    "services.embedding.catalogue",
    "services.embedding.proof",
    "services.embedding.serving",
    "services.embedding.sparse",
    "services.embedding.stage",
    "services.indexing",
    "services.tracking",
    "services.searching",
    "api",
)
