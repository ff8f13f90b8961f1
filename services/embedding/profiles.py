"""What is known of models by name: how they read a task, how they end a text, how short their vectors may be,
and similarities that every correct backend reproduces."""

from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import Tokenizer

from schemas.errors import RequestError
from schemas.limits import QWEN_MODEL, TRIAL_MODEL
from services.embedding.windows import Frame

#: A prompt and then the text: the convention of sentence-transformers.
PLAIN = "{prompt}{text}"


@dataclass(frozen=True)
class Golden:
    """Cosines of queries (with `prompt`) and documents (without), published or measured in float32.

    Wrong pooling, padding, end token or prompt moves them by 0.1 and more; half precision and 8-bit weights
    by less than `tolerance`.
    """

    queries: Sequence[str]
    documents: Sequence[str]
    cosines: Sequence[Sequence[float]]
    prompt: str = ""
    tolerance: float = 0.04


@dataclass(frozen=True)
class Profile:
    """What is known of a model.

    Args:
        template: how a prompt and a text are put together.
        max_tokens: tokens that are read at once where neither files nor settings say it.
        end_token: the tokenizer must end every text with it, once.
        shortest: the fewest dimensions to which a vector may be cut (Matryoshka); None: it may not be.
        dimension: length of its vectors.
    """

    template: str = PLAIN
    max_tokens: int | None = None
    end_token: str | None = None
    shortest: int | None = None
    dimension: int | None = None
    golden: Golden | None = None


_SPACE_QUERIES = ("What is the capital of China?", "Explain gravity")
_SPACE_DOCUMENTS = (
    "The capital of China is Beijing.",
    "Gravity is a force that attracts two bodies towards each other. It gives weight to physical objects and "
    "is responsible for the movement of planets around the sun.",
)

#: Source: the model's card, for the template, the lengths and the cosines.
_QWEN = Profile(
    template="Instruct: {prompt}\nQuery:{text}",
    # It reads 32,768; a window costs attention by its square, and no chunk of usual size has as many.
    max_tokens=8192,
    end_token="<|endoftext|>",  # noqa: S106 – a token of the vocabulary
    shortest=32,
    dimension=1024,
    golden=Golden(
        _SPACE_QUERIES,
        _SPACE_DOCUMENTS,
        ((0.7646, 0.1414), (0.1355, 0.6000)),
        prompt="Given a web search query, retrieve relevant passages that answer the query",
    ),
)

PROFILES = {
    QWEN_MODEL: _QWEN,
    f"{QWEN_MODEL}-Q": _QWEN,  # its 8-bit weights, as fastembed names them
    TRIAL_MODEL: Profile(
        max_tokens=256,
        dimension=384,
        golden=Golden(_SPACE_QUERIES, _SPACE_DOCUMENTS, ((0.8645, 0.0566), (0.0777, 0.7310))),
    ),
}


def profile_of(name: str) -> Profile:
    """What is known of a model; of most names nothing."""
    return PROFILES.get(name, Profile())


def framing(template: str, prompt: str) -> Frame:
    """A function that puts a prompt before a text; an empty prompt does not change it."""
    return (lambda text: template.format(prompt=prompt, text=text)) if prompt else str


def require_end_token(name: str, tokenizer: Tokenizer) -> None:
    """Raise RequestError unless the tokenizer ends a text once with the token that the model knows."""
    end = profile_of(name).end_token
    if end is None:
        return
    tokens = tokenizer.encode("a text").tokens
    if tokens.count(end) != 1 or tokens[-1] != end:
        raise RequestError(
            f"the tokenizer for {name!r} ends a text with {tokens[-1]!r}, expected {end!r} once: it is of an "
            f"early revision of the model, whose vectors are others; take tokenizer.json of its present one"
        )
