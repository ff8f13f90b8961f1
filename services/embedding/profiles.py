"""Known properties of models by name: prompt template, end token, shortest vectors, and similarities that
every correct backend reproduces."""

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

    Wrong pooling, padding, end token or prompt changes them by 0.1 or more; half precision and 8-bit weights
    by less than `tolerance`.
    """

    queries: Sequence[str]
    documents: Sequence[str]
    cosines: Sequence[Sequence[float]]
    prompt: str = ""
    tolerance: float = 0.04


@dataclass(frozen=True)
class Profile:
    """The known properties of a model.

    Args:
        template: how to combine a prompt and a text.
        max_tokens: maximum input tokens, if neither files nor settings say it.
        end_token: the tokenizer must end every text with it, once.
        shortest: minimum dimensions to which a vector may be cut (Matryoshka); None forbids cutting.
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
    # The model reads 32,768. Attention cost grows with the square, and no usual chunk is that long.
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
    f"{QWEN_MODEL}-Q": _QWEN,  # fastembed's name of its 8-bit weights
    TRIAL_MODEL: Profile(
        max_tokens=256,
        dimension=384,
        golden=Golden(_SPACE_QUERIES, _SPACE_DOCUMENTS, ((0.8645, 0.0566), (0.0777, 0.7310))),
    ),
}


def profile_of(name: str) -> Profile:
    """The known properties of a model; defaults for most names."""
    return PROFILES.get(name, Profile())


def framing(template: str, prompt: str) -> Frame:
    """A function that puts a prompt before a text; an empty prompt does not change it."""
    return (lambda text: template.format(prompt=prompt, text=text)) if prompt else str


def require_end_token(name: str, tokenizer: Tokenizer) -> None:
    """Raise RequestError unless the tokenizer ends a text with exactly one end token of the model."""
    end = profile_of(name).end_token
    if end is None:
        return
    tokens = tokenizer.encode("a text").tokens
    if tokens.count(end) != 1 or tokens[-1] != end:
        raise RequestError(
            f"the tokenizer for {name!r} ends a text with {tokens[-1]!r}, expected {end!r} once: it is of an "
            f"early revision of the model, whose vectors are others; take tokenizer.json of its present one"
        )
