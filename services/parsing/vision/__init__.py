"""Asking a vision model: any OpenAI-compatible chat endpoint that takes images.

questions ─► VisionReader ─► cache (an image is asked about once per model)
             budgets        └► VisionEndpoint (retries, Retry-After, one pause for all) ─► answers

This runs in the service. Parsing workers, which open the documents, have neither network nor key.
"""

from services.parsing.vision.cache import AnswerCache
from services.parsing.vision.endpoint import VisionConfig
from services.parsing.vision.reader import VisionReader

__all__ = ["AnswerCache", "VisionConfig", "VisionReader"]
