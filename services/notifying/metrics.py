"""What notifying counts, in prometheus_client's default registry."""

from prometheus_client import Counter

ATTEMPTS = Counter("headrace_webhook_attempts", "Attempts to deliver completion webhooks", ["outcome"])
