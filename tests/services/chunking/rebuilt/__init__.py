"""Texts rebuilt from public reports, with how they must be cut."""
