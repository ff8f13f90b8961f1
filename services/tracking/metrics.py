"""Metrics of the runs that have ended."""

from prometheus_client import Histogram

RUN_SECONDS = Histogram(
    "headrace_run_seconds",
    "Seconds from the creation of a run to its end.",
    ["source_type", "status"],
    buckets=(0.5, 2, 10, 60, 300, 1_800, 7_200, 43_200),
)
