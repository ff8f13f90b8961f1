"""What a worker process of a benchmark does with a page."""

from schemas.events import Chunking
from services.chunking.stage import cut
from services.parsing import parse


def parsed_and_cut(body: bytes, content_type: str | None, key: str) -> int:
    """Parse a page and cut its main content; the number of chunks."""
    document = parse(body, "page.html", content_type, main_content=True)
    return len(cut(document.markdown, key, document.text_type, Chunking(), []))
