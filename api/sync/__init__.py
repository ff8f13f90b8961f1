"""Chroma Sync's contract: sources, invocations and uploads over HTTP."""
