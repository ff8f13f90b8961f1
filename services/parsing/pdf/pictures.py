"""What the pictures inside a document say, in words, where they stand."""

from __future__ import annotations

from services.parsing.image import Pictures
from services.parsing.markdown import image
from services.parsing.pdf.geometry import Page, Picture

#: A picture smaller than this (points, a quarter inch) is an icon, a rule or a bullet.
SMALLEST = 18
#: Below this share of the page a picture is named by its kind and size, without reading it: logos, portraits.
READABLE = 0.04


def counts(picture: Picture, page: Page) -> bool:
    """Whether a picture says anything by itself: neither an ornament nor the background of the whole page.
    Those of a page that is read as one picture do not."""
    if page.scanned:
        return False
    width, height = picture.x1 - picture.x0, picture.y1 - picture.y0
    return min(width, height) >= SMALLEST and width * height < 0.9 * page.width * page.height


def described(picture: Picture, page: Page, pictures: Pictures) -> list[str]:
    """Markdown blocks for a picture: what is known of it and, when that is a text of its own, what is
    written in it."""
    share = (picture.x1 - picture.x0) * (picture.y1 - picture.y0) / (page.width * page.height or 1.0)
    if share < READABLE or not picture.content:
        return [image("", "", f"{picture.width} × {picture.height}")]
    line, blocks = pictures.describe(picture.content)
    return [part for part in (line, *blocks) if part]
