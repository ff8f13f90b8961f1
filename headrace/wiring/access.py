"""What sources may read, and their credentials. Gateway and connectors make the same checks."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.secrets_key import secrets_of
from headrace.wiring.shared import Wiring
from streams.blobs import folder_of
from streams.credentials import SavedCredentials
from streams.places import Places

if TYPE_CHECKING:
    from services.connectors import Access, GithubAccess, Origin, Preview, WebAccess


def places_of(wiring: Wiring) -> Places:
    """What folder sources may read. Gateway and connectors make the same checks."""
    blobs = folder_of(wiring.settings.blob_url) if wiring.settings.blob_url else None
    own = [wiring.data] if blobs is None else [wiring.data, blobs]
    return Places([Path(root) for root in wiring.settings.folder_roots], own)


def saved_credentials(wiring: Wiring, service: str) -> SavedCredentials:
    """The saved credentials, in a view of one process of a service."""
    path = wiring.state(service) / "credentials.sqlite"
    return SavedCredentials(wiring.cluster, wiring.codec, path, secrets_of(wiring.settings))


def origins_of(
    wiring: Wiring, credentials: SavedCredentials, browser: str = ""
) -> "Mapping[str, Origin[Any]]":
    """The origin of every source type, as the settings allow. Only connectors have a browser."""
    from services.connectors import origins

    return origins(_access(wiring, credentials, browser))


def preview_of(wiring: Wiring, credentials: SavedCredentials) -> "Preview":
    """Looks at sources that are not created, as the settings allow."""
    from services.connectors import Preview, origins

    mirrors = wiring.data / "cache" / f"git-check-{wiring.settings.slot}"
    return Preview(origins, _access(wiring, credentials, ""), mirrors)


def _access(wiring: Wiring, credentials: SavedCredentials, browser: str) -> "Access":
    from services.connectors import Access, S3Access

    settings = wiring.settings
    s3 = S3Access(tuple(settings.s3_endpoints), settings.s3_ambient_credentials)
    return Access(places_of(wiring), credentials, _github(wiring), _web(wiring, browser), s3)


def _github(wiring: Wiring) -> "GithubAccess":
    from services.connectors import GithubAccess

    settings = wiring.settings
    return GithubAccess(
        url=settings.github_url,
        api_url=settings.github_api_url,
        folder=wiring.data / "cache" / f"git-{settings.slot}",
        cache_bytes=settings.git_cache_bytes,
        lfs_bytes=settings.github_lfs_bytes,
    )


def _web(wiring: Wiring, browser: str) -> "WebAccess":
    from services.connectors import WebAccess

    settings = wiring.settings
    return WebAccess(
        allowed_hosts=frozenset(host.lower() for host in settings.web_allowed_hosts),
        delay_s=settings.web_delay_seconds,
        user_agent=settings.web_user_agent,
        max_pages=settings.web_page_limit,
        max_bytes=settings.web_max_bytes,
        obeys_robots=settings.web_obey_robots,
        browser=browser,
        folder=wiring.data / "cache" / "web",
    )
