"""Secrets at rest: encrypted under keys that can be changed, and clear about a key that is not there."""

import pytest

from schemas.errors import RequestError
from streams.secrets import Secrets, SecretsKey

OLD, NEW = SecretsKey(b"o" * 32), SecretsKey(b"n" * 32)
PAIR = {"access_key_id": "AKIA1", "secret_access_key": "s3cr3t"}


def test_what_was_sealed_opens_with_the_same_key_and_context() -> None:
    secrets = Secrets(lambda: [OLD])

    sealed = secrets.seal(PAIR, "t\0001\0aws")

    assert secrets.open(sealed, "t\0001\0aws") == PAIR
    assert sealed.key_id == OLD.id
    assert "s3cr3t" not in sealed.model_dump_json()
    assert secrets.seal(PAIR, "t\0001\0aws").ciphertext != sealed.ciphertext


def test_a_secret_cannot_be_moved_to_another_tenant_or_be_changed() -> None:
    secrets = Secrets(lambda: [OLD])
    sealed = secrets.seal(PAIR, "t\0001\0aws")

    for moved, context in (
        (sealed, "other\0001\0aws"),
        (sealed.model_copy(update={"ciphertext": sealed.ciphertext[:-8] + "AAAAAAA="}), "t\0001\0aws"),
        (sealed.model_copy(update={"nonce": "no base64"}), "t\0001\0aws"),
    ):
        with pytest.raises(RequestError, match=f"key {OLD.id} encrypted was changed"):
            secrets.open(moved, context)


def test_the_first_key_seals_and_all_open() -> None:
    sealed = Secrets(lambda: [OLD]).seal(PAIR, "c")

    both = Secrets(lambda: [NEW, OLD])

    assert both.open(sealed, "c") == PAIR
    assert both.seal(PAIR, "c").key_id == both.key_id == NEW.id


def test_a_key_that_is_missing_is_named() -> None:
    sealed = Secrets(lambda: [OLD]).seal(PAIR, "c")

    with pytest.raises(RequestError, match=f"key {OLD.id}, which .* does not have .it has {NEW.id}"):
        Secrets(lambda: [NEW]).open(sealed, "c")
    with pytest.raises(RequestError, match=f"key {OLD.id}, which .* .it has none"):
        Secrets(list).open(sealed, "c")
    with pytest.raises(RequestError, match=r"there is no key .* set HEADRACE_SECRETS_KEY"):
        Secrets(list).seal(PAIR, "c")


def test_a_key_that_was_added_meanwhile_is_found() -> None:
    keys = [OLD]
    secrets = Secrets(lambda: keys)
    secrets.seal(PAIR, "c")
    keys.insert(0, NEW)

    assert secrets.open(Secrets(lambda: [NEW]).seal(PAIR, "c"), "c") == PAIR


@pytest.mark.parametrize("text", ["", "s3cr3t", "c2hvcnQ=", "ä" * 44, "x" * 44])
def test_what_is_no_key_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(RequestError, match="32 random bytes in base64") as refused:
        SecretsKey.parse(text)

    assert not text or text not in str(refused.value)


def test_a_key_is_written_as_it_is_read_and_not_shown() -> None:
    made = SecretsKey.new()

    assert SecretsKey.parse(made.text + "\n") == made
    assert SecretsKey.parse(made.text.replace("+", "-").replace("/", "_")) == made
    assert repr(made) == "SecretsKey()"
