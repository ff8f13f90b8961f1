"""Which file names stand for which language in the tests."""

from services.chunking.languages import FILENAMES

__all__ = ["FILENAMES"]
