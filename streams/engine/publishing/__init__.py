"""From outcomes to the log: ordered outputs, dead letters, progress events, group commit."""
