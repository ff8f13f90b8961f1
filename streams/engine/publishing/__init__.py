"""From outcomes to the log: ordered outputs, dead letters, progress, shared transactions."""
