"""What an operator looks at and repairs on the cluster itself: topics, lag, dead letters."""
