"""Secrets at rest: AES-256-GCM under one of the deployment's keys.

A key is 32 random bytes, written in base64. Its id, the first 8 hex digits of its SHA-256, is stored with
each secret that it encrypted. The first key encrypts; all keys decrypt. To rotate: put a new key first,
re-encrypt everything (`headrace credentials rotate`), and remove the old key.

    HEADRACE_SECRETS_KEY="NEW,OLD"
"""

import base64
import binascii
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import RequestError
from schemas.events import Sealed

_KEY_BYTES = 32
_NONCE_BYTES = 12

#: The kinds of credentials, and the members of their secrets.
KINDS: Mapping[str, tuple[str, ...]] = {
    "aws": ("access_key_id", "secret_access_key"),
    "github_token": ("token",),
    "github_app": ("app_id", "private_key"),
}


@dataclass(frozen=True, slots=True)
class SecretsKey:
    """A key of the deployment. `id` is not secret."""

    bytes: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """8 hex digits derived from the key."""
        return sha256(self.bytes).hexdigest()[:8]

    @property
    def text(self) -> str:
        """The key in base64, as in settings and the key file."""
        return _text(self.bytes)

    @classmethod
    def new(cls) -> "SecretsKey":
        """A random one."""
        return cls(os.urandom(_KEY_BYTES))

    @classmethod
    def parse(cls, text: str) -> "SecretsKey":
        """Raises RequestError for an invalid key; the message does not contain it."""
        try:
            found = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
        except (binascii.Error, ValueError):
            found = b""
        if len(found) != _KEY_BYTES:
            raise RequestError(
                f"HEADRACE_SECRETS_KEY: a key is {_KEY_BYTES} random bytes in base64 "
                "(`openssl rand -base64 32` makes one); separate several by commas, the newest first"
            )
        return cls(found)


class Secrets:
    """Encrypts and decrypts.

    Args:
        load: returns the keys, newest first. Called again for an unknown key id, so that a running service
            notices a key that was added to its file.
    """

    def __init__(self, load: Callable[[], Sequence[SecretsKey]]) -> None:
        self._load = load
        self._keys: list[SecretsKey] = []

    @property
    def key_id(self) -> str:
        """The id of the key that encrypts. Raises RequestError if there is no key."""
        return self._newest().id

    def reload(self) -> None:
        """Load the keys again."""
        self._keys = list(self._load())

    def seal(self, secret: Mapping[str, str], context: str) -> Sealed:
        """Encrypt a secret. `context` names its owner and purpose; `open` needs the same one.

        Raises RequestError when there is no key.
        """
        key, nonce = self._newest(), os.urandom(_NONCE_BYTES)
        plain = json.dumps(dict(secret)).encode()
        ciphertext = AESGCM(key.bytes).encrypt(nonce, plain, context.encode())
        return Sealed(key_id=key.id, nonce=_text(nonce), ciphertext=_text(ciphertext))

    def open(self, sealed: Sealed, context: str) -> dict[str, str]:
        """Decrypt a secret. Raises RequestError, which names the key id, if that is impossible."""
        key = self._key(sealed.key_id)
        try:
            nonce, ciphertext = (base64.b64decode(text) for text in (sealed.nonce, sealed.ciphertext))
            plain = AESGCM(key.bytes).decrypt(nonce, ciphertext, context.encode())
        except (InvalidTag, ValueError) as error:
            raise RequestError(
                f"a secret that key {key.id} encrypted was changed since, or is of another credential; "
                "delete the credential and create it again"
            ) from error
        found: dict[str, str] = json.loads(plain)
        return found

    def _newest(self) -> SecretsKey:
        if not self._keys:
            self.reload()
        if not self._keys:
            raise RequestError(
                "there is no key to encrypt secrets with: set HEADRACE_SECRETS_KEY, the same on gateway and "
                "connectors (`openssl rand -base64 32` makes one; `headrace up` keeps its own)"
            )
        return self._keys[0]

    def _key(self, key_id: str) -> SecretsKey:
        for look_again in (False, True):
            if look_again:
                self.reload()
            for key in self._keys:
                if key.id == key_id:
                    return key
        known = ", ".join(key.id for key in self._keys) or "none"
        raise RequestError(
            f"a saved secret is encrypted with key {key_id}, which HEADRACE_SECRETS_KEY does not have "
            f"(it has {known}); put that key back, or delete the credential and create it again"
        )


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
