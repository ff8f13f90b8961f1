"""The vision model that reads pages and describes pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from headrace.settings import Settings

if TYPE_CHECKING:
    from services.parsing.vision import VisionReader


def vision_of(settings: Settings, cache: Path) -> VisionReader | None:
    """A reader with its answers cached in a file; None if no endpoint is configured."""
    if not settings.vision_url:
        return None
    from services.parsing.questions import Limits
    from services.parsing.vision import AnswerCache, VisionConfig, VisionReader

    key = settings.vision_api_key.get_secret_value() if settings.vision_api_key else ""
    return VisionReader(
        VisionConfig(str(settings.vision_url), settings.vision_model, key, settings.vision_seconds),
        AnswerCache(cache),
        Limits(settings.vision_pages, settings.vision_document_requests),
        settings.vision_run_requests,
    )
