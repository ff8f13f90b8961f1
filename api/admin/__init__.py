"""Additions to the contract for administrators: API keys."""
