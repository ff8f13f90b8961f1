"""Ours, for administrators: API keys."""
