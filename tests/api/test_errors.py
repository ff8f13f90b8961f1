"""What is said of a body that does not fit: the place, the value, never a secret."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from api.errors import describe_invalid
from schemas import api

FOLDER = {"database_name": "d", "folder": {"path": "/x"}}


@pytest.mark.parametrize(
    ("model", "body", "said"),
    [
        (
            api.CreateSourcePayload,
            {**FOLDER, "folder": {"path": 5}},
            "the body: folder.path: Input should be a valid string, found 5",
        ),
        (
            api.CreateSourcePayload,
            {**FOLDER, "folder": {"path": "/x", "include": ["*.md"]}},
            "the body: folder.include: there is no such field; /docs lists them",
        ),
        (api.CreateSourcePayload, {"database_name": "d"}, "the body: exactly one of folder, "),
        (
            api.CreateSourcePayload,
            {**FOLDER, "schedule": {"each": 1}},
            "the body: schedule.each: there is no such field; /docs lists them; schedule: ",
        ),
        (api.CreateSourcePayload, "hr_secret", "the body: Input should be an object"),
        (
            api.CreateCredentialPayload,
            {"name": "x", "kind": "aws", "secret": "s3cret"},
            "the body: secret: Input should be an object",
        ),
    ],
)
def test_a_fault_is_told_with_its_place_and_value(model: type[BaseModel], body: Any, said: str) -> None:
    with pytest.raises(ValidationError) as error:
        model.model_validate_json(json.dumps(body))

    found = describe_invalid(error.value, "the body")
    assert found == said or (said.endswith(" ") and found.startswith(said))
    assert "secret" not in found.replace("secret: ", "")
