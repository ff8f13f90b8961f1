"""What is looked at before anything starts, so that it is told at once and to the person who starts it."""

import contextlib
from collections.abc import Iterator

from headrace.misuse import Misuse
from headrace.settings import Settings
from schemas.errors import RequestError


def check_models(settings: Settings) -> None:
    """Every embedding model that is set can be served, as far as that is known without loading it.

    Raises Misuse with the setting, its value and what is possible.
    """
    from services.embedding import check_model

    with naming_model(settings):
        check_model(settings.embedding_model, settings.embedding_folder)
    for model in settings.embedding_models:
        with _blaming("EMBEDDING_MODELS", model):
            check_model(model)


@contextlib.contextmanager
def naming_model(settings: Settings) -> Iterator[None]:
    """What is wrong in the body with the usual model is told with the setting that chose it."""
    name, value = ("EMBEDDING_MODEL", settings.embedding_model)
    if settings.embedding_folder is not None:
        name, value = ("EMBEDDING_FOLDER", str(settings.embedding_folder))
    with _blaming(name, value):
        yield


@contextlib.contextmanager
def _blaming(name: str, value: str) -> Iterator[None]:
    try:
        yield
    except RequestError as error:
        raise Misuse(f"HEADRACE_{name} is {value!r}: {error}") from error
