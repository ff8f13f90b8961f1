"""A web page as blocks of text, and what a classifier is told of them."""

import numpy as np
import pytest
from lxml import html  # type: ignore[import-untyped]

from services.parsing.formats.html.article import kept_parts
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


_PARAGRAPH = f"<p data-score=.95>{'The gate was closed for the night. ' * 25}</p>"
_CAPTION = "<div data-score=.6>The gate, seen from the bridge.</div>"


def kept(page: str) -> list[str]:
    """The first words of the blocks that are kept of a page whose elements give their scores."""
    blocks, parts = page_of(html.fromstring(f"<div>{page}</div>"))
    found = kept_parts(blocks, parts, np.array([float(b.element.get("data-score", 0)) for b in blocks]))
    return [block.text[:8] for block in blocks if block.part.index in found]


@pytest.mark.parametrize(
    ("page", "found"),
    [
        (_PARAGRAPH * 2 + _CAPTION, ["The gate"] * 2),
        (_PARAGRAPH + _CAPTION, ["The gate"] * 2),  # too short to tell
        (_PARAGRAPH * 2 + _CAPTION + "<pre data-score=.6>open()</pre>", ["The gate"] * 3 + ["open()"]),
        (_PARAGRAPH.replace("p", "div") * 2 + _CAPTION, ["The gate"] * 3),
    ],
)
def test_on_a_page_of_prose_content_scores_like_its_paragraphs(page: str, found: list[str]) -> None:
    assert kept(page) == found


@pytest.mark.parametrize(("many", "found"), [(3, ["Gate", "Closed."] * 3), (2, ["Gate", "Closed."])])
def test_parts_of_what_repeats_are_kept_alike(many: int, found: list[str]) -> None:
    scores = ((0.9, 0.9), (0.1, 0.3), (0.9, 0.9))[:many]
    posts = [
        f"<div class=post><h2 data-score={heading}>Gate</h2><p data-score={text}>Closed.</p></div>"
        for heading, text in scores
    ]

    assert kept("".join(posts) + "<div>Imprint</div>") == found


def test_a_heading_without_anything_below_it_stands_for_itself() -> None:
    assert kept("<p data-score=.9>A text.</p><h2 data-score=.9>The end</h2>") == ["A text.", "The end"]


def test_a_title_is_kept_over_what_is_kept() -> None:
    text, other = "<p data-score=.9>A text.</p>", "<div data-score=.1>Another.</div>"
    page = f"<h1>Site</h1><h1>One</h1>{text}<h1>Two</h1>{text}<h1>Three</h1>{other}{text}<h1>End</h1>"

    assert kept(page) == ["One", "A text.", "Two", "A text.", "A text."]


def test_without_likely_content_the_likeliest_sentences_are_kept_if_they_are_many_or_not_unlikely() -> None:
    few, many = "The water is off until noon.", "The water is off until noon. " * 25

    assert kept(f"<p data-score=.3>{few}</p><div data-score=.1>{few}</div><p data-score=.4>Menu</p>") == [
        few[:8]
    ]
    assert kept(f"<p data-score=.05>{many}</p><div data-score=.02>{few}</div>") == [many[:8]]
    assert kept(f"<nav><p data-score=.05>{few}</p></nav>") == []


def test_without_likely_sentences_all_is_kept_but_what_tags_call_navigation_and_the_like() -> None:
    few = "<p data-score=.05>The water is off.</p>"
    around = "".join(f"<{tag}>{few}</{tag}>" for tag in ("nav", "header", "aside", "footer", "form"))

    assert kept(f"{around}<div data-score=.05>Gates</div>{few}") == ["Gates", "The wate"]


@pytest.mark.parametrize(("score", "found"), [(0.3, True), (0.1, False)])
def test_a_heading_between_what_is_kept_is_kept_unless_it_is_unlikely(score: float, found: bool) -> None:
    text = f"<p data-score=.52>{'A text. ' * 40}</p>"
    page = f"{text}<h2 data-score={score}>Gate</h2>{text}"

    assert kept(page) == (["A text. ", "Gate", "A text. "] if found else ["A text. "] * 2)
