"""The names of the services, for those who start them without loading them."""

GATEWAY = "api"
SERVICES: tuple[str, ...] = (
    *("connectors", "parsing", "chunking", "embedding", "indexing", "searching", "tracking"),
    GATEWAY,
)
