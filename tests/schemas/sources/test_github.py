"""What a payload may say of a repository, a branch and a commit."""

import pytest
from pydantic import ValidationError

from schemas.api import CreateJobPayload, CreateSourcePayload
from schemas.errors import RequestError
from schemas.events import Invocation, RunOptions, Status
from schemas.sources.github import (
    GITHUB,
    Followed,
    GithubConfig,
    GithubOptions,
    GithubSource,
    normal_repository,
)
from tests.services.connectors.fakes import NOON

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("owner/repo", "owner/repo"),
        ("github:Owner/repo.js", "Owner/repo.js"),
        ("owner/repo.git", "owner/repo"),
        (" owner/repo\n", "owner/repo"),
        ("https://github.com/owner/repo", "https://github.com/owner/repo"),
        ("https://github.com/owner/repo.git/", "https://github.com/owner/repo"),
        ("https://GitHub.com/owner/repo", "https://github.com/owner/repo"),
        ("http://git.example.org:3000/base/owner/repo", "https://git.example.org:3000/base/owner/repo"),
        ("git@github.com:owner/repo.git", "https://github.com/owner/repo"),
        ("ssh://git@github.com:22/owner/repo.git", "https://github.com/owner/repo"),
        ("https://x:ghp_secret@github.com/owner/repo", "https://github.com/owner/repo"),
    ],
)
def test_a_repository_is_known_by_one_name(text: str, name: str) -> None:
    assert normal_repository(text) == name


@pytest.mark.parametrize(
    "text",
    [
        *("", "owner", "owner/", "/repo", "a/b/c", "owner/re po", "owner/..", "../repo", "./repo", "a/.git"),
        *("ext::sh -c id/x", "--upload-pack=id/x", "file:///etc/repo", "https://github.com/owner"),
        *("https://github.com/owner/repo?x=1", "owner/répo", "https://x:ghp_secret@h/only"),
    ],
)
def test_what_names_no_repository_is_refused_and_no_password_is_repeated(text: str) -> None:
    with pytest.raises(RequestError, match=r"github\.repository must be owner/repo") as refusal:
        GITHUB.configure(GithubSource(repository=text))
    assert "ghp_secret" not in str(refusal.value)


def test_a_payload_of_the_contracts_clients_is_taken() -> None:
    payload = CreateSourcePayload.model_validate(
        {"database_name": "d", "github": {"repository": "o/r", "app_id": None, "include_globs": ["**/*"]}}
    )
    config = GITHUB.configure(payload.form)  # type: ignore[arg-type]
    assert config == GithubConfig(repository="o/r", include_globs=["**/*"])
    assert GITHUB.form_of(config).model_dump(exclude_unset=True) == {
        "repository": "o/r",
        "app_id": None,
        "include_globs": ["**/*"],
    }


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (GithubSource(repository="o/r", app_id="7"), "needs github.credential_id"),
        (GithubSource(repository="o/r", app_id="7/../8", credential_id=1), "the id of a GitHub App"),
        (GithubSource(repository="o/r", include_globs=["!*.md"]), "include_globs"),
        (
            GithubSource(repository="o/r", follow=[Followed(branch="a..b", target_collection_name="c")]),
            r"follow\.branch",
        ),
        (
            GithubSource(
                repository="o/r",
                follow=[Followed(branch=name, target_collection_name="docs") for name in ("main", "next")],
            ),
            "each push would replace",
        ),
    ],
)
def test_a_source_that_cannot_be_read_as_it_is_meant_is_refused(form: GithubSource, reason: str) -> None:
    with pytest.raises(RequestError, match=reason):
        GITHUB.configure(form)


@pytest.mark.parametrize(
    ("ref", "options"),
    [
        (None, None),
        ({"branch": "main"}, GithubOptions(branch="main")),
        ({"branch": "refs/heads/feat/x"}, GithubOptions(branch="feat/x")),
        ({"sha": SHA.upper()}, GithubOptions(sha=SHA)),
        ({"sha": "abcd"}, GithubOptions(sha="abcd")),
        ({"sha": "a" * 64}, GithubOptions(sha="a" * 64)),
    ],
)
def test_a_run_reads_a_branch_a_commit_or_the_default_branch(
    ref: object, options: GithubOptions | None
) -> None:
    payload = CreateJobPayload.model_validate({"target_collection_name": "c", "ref_identifier": ref})
    assert GITHUB.options_of(payload) == options


@pytest.mark.parametrize(
    "ref",
    [
        *({"sha": sha} for sha in ("", "abc", "g" * 40, "a" * 41, "a" * 63, "-abcd", "HEAD")),
        *({"branch": name} for name in ("", "-x", "a b", "a..b", "a~1", "x.lock", "/a", "a/", "@", "a\0b")),
    ],
)
def test_what_is_no_branch_and_no_commit_is_refused(ref: dict[str, str]) -> None:
    payload = CreateJobPayload.model_validate({"target_collection_name": "c", "ref_identifier": ref})
    with pytest.raises(RequestError, match="ref_identifier"):
        GITHUB.options_of(payload)


@pytest.mark.parametrize("ref", [{}, {"sha": SHA, "branch": "main"}, {"tag": "v1"}])
def test_a_ref_identifier_has_exactly_one_member(ref: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        CreateJobPayload.model_validate({"target_collection_name": "c", "ref_identifier": ref})


@pytest.mark.parametrize("field", [{"object_key": "a"}, {"custom_id": "a"}, {"metadata": {"a": 1}}])
def test_fields_of_other_types_are_refused(field: dict[str, object]) -> None:
    payload = CreateJobPayload.model_validate({"target_collection_name": "c", **field})
    with pytest.raises(RequestError, match="not possible for a source of type github"):
        GITHUB.options_of(payload)


def run(options: GithubOptions | None, **facts: str) -> Invocation:
    return Invocation(
        id="i",
        tenant="t",
        database="d",
        collection="c",
        source_id="s",
        source_type="github",
        single_document=False,
        status=Status.PENDING,
        created_at=NOON,
        options=None if options is None else RunOptions.model_validate({"github": options}),
        facts={**facts},
    )


@pytest.mark.parametrize(
    ("invocation", "job"),
    [
        (run(None), {"git_ref_identifier": {"branch": "HEAD"}}),
        (
            run(None, branch="main", commit=SHA),
            {"git_ref_identifier": {"branch": "main"}, "commit": SHA},
        ),
        (run(GithubOptions(branch="next")), {"git_ref_identifier": {"branch": "next"}}),
        (
            run(GithubOptions(sha="0123"), commit=SHA),
            {"git_ref_identifier": {"sha": "0123"}, "commit": SHA},
        ),
    ],
)
def test_an_invocation_shows_what_was_asked_for_and_the_commit(
    invocation: Invocation, job: dict[str, object]
) -> None:
    assert GITHUB.job_of(invocation).model_dump(exclude_unset=True) == job


def test_what_is_read_of_a_repository_may_change_the_repository_not() -> None:
    one = GithubConfig(repository="Owner/Repo")
    assert GITHUB.same_origin(one, GithubConfig(repository="owner/repo", include_globs=["*.md"]))
    assert GITHUB.overlaps(one, GithubConfig(repository="owner/repo", credential_id=1))
    assert GITHUB.identity(one) == GITHUB.identity(GithubConfig(repository="owner/repo"))
    assert not GITHUB.same_origin(one, GithubConfig(repository="owner/repo2"))
