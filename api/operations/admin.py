"""Keys and credentials: operations of ours, for admin keys."""

from collections.abc import Sequence

from api.admin import credentials, keys
from api.operations.operation import ROOT, Operation
from schemas import api

_KEYED = (400, 401, 403, 500)

ADMIN: Sequence[Operation] = (
    Operation(
        "GET",
        f"{ROOT}/keys",
        keys.list_keys,
        "list_keys",
        "List keys",
        answer=api.KeySummary,
        many=True,
        refusals=_KEYED,
    ),
    Operation(
        "POST",
        f"{ROOT}/keys",
        keys.create_key,
        "create_key",
        "Create a key; it is shown only once",
        success=201,
        answer=api.CreateKeyResponse,
        body=api.CreateKeyPayload,
        refusals=(*_KEYED, 413, 415),
    ),
    Operation(
        "DELETE",
        f"{ROOT}/keys/{{key_id}}",
        keys.delete_key,
        "delete_key",
        "Revoke a key",
        success=204,
        refusals=(*_KEYED, 404),
    ),
    Operation(
        "GET",
        f"{ROOT}/credentials",
        credentials.list_credentials,
        "list_credentials",
        "List what sources sign in with, and which of them use it; no secret is shown",
        answer=api.CredentialSummary,
        many=True,
        refusals=_KEYED,
    ),
    Operation(
        "POST",
        f"{ROOT}/credentials",
        credentials.create_credential,
        "create_credential",
        "Save what sources sign in with; it is encrypted, and never shown",
        success=201,
        answer=api.CredentialSummary,
        body=api.CreateCredentialPayload,
        refusals=(*_KEYED, 413, 415),
    ),
    Operation(
        "POST",
        f"{ROOT}/credentials/rotate",
        credentials.rotate_credentials,
        "rotate_credentials",
        "Encrypt every credential with the newest key",
        answer=api.RotatedCredentials,
        refusals=_KEYED,
    ),
    Operation(
        "DELETE",
        f"{ROOT}/credentials/{{credential_id}}",
        credentials.delete_credential,
        "delete_credential",
        "Delete a credential that no source uses",
        success=204,
        refusals=(*_KEYED, 404, 409),
    ),
)
