"""A vision model behind an OpenAI-compatible endpoint, which describes pictures and transcribes pages.

These functions do not raise: without a model, or without an answer, they return None and the caller uses OCR.
"""

from __future__ import annotations

import base64
import io
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from PIL.Image import Image

#: Longer side of the pictures sent (pixels): models see no more, and a page stays readable.
SIDE = 1568
#: Seconds before a failed model is called again, so that a model that is down costs only one timeout.
PAUSE = 30.0

_DESCRIBE = (
    "Describe this picture from a document in one or two plain sentences for someone who cannot see it. "
    "If it is a chart or diagram, say what it shows and its main values. Answer with the description alone."
)
_READ = (
    "Transcribe this page to markdown: headings, paragraphs, lists, tables as pipe tables, formulas as LaTeX "
    "between dollar signs, in reading order. Leave out running headers, footers and page numbers. Describe "
    "pictures in one sentence where they stand. Answer with the markdown alone."
)


@dataclass(frozen=True)
class Vision:
    """The endpoint and when to use it.

    `url` is the base URL (`http://host:8000/v1`, without `/chat/completions`). `pages` selects the pages that
    the model reads: those without text (`auto`), all (`always`) or none (`never`; pictures are still
    described).
    """

    url: str
    model: str
    api_key: str = ""
    pages: Literal["auto", "never", "always"] = "auto"
    timeout: float = 60.0


_vision: Vision | None = None
_paused_until = 0.0


def configure(vision: Vision | None) -> None:
    """Set the endpoint of this process; None disables it."""
    global _vision, _paused_until
    _vision, _paused_until = vision, 0.0


def configured() -> Vision | None:
    return _vision


def describe(image: Image) -> str | None:
    """Describe a picture in one line."""
    answer = _ask(image, _DESCRIBE, most_tokens=300)
    return " ".join(answer.split()) if answer else None


def read_page(image: Image) -> str | None:
    """Transcribe a page to markdown."""
    answer = _ask(image, _READ, most_tokens=8_000)
    return _unfenced(answer) if answer else None


def _unfenced(answer: str) -> str:
    """Remove a code fence around the whole answer, which models like to add."""
    lines = answer.strip().split("\n")
    if len(lines) > 1 and lines[0] in ("```", "```markdown", "```md") and lines[-1] == "```":
        lines = lines[1:-1]
    return "\n".join(lines).strip()


def _ask(image: Image, question: str, most_tokens: int) -> str | None:
    global _paused_until
    vision = _vision
    if vision is None or time.monotonic() < _paused_until:
        return None
    try:
        return _answer(vision, _body(vision, image, question, most_tokens))
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        # ApiError, timeout, a status other than 200 or an unexpected answer: all the same to the caller.
        _paused_until = time.monotonic() + PAUSE
        return None


def _body(vision: Vision, image: Image, question: str, most_tokens: int) -> bytes:
    picture = image.convert("RGB")
    picture.thumbnail((SIDE, SIDE))
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=85)
    url = "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode()
    content = [{"type": "text", "text": question}, {"type": "image_url", "image_url": {"url": url}}]
    return json.dumps(
        {
            "model": vision.model,
            "messages": [{"role": "user", "content": content}],
            "max_tokens": most_tokens,
            "temperature": 0,
        }
    ).encode()


def _answer(vision: Vision, body: bytes) -> str | None:
    url = f"{vision.url.rstrip('/')}/chat/completions"
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"HEADRACE_VISION_URL is {vision.url!r}, expected http:// or https://")
    import urllib.request  # seldom needed, and takes as long to import as reading a document

    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 (checked above)
    if vision.api_key:
        request.add_header("Authorization", f"Bearer {vision.api_key}")
    with urllib.request.urlopen(request, timeout=vision.timeout) as reply:  # noqa: S310 (checked above)
        answer = json.load(reply)["choices"][0]["message"]["content"]
    return answer.strip() or None if isinstance(answer, str) else None
