"""Selects the files of a folder that a source wants: by patterns, without private files by default."""

from collections.abc import Sequence
from enum import StrEnum

from schemas.globs import Choice, Ignored, encoded, parse
from schemas.sources.folder import FolderConfig

#: Names of files that contain keys or passwords, matched in lower case; with a `/` the folder matters, too.
SECRETS = (
    # private keys and their stores
    *("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk"),
    *("*.pem", "*.key", "*.p12", "*.pfx", "*.ppk", "*.jks", "*.keystore"),
    # password stores
    *("*.kdbx", "*.kdb", "*.agilekeychain", "*.opvault", "*.keychain", "*.keychain-db"),
    # settings of programs that hold passwords or tokens
    *(".env*", "*.env", ".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".my.cnf", ".htpasswd"),
    *(".git-credentials", ".dockercfg", ".vault-token", ".s3cfg", "**/.cargo/credentials*"),
    *("**/.aws/credentials", "**/.docker/config.json", "**/.kube/config", "**/.gem/credentials"),
    # service accounts, and the state of a deployment with its secrets in clear
    *("client_secret*.json", "service-account*.json", "*.tfstate", "*.tfstate.backup"),
)


class Private(StrEnum):
    """Why a file that the patterns select is skipped."""

    HIDDEN = "hidden"  # it, or a folder above it, begins with a dot
    SECRET = "secret"  # noqa: S105 – its name is one of SECRETS
    DATA_FOLDER = "data_folder"  # of Headrace; never indexed


_SECRETS = Ignored([glob for pattern in SECRETS if (glob := parse(pattern.encode()))])


def private(path: bytes) -> Private | None:
    """Why a path, relative to its source, is private; None if it is not."""
    if _SECRETS.says(path.lower(), is_folder=False):
        return Private.SECRET
    return Private.HIDDEN if path.startswith(b".") or b"/." in path else None


class Selection:
    """The files that a source wants.

    A private file is wanted if the source has `include_hidden`, or if an include pattern names it: a pattern
    that is private itself when read as a path (`.github/`, `.env`, `certs/*.pem`).
    """

    def __init__(
        self,
        include: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None,
        include_hidden: bool = False,
    ) -> None:
        """Raises ValueError for a pattern that can match nothing."""
        self._include = Choice(include) if include else None
        self._exclude = Choice(exclude) if exclude else None
        self._include_hidden = include_hidden
        asked = {kind: [p for p in include or () if _asks_for(p) is kind] for kind in Private}
        self._asked = {kind: Choice(patterns) for kind, patterns in asked.items()}
        dotted = {part for patterns in asked.values() for p in patterns for part in p.split("/")}
        self._dotted = Ignored([g for part in dotted if part.startswith(".") and (g := parse(encoded(part)))])

    @classmethod
    def of(cls, config: FolderConfig) -> "Selection":
        """The selection of a configuration."""
        return cls(config.include_globs, config.exclude_globs, config.include_hidden)

    def wants(self, path: bytes) -> bool:
        """Whether the patterns select a file."""
        included = self._include is None or self._include.has(path)
        return included and not (self._exclude is not None and self._exclude.has(path))

    def withholds(self, path: bytes) -> Private | None:
        """Why a file that the patterns select is skipped as private; None if it is not."""
        if self._include_hidden or (kind := private(path)) is None:
            return None
        return None if self._asked[kind].has(path) else kind

    def leaves_out(self, path: bytes) -> bool:
        """Whether the selection excludes a path."""
        folders = [path[:at] for at, byte in enumerate(path) if byte == ord("/")]
        return (
            not self.wants(path)
            or self.withholds(path) is not None
            or any(self.excludes_folder(folder) or not self.enters(folder) for folder in folders)
        )

    def enters(self, path: bytes) -> bool:
        """Whether a folder may contain wanted files, as far as its name tells."""
        name = path[path.rfind(b"/") + 1 :]
        return self._include_hidden or not name.startswith(b".") or bool(self._dotted.says(name, False))

    def excludes_folder(self, path: bytes) -> bool:
        """Whether the exclude patterns exclude all files of a folder."""
        return self._exclude is not None and self._exclude.covers(path)


def _asks_for(pattern: str) -> Private | None:
    return None if pattern.startswith("!") else private(encoded(pattern.strip("/")))
