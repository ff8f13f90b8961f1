"""What the gateway searches with: Chroma, and a reranker."""

from urllib.parse import urlsplit

from api import ChromaAccess, RerankAccess
from headrace.settings import Settings
from headrace.wiring.shared import Wiring


def chroma_of(wiring: Wiring) -> ChromaAccess:
    """Chroma as the gateway asks it. Chroma Cloud searches itself, a single node does not."""
    host = urlsplit(wiring.chroma_url).hostname or ""
    searches = host == "trychroma.com" or host.endswith(".trychroma.com")
    return ChromaAccess(wiring.chroma_url, wiring.chroma_token, wiring.settings.chroma_tenant, searches)


def rerank_of(settings: Settings) -> RerankAccess | None:
    """The reranker, if one is set."""
    if settings.rerank_url is None:
        return None
    key = settings.rerank_api_key.get_secret_value() if settings.rerank_api_key else None
    return RerankAccess(settings.rerank_url, settings.rerank_form, settings.rerank_model, key)
