"""Parts of a page that lost some of their content are weighed anew, and nothing else is."""

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html  # type: ignore[import-untyped]

from services.parsing.formats.html import article
from services.parsing.formats.html.weights import Weights

_WORDS = st.sampled_from(["", " ", "word", "A line that ends like a sentence does.", "x" * 90])
_TAGS = st.sampled_from(["div", "p", "a", "span", "li", "h2", "script", "section"])


def _element(tag: str, text: str, inner: list[html.HtmlElement], tail: str) -> html.HtmlElement:
    made = html.Element(tag)
    made.text, made.tail = text, tail
    made.extend(inner)
    return made


_TREES = st.recursive(
    st.builds(_element, _TAGS, _WORDS, st.just([]), _WORDS),
    lambda inner: st.builds(_element, _TAGS, _WORDS, st.lists(inner, max_size=4), _WORDS),
    max_leaves=20,
)


@settings(max_examples=60)
@given(st.lists(_TREES, min_size=1, max_size=4), st.data())
def test_what_is_weighed_again_is_as_if_all_had_been(
    inner: list[html.HtmlElement], data: st.DataObject
) -> None:
    body = _element("body", "", inner, "")
    weights = Weights(body)
    below = list(body.iterdescendants())
    gone = data.draw(st.lists(st.sampled_from(below), unique=True))
    weights.update({article.drop(element) for element in gone})
    fresh = Weights(body)
    assert {element: weights[element] for element in fresh} == dict(fresh)
