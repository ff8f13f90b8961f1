"""What scheduling counts, in prometheus_client's default registry."""

from prometheus_client import Counter, Gauge

RUNS = Counter("headrace_scheduled_runs", "Runs that schedules have asked for", ["source_type"])
PASSED_OVER = Counter(
    "headrace_schedule_passed_over", "Due times of schedules that made no run", ["source_type", "reason"]
)
LATE = Gauge(
    "headrace_schedule_late_seconds", "How long the most overdue schedule of this process has waited"
)
