"""Prometheus metrics of a stage; every service serves them at `/metrics`."""

import shutil
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

RECORDS = Counter("headrace_records", "Records whose outputs were acknowledged", ["stage"])
BYTES = Counter("headrace_bytes", "Bytes of the values of records read", ["stage"])
ERRORS = Counter("headrace_errors", "Errors raised by a stage, by class", ["stage", "error"])
RETRIES = Counter("headrace_retries", "Retries after a transient error", ["stage"])
DEAD_LETTERS = Counter("headrace_dead_letters", "Records that became dead letters", ["stage", "error"])
IN_FLIGHT = Gauge("headrace_in_flight", "Records in progress", ["stage"])
SECONDS = Histogram(
    "headrace_seconds",
    "Processing seconds per record (of a batch: its seconds divided by its records)",
    ["stage"],
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300),
)
LAG = Gauge("headrace_lag", "Records not yet read", ["stage", "partition"])
OLDEST = Gauge("headrace_oldest_record_seconds", "Age of the oldest record in progress", ["stage"])
EXPIRED = Counter("headrace_expired_records", "Records that expired before they were read", ["stage"])
CHROMA_SECONDS = Histogram(
    "headrace_chroma_seconds",
    "Seconds of a request to Chroma, answered or not, by the last part of its path",
    ["operation"],
    buckets=(0.002, 0.01, 0.05, 0.2, 1, 5, 20, 60),
)
DISK_FREE = Gauge(
    "headrace_disk_free_bytes", "Bytes that may still be written on the disk of a folder", ["place"]
)


def watch_disk(place: str, folder: Path) -> None:
    """Serve the free bytes of a folder's disk as of each scrape. `place`: `data` or `blobs`."""

    def free() -> float:
        there = next(one for one in (folder, *folder.absolute().parents) if one.is_dir())
        return shutil.disk_usage(there).free

    DISK_FREE.labels(place).set_function(free)
