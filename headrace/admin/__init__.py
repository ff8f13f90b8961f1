"""Work of operators on the cluster itself: topics, lag, dead letters."""
