"""A web page as blocks of text, and what a classifier is told of them."""

from lxml import html  # type: ignore[import-untyped]

from services.parsing.formats.html.blocks import page_of
from services.parsing.formats.html.features import Alone, sign_counts


def test_a_block_is_the_text_of_one_part_whatever_is_inline() -> None:
    body = html.fragment_fromstring(
        "<div>See <span>the <b>first</b> <i>one</i></span>: <a href=/>a <b>bold</b> link</a>!"
        "<p><em>Emphasis</em> and<br>a break</p>"
        "<p>No<script>no()</script><p><i>A <a href=/>menu</a></i></p>tail <pre><b>if</b> <i>x</i></pre></div>"
    )
    blocks, _ = page_of(body)

    assert [(block.text, block.linked) for block in blocks] == [
        ("See the first one: a bold link! tail", len("a") + len("bold") + len("link")),
        ("Emphasis and a break", 0),
        ("No", 0),
        ("A menu", len("menu")),
        ("if x", 0),
    ]


def test_signs_are_counted_alike_in_ascii_and_beyond() -> None:
    for text in ("A.B!C? 12 | # @ x", "No 1.", ""):
        assert sign_counts(text) == sign_counts(f"{text}é")


def test_words_that_the_page_does_not_hold_are_not_sought() -> None:
    [block], _ = page_of(html.fragment_fromstring("<p>Leave your comment or log in. Photo by Reuters</p>"))

    def of(site: tuple[str, ...], credit: tuple[str, ...]) -> list[float]:
        return Alone(frozenset(), site, credit).described(block, block.text.lower())[10:12]

    assert of(("comment", "log"), ("reuters",)) == [2, True]
    assert of((), ()) == [0, False]
