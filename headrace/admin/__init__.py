"""Operator tasks on the cluster: topics, lag, dead letters, verification."""
