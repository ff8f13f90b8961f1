"""The gateway's search backends: Chroma, the sparse index, and a reranker."""

from urllib.parse import urlsplit

from api import ChromaAccess, RerankAccess
from api.search.sparse import SparseService
from headrace.settings import Settings
from headrace.wiring.shared import Wiring
from schemas.errors import RequestError
from schemas.limits import BM25


def chroma_of(wiring: Wiring) -> ChromaAccess:
    """The gateway's access to Chroma. Chroma Cloud implements `search`, a single node does not."""
    host = urlsplit(wiring.chroma_url).hostname or ""
    searches = host == "trychroma.com" or host.endswith(".trychroma.com")
    return ChromaAccess(wiring.chroma_url, wiring.chroma_token, wiring.settings.chroma_tenant, searches)


def sparse_of(settings: Settings) -> SparseService | None:
    """The service `searching`, if its URL is set. Raises RequestError if its token is missing."""
    if settings.search_url is None:
        return None
    if settings.search_token is None:
        raise RequestError("HEADRACE_SEARCH_URL needs HEADRACE_SEARCH_TOKEN: that of the service searching")
    return SparseService(settings.search_url, settings.search_token.get_secret_value())


def sparse_default_of(settings: Settings) -> str | None:
    """The sparse model of requests that name none."""
    return BM25 if settings.sparse_default == "bm25" else None


def rerank_of(settings: Settings) -> RerankAccess | None:
    """The reranker, if one is configured."""
    if settings.rerank_url is None:
        return None
    key = settings.rerank_api_key.get_secret_value() if settings.rerank_api_key else None
    return RerankAccess(settings.rerank_url, settings.rerank_form, settings.rerank_model, key)
