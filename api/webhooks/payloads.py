"""The parts of GitHub's payloads that are used; Gitea and Forgejo send the same. Other fields are ignored."""

from typing import TypeVar
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.errors import BadRequest, describe_invalid

P = TypeVar("P", bound="Payload")

#: Content types of payloads: the default in GitHub's UI, and the usual choice.
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


class Payload(BaseModel):
    """Base of all payloads."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Owner(Payload):
    """The owner of a repository or an installation."""

    login: str
    html_url: str = ""


class Repo(Payload):
    """A repository. Those of an installation come without URLs."""

    id: int
    full_name: str
    html_url: str = ""
    default_branch: str = ""


class Push(Payload):
    """A branch or a tag has moved. The list of commits is ignored, because it may be truncated."""

    ref: str
    after: str = ""
    deleted: bool = False
    repository: Repo


class Delete(Payload):
    """A branch or a tag was deleted; `ref` is its name alone."""

    ref: str
    ref_type: str
    repository: Repo


class Was(Payload):
    """The previous value of a field."""

    was: str = Field("", alias="from")


class OwnerWas(Payload):
    """The previous owner of a repository: a user or an organisation."""

    user: Owner | None = None
    organization: Owner | None = None


class OwnerChange(Payload):
    """A transfer."""

    was: OwnerWas = Field(OwnerWas(), alias="from")


class RepositoryNames(Payload):
    """A renaming."""

    name: Was = Was.model_validate({})


class Changes(Payload):
    """The previous values of a repository's fields."""

    repository: RepositoryNames | None = None
    owner: OwnerChange | None = None


class RepositoryChanged(Payload):
    """A repository was renamed, transferred, archived, made private, deleted, …"""

    action: str
    repository: Repo
    changes: Changes = Changes()


class Installation(Payload):
    """A GitHub App on an account."""

    app_id: int
    account: Owner


class InstallationChanged(Payload):
    """What an App may read has changed. No repositories stand for all of the account."""

    action: str
    installation: Installation
    repositories: list[Repo] = Field(default_factory=list)
    repositories_added: list[Repo] = Field(default_factory=list)
    repositories_removed: list[Repo] = Field(default_factory=list)


def parsed(body: bytes, content_type: str, model: type[P]) -> P:
    """The payload in a body. Raises BadRequest with what is wrong.

    Args:
        content_type: without parameters, in lower case.
    """
    if content_type == _FORM:
        body = _of_form(body)
    elif content_type != _JSON:
        raise BadRequest(f"the Content-Type is {content_type[:80]!r}, expected {_JSON} or {_FORM}")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise BadRequest(describe_invalid(error, "the payload")) from error


def _of_form(body: bytes) -> bytes:
    """The field `payload`."""
    try:
        values = parse_qs(body.decode(), strict_parsing=True, max_num_fields=10).get("payload", [])
    except ValueError as error:
        raise BadRequest("the body is not a form") from error
    if len(values) != 1:
        raise BadRequest(f"the form has {len(values)} fields 'payload', expected one")
    return values[0].encode()
