"""Prometheus metrics of the service."""

from prometheus_client import Counter, Gauge, Histogram

ROWS = Counter("headrace_searching_rows", "Rows written to or deleted from the sparse index")
COLLECTIONS = Gauge("headrace_searching_collections", "Collections in the sparse index")
BEHIND = Gauge("headrace_searching_behind", "1 while the index does not follow its topic, else 0")
QUERIES = Counter("headrace_searching_queries", "Sparse queries, by what became of them", ["outcome"])
SECONDS = Histogram(
    "headrace_searching_seconds",
    "Seconds to answer a request, whatever it asks for",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1, 5),
)
