"""Kafka at the edge: the cluster, the consumer worker, producers, transactions, group membership."""
