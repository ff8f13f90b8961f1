"""What triggers count, in prometheus_client's default registry."""

from prometheus_client import Counter

#: `outcome`: run, ignored (no source, or nothing to do), again (tried once more later), dead_letter.
MESSAGES = Counter("headrace_trigger_messages", "Messages of buckets handled.", ["outcome"])
RUNS = Counter("headrace_trigger_runs", "Runs that events have asked for.", ["auto_sync"])
FAULTS = Counter("headrace_trigger_faults", "Calls to a queue that failed.", ["queue"])
