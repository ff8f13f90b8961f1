"""Sparse search: where `searching` answers, and what a caller presents."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from headrace.settings.values import HeaderSecret, HttpUrl


class SearchSettings(BaseSettings):
    """Sparse search: where `searching` answers, and what a caller presents."""

    sparse_default: Literal["none", "bm25"] = Field(
        "none",
        description="Sparse vectors of sources and uploads whose request does not mention them: none, as in "
        "the contract, or BM25. `headrace sync` asks for BM25 itself.",
    )
    search_url: HttpUrl | None = Field(
        None,
        description="Where the gateway finds `searching`, `http://host:port`. `headrace up` sets it.",
    )
    search_port: int = Field(
        8384, description="Port that `searching` listens on; 0 chooses a free port.", ge=0, le=65535
    )
    search_token: HeaderSecret = Field(
        None,
        description="What the gateway presents to `searching`: a secret of your choice, the same for both. "
        "`headrace up` makes one for each start.",
    )
