"""The gateway, and the command that connects to it."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from headrace.settings.values import HeaderSecret, HttpUrl


class GatewaySettings(BaseSettings):
    """The gateway, and the command that connects to it."""

    url: HttpUrl | None = Field(None, description="Gateway that the command connects to, `http://host:port`.")
    api_key: HeaderSecret = Field(
        None, description="Admin key. If it is not set, one is created and stored in the data folder (0600)."
    )
    reconnect_seconds: float = Field(
        60,
        description="Seconds for which a command that follows a run tries to reach a gateway that stopped "
        "answering; 0 gives up at once. The run itself goes on.",
        ge=0,
        le=86400,
    )
    host: str = Field("127.0.0.1", description="Address that the gateway and `/metrics` listen on.")
    port: int = Field(
        8383, description="Port that the gateway listens on; 0 chooses a free port.", ge=0, le=65535
    )
    uploads_per_tenant: int = Field(
        8,
        description="Concurrent uploads of a tenant that one gateway accepts; further ones are answered 429.",
        ge=1,
    )
    rerank_url: HttpUrl | None = Field(
        None,
        description="Reranker of the hits of searches, its whole URL: `https://api.cohere.com/v2/rerank`, "
        "`https://api.jina.ai/v1/rerank`, `http://host:port/rerank`.",
    )
    rerank_form: Literal["cohere", "tei"] = Field(
        "cohere",
        description="Form of its requests: `cohere` (also Jina, vLLM), `tei` (text-embeddings-inference).",
    )
    rerank_model: str | None = Field(None, description="Model to request there.")
    rerank_api_key: HeaderSecret = Field(None, description="Key for the reranker.")
    secrets_key: SecretStr | None = Field(
        None,
        description="Encrypts saved credentials: 32 random bytes in base64 (`openssl rand -base64 32`), the "
        "same on gateway and connectors. Several, comma-separated and the newest first, while keys are "
        "changed (`headrace credentials rotate`). `headrace up` makes one and keeps it in the data folder "
        "(0600).",
    )
