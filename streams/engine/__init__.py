"""The stage engine, without Kafka: the contract of a stage, windows, schedule, retries, ordering, commits."""
