"""Pictures as text: what they show by name, their kind and size, the words in them, a description of a model."""

from __future__ import annotations

import io

from services.parsing import markdown as md


def describe(data: bytes, alt: str = "", name: str = "") -> str:
    """A picture inside a document as inline markdown: alternative text, and kind and size as its title."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as picture:
            return md.image(alt, name, f"{picture.format}, {picture.width} × {picture.height}")
    except Exception:
        return md.image(alt, name) if alt else ""


class Pictures:
    """Describes the pictures of one document."""
