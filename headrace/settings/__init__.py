"""All settings. Each is an environment variable `HEADRACE_<NAME>`, and a field of a group below.

process.py   folders, log, metrics, place in a consumer group
gateway.py   the gateway, and the command that connects to it
sources.py   what sources may read, and their runs
stores.py    Kafka, Chroma, the blob store
pipeline.py  parsing, chunking, and limits of all stages
embedding.py the models, and the embed endpoint
searching.py sparse search
values.py    kinds of values: lists, URLs, secrets

`docs/settings.md` is rendered from the groups: `python -m headrace.settings`.
"""

from pydantic_settings import BaseSettings, SettingsConfigDict

from headrace.settings.embedding import EmbeddingSettings
from headrace.settings.gateway import GatewaySettings
from headrace.settings.inbox import InboxSettings
from headrace.settings.pipeline import PipelineSettings
from headrace.settings.process import ProcessSettings
from headrace.settings.searching import SearchSettings
from headrace.settings.sources import SourceSettings
from headrace.settings.stores import StoreSettings

__all__ = ["GROUPS", "Settings"]

#: In the order of docs/settings.md.
GROUPS: tuple[type[BaseSettings], ...] = (
    ProcessSettings,
    GatewaySettings,
    SourceSettings,
    InboxSettings,
    StoreSettings,
    PipelineSettings,
    EmbeddingSettings,
    SearchSettings,
)


class Settings(
    ProcessSettings,
    GatewaySettings,
    SourceSettings,
    InboxSettings,
    StoreSettings,
    PipelineSettings,
    EmbeddingSettings,
    SearchSettings,
):
    """The settings of a deployment. The defaults run everything on one machine."""

    # An empty variable counts as not set: an empty key would lock everybody out, an empty folder would be
    # the current one.
    model_config = SettingsConfigDict(env_prefix="HEADRACE_", extra="ignore", env_ignore_empty=True)
