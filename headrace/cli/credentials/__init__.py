"""`headrace credentials`: what sources sign in with. Secrets come from a prompt, a pipe or the environment,
never from the command line, where every user of the machine can read them."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.ask import ask
from headrace.cli.output import note, print_fields, print_json, print_rows
from headrace.cli.settings import AsJson, DataDir, load_settings

if TYPE_CHECKING:
    from headrace.client.gateway import GatewayClient
    from headrace.settings import Settings
    from schemas.api import RotatedCredentials

credentials = typer.Typer(
    help="What sources sign in with: list, save, delete, encrypt with another key.", no_args_is_help=True
)


class CredentialKind(StrEnum):
    """Kinds of credentials."""

    AWS = "aws"
    GITHUB_TOKEN = "github_token"  # noqa: S105  (the name of a kind)
    GITHUB_APP = "github_app"


@credentials.command("list")
def list_credentials(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List credentials, without their secrets, and how many sources use each."""
    from headrace.client.gateway import to_json

    found = ask(data_dir, lambda client: client.credentials())
    if as_json:
        print_json(to_json(found))
        return
    rows = [
        (str(c.id), c.kind, c.name, c.hint or "", len(c.source_ids), c.key_id, c.created_at) for c in found
    ]
    columns = ("id", "kind", "name", "hint", "sources", "key", "created")
    print_rows(columns, rows, "no credentials yet")


@credentials.command("create")
def create_credential(
    name: Annotated[str, typer.Argument(help="What to call it.", show_default=False)],
    kind: Annotated[CredentialKind, typer.Option(help="What it is.")] = CredentialKind.AWS,
    from_env: Annotated[
        bool,
        typer.Option(
            "--from-env",
            help="Take AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, GITHUB_TOKEN, or GITHUB_APP_ID and "
            "GITHUB_APP_PRIVATE_KEY.",
        ),
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Save a credential, encrypted; prints its id.

    In a terminal it asks for the secret. From a pipe it reads its members, one a line (access key id, then
    secret; app id, then the private key to the end), or a JSON object of them.
    """
    from headrace.cli.credentials.secret_input import read_secret
    from headrace.client.gateway import to_json

    payload = {"kind": kind.value, "name": name, "secret": read_secret(kind.value, from_env)}
    made = ask(data_dir, lambda client: client.create_credential(payload))
    print_json(to_json(made)) if as_json else print(made.id)


@credentials.command("delete")
def delete_credential(
    credential_id: Annotated[str, typer.Argument(help="Id of the credential.", show_default=False)],
    data_dir: DataDir = None,
) -> None:
    """Delete a credential. Refused while sources use it."""
    from headrace.usage_error import UsageError

    if not (credential_id.isascii() and credential_id.isdecimal()):
        raise UsageError(f"{credential_id!r} is no id of a credential, see `headrace credentials list`")
    ask(data_dir, lambda client: client.delete_credential(int(credential_id)))
    print(f"credential {credential_id} is deleted")


@credentials.command("rotate")
def rotate_credentials(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Encrypt every credential with a new key.

    `headrace up` keeps its keys in the data folder: a new one is made there, and the older ones are removed
    in the end. In a deployment, put the new key in front in HEADRACE_SECRETS_KEY (NEW,OLD) and restart
    gateway and connectors first; take the old one away afterwards.
    """
    from headrace.client.gateway import to_json
    from schemas.errors import RequestError

    settings = load_settings(data_dir)
    ours = settings.url is None and settings.secrets_key is None
    done = ask(data_dir, lambda client: _rotate(client, settings, ours))
    if as_json:
        print_json(to_json(done))
    else:
        print_fields([("key", done.key_id), ("re-encrypted", done.rotated), ("failed", len(done.failed))])
    if done.failed:
        raise RequestError(f"older keys are still needed: {'; '.join(done.failed)}")
    if not ours:
        note("keys behind the first one in HEADRACE_SECRETS_KEY are no longer needed")


async def _rotate(client: "GatewayClient", settings: "Settings", ours: bool) -> "RotatedCredentials":
    from headrace.secrets_key import add_secrets_key, drop_older_secrets_keys

    if ours:
        add_secrets_key(settings.data_dir)
    done = await client.rotate_credentials()
    if ours and not done.failed:
        drop_older_secrets_keys(settings.data_dir)
    return done
