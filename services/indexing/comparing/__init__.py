"""Compare a collection with what is recorded of it: `verify` in memory, `recorded` with Kafka and Chroma."""
