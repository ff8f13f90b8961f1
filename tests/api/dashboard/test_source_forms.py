"""Forms of sources, made from the models of their types."""

import pytest

from api.dashboard.forms import Form
from api.dashboard.shown.source_forms import fields_of, payload_of, values_of
from api.errors import BadRequest
from schemas.sources import SOURCE_TYPES, served


@pytest.mark.parametrize("name", [name for name, kind in served().items() if kind.lists])
def test_every_type_has_a_form_and_required_fields_come_first(name: str) -> None:
    kind = SOURCE_TYPES[name]
    fields = fields_of(kind)
    assert {one.name for one in fields} == set(kind.form.model_fields)
    assert [one.required for one in fields] == sorted((one.required for one in fields), reverse=True)
    assert any(one.required for one in fields)
    assert [one.hint for one in fields if "`" in one.hint or "ours" in one.hint.lower()] == []  # for people


def test_what_a_form_says_is_a_payload_and_shown_again_without_its_secrets() -> None:
    fields = fields_of(SOURCE_TYPES["github"])
    form = Form(
        {
            "repository": [" owner/repo "],
            "include_globs": ["docs/**\r\n\r\n*.md\r\n"],
            "follow": ["main docs\nrelease handbook"],
            "credential_id": ["123"],
            "app_id": [""],
        }
    )
    payload = payload_of(fields, form)
    assert payload == {
        "repository": "owner/repo",
        "include_globs": ["docs/**", "*.md"],
        "follow": [
            {"branch": "main", "target_collection_name": "docs"},
            {"branch": "release", "target_collection_name": "handbook"},
        ],
        "credential_id": 123,
    }
    assert values_of(fields, payload)["follow"] == "main docs\nrelease handbook"
    secret = next(one for one in fields_of(SOURCE_TYPES["s3"]) if one.name == "aws_secret_access_key")
    assert secret.kind == "secret"
    assert Form({"aws_secret_access_key": ["hush"], "region": ["x"]}).values == {"region": "x"}


def test_a_line_that_is_no_pair_is_refused_with_what_was_found() -> None:
    fields = fields_of(SOURCE_TYPES["github"])
    with pytest.raises(BadRequest, match="'main docs handbook'; expected two words"):
        payload_of(fields, Form({"repository": ["o/r"], "follow": ["main docs handbook"]}))


def test_a_box_that_nobody_touched_is_as_the_source_would_be_without_it() -> None:
    kind = SOURCE_TYPES["web_scrape"]
    fields = fields_of(kind)
    box = next(one for one in fields if one.name == "main_content")
    assert (box.kind, box.ticked) == ("check", True)
    assert [one.name for one in fields_of(SOURCE_TYPES["folder"]) if one.ticked] == []
    for main_content in (True, False):
        form = {"starting_url": "https://example.org/", "main_content": main_content}
        config = kind.configure(kind.form.model_validate(form))
        shown = values_of(fields, kind.form_of(config).model_dump(mode="json"))
        assert bool(shown["main_content"]) is main_content
        sent = Form({name: [text] for name, text in shown.items() if text})  # saved as it was shown
        assert kind.configure(kind.form.model_validate(payload_of(fields, sent))) == config
