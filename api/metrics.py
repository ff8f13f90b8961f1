"""Metrics of the gateway, in prometheus_client's default registry."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("headrace_http_requests", "Requests answered.", ["method", "route", "status"])
#: From a look-up (a millisecond) to an upload of 200 MiB (a minute and more).
SECONDS = Histogram(
    "headrace_http_request_seconds",
    "Seconds from the head of a request to the end of its response.",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 300),
)
UPLOADS = Gauge("headrace_http_uploads_in_flight", "Active uploads.")
UPLOADED_BYTES = Counter("headrace_http_uploaded_bytes", "Bytes of files received.")
EVENT_STREAMS = Gauge("headrace_http_event_streams", "Open server-sent event streams.")
#: `outcome`: answered (ping), run, noted (a source says something new), ignored, unmatched (no source).
WEBHOOKS = Counter("headrace_webhooks", "Deliveries with a right signature.", ["event", "outcome"])
