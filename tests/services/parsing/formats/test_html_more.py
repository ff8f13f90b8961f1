# ruff: noqa: E501 (markup reads best on one line)
"""Formulas, fields, frames and lazy pictures of web pages; outputs of notebooks."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.parsing import parse
from tests.services.parsing.samples import zipped


def markdown(body: str, head: str = "") -> str:
    return parse(f"<html><head>{head}</head><body>{body}</body></html>".encode(), "a.html").markdown.rstrip(
        "\n"
    )


@pytest.mark.parametrize(
    ("math", "tex"),
    [
        ("<msup><mi>c</mi><mn>2</mn></msup>", "$c^{2}$"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mn>1</mn></mrow><mi>b</mi></mfrac>", r"$\frac{a + 1}{b}$"),
        ("<msqrt><mi>x</mi></msqrt><mo>&lt;</mo><mroot><mi>y</mi><mn>3</mn></mroot>", r"$\sqrt{x} < \sqrt[3]{y}$"),
        ("<munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover><msub><mi>x</mi><mi>i</mi></msub>", "$∑_{i}^{n}x_{i}$"),
        ("<mi>sin</mi><mi>x</mi>", r"$\sin x$"),
        ("<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable>", r"$\begin{matrix} 1 & 2 \end{matrix}$"),
        ("<semantics><mi>q</mi><annotation encoding='application/x-tex'>\\alpha</annotation></semantics>", r"$\alpha$"),
    ],
)  # fmt: skip
def test_mathml_keeps_its_structure(math: str, tex: str) -> None:
    assert markdown(f"<p>so <math>{math}</math></p>") == f"so {tex}"


def test_formulas_that_a_script_draws_stand_once() -> None:
    katex = "<span class='katex'><span class='katex-mathml'><math><mi>h</mi></math></span><span class='katex-html' aria-hidden='true'>h</span></span>"
    mathjax = "<span class='MathJax_Preview'>x</span><span class='MathJax'>x</span><script type='math/tex'>x^2</script>"
    display = "<script type='math/tex; mode=display'>y</script>"

    assert markdown(f"<p>a {katex} b {mathjax} c {display}</p>") == "a $h$ b $x^2$ c\n\n$$y$$"


def test_fields_show_what_was_typed_and_chosen() -> None:
    form = (
        "<p>Gate <select><option>North<option selected>South</select> <textarea>typed</textarea> <input value='42'>"
        "<input type=hidden value=secret><input type=submit value=Send><svg><text>7 m</text></svg><svg><title>Icon</title></svg></p>"
    )

    assert markdown(form) == "Gate South typed 42 7 m"


def test_addresses_follow_the_base_of_the_page() -> None:
    text = markdown(
        "<p><a href='a.html'>A</a> <a href='https://o.org/'>O</a> <a href='#x'>X</a></p>",
        "<base href='https://e.org/d/'>",
    )

    assert text == "[A](https://e.org/d/a.html) [O](https://o.org/) X"


@pytest.mark.parametrize(
    "image",
    [
        "<img src='data:image/gif;base64,R0lGOD' data-src='/p.jpg' alt='P'>",
        "<img src='/img/placeholder.png' data-original='/p.jpg' alt='P'>",
        "<picture><source srcset='/p.jpg 1x, /q.jpg 2x'><img alt='P'></picture>",
    ],
)
def test_lazy_pictures_have_their_own_address(image: str) -> None:
    assert markdown(f"<p>{image}</p>") == "![P](/p.jpg)"


def test_frames_with_their_page_inside_are_read() -> None:
    assert (
        markdown("<p>One</p><iframe srcdoc='&lt;p&gt;Two&lt;/p&gt;'></iframe><p>Three</p>")
        == "One\n\nTwo\n\nThree"
    )


def test_a_button_in_a_heading_is_the_heading() -> None:
    assert markdown("<h3><button>Costs</button></h3><button>Buy</button><p>None.</p>") == "### Costs\n\nNone."


def test_a_button_that_unfolds_paragraphs_is_read() -> None:
    page = "<button aria-expanded=false>Is it dear?</button><div><p>No.</p></div><button>Buy</button>"

    assert markdown(page) == "Is it dear?\n\nNo."
    assert markdown("<button aria-expanded=false>Menu</button><div>Gates</div>") == "Gates"


def test_struck_text_keeps_its_meaning() -> None:
    text = markdown(
        "<p><s>10</s> <del>11</del> <span style='text-decoration: line-through'>12</span> 14</p><table><tr><td><s>1</s> 2<td>3</table>"
    )

    assert text == "~~10~~ ~~11~~ ~~12~~ 14\n\n| ~~1~~ 2 | 3 |\n| --- | --- |"


def notebook(*outputs: Mapping[str, object]) -> str:
    cell = {"cell_type": "code", "source": "f()", "outputs": list(outputs)}
    return parse(json.dumps({"nbformat": 4, "cells": [cell]}).encode(), "a.ipynb").markdown


def test_outputs_of_notebooks_are_read_in_the_form_that_holds_text() -> None:
    table = {
        "data": {
            "text/html": ["<table><tr><th>a<th>b<tr><td>1<td>2</table>"],
            "text/plain": "   a  b\n0  1  2",
        }
    }
    bold = {"data": {"text/markdown": "**Mean** 1.8", "text/plain": "<IPython.core.display.Markdown object>"}}
    formula = {"data": {"text/latex": "$x^2$"}}
    picture = {"data": {"image/png": "AAAA", "text/plain": "<Figure size 640x480 with 1 Axes>"}}

    assert "| a | b |\n| --- | --- |\n| 1 | 2 |" in notebook(table)
    assert notebook(bold, formula).endswith("```\n\n**Mean** 1.8\n\n$x^2$\n")
    assert "AAAA" not in notebook(picture)


def test_printed_outputs_have_no_escape_codes_and_only_the_last_state_of_a_line() -> None:
    printed = {"output_type": "stream", "text": ["\x1b[1;31mred\x1b[0m\n", "10%\r50%\r100%\n"]}

    assert notebook(printed).endswith("```\nred\n100%\n```\n")


@pytest.mark.parametrize(("first", "count"), [("Mill", 1), ("Mill at the weir", 2)])
def test_the_title_of_a_book_stands_once(first: str, count: int) -> None:
    pages = {"t": f"<h1>{first}</h1>", "c": "<h1>Mill</h1><p>Once.</p>"}
    items = "".join(f'<item id="{n}" href="{n}.xhtml" media-type="application/xhtml+xml"/>' for n in pages)
    spine = "".join(f'<itemref idref="{n}"/>' for n in pages)
    data = zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfile full-path="o.opf"/></container>',
            "o.opf": f"<package><manifest>{items}</manifest><spine>{spine}</spine></package>",
            **{f"{n}.xhtml": f"<html><body>{body}</body></html>" for n, body in pages.items()},
        }
    )

    assert parse(data, "a.epub").markdown.count("# Mill") == count


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<table><tr><td>a<td>b</tr><div>stray</div></table>", ["stray", "a | b"]),
        ("<table><tbody><tr><td>a<td>b</tr><tr><ul><li>stray</ul></tr></table>", ["stray", "a | b"]),
        ("<table>stray<tr>more<td>a<td>b</table>", ["stray", "more", "a | b"]),
        ("<table><tr><td>a<td>b</tr><tr><table><tr><td>c<td>d</table></table>", ["a | b", "c | d"]),
        ("<table><tr><td>a<td>b</td><tr><table><br><table><tr><td>c<td>d</table>", ["a | b", "c | d"]),
        (
            "<table><tr><td>a<td>b</tr><table><tr><td>c<td>d</table><table><tr><td>e<td>f</table></table>after",
            ["a | b", "c | d", "e | f", "after"],
        ),
        ("<table><center>x<tr><td>a<td>b</tr>y</center></table>", ["x", "y", "a | b"]),
        ("<table><caption>head</caption><tr><td>only</table>", ["head", "only"]),
        ("<table><tr><td>a<td><table><caption>head</caption><tr><td>b</table></table>", ["a", "head", "b"]),
        ("<table><form><tr><td>a<td>b</tr><tr><td>c<td>d</tr></form></table>", ["a | b", "c | d"]),
        ("<table><tr><td>a<td>b</tr><center><tr><td>c<td>d</tr></center></table>", ["a | b", "c | d"]),
        ("<table><tbody><td>a<td>b<tr><td>c<td>d</table>", ["a | b", "c | d"]),
        ("<table><th>a<th>b<tr><td>c<td>d</table>", ["a | b", "c | d"]),
        ("<table><tr><td>only</tr><p>stray</table>", ["stray", "only"]),
        (
            "<table><tr><td><p>x</p><table><tr><td>a<td>b</tr><p>stray</table></table>",
            ["x", "stray", "a | b"],
        ),
    ],
)
def test_what_a_page_puts_between_the_rows_of_a_table_is_read(html: str, expected: list[str]) -> None:
    found = parse(html.encode(), "a.html").markdown
    places = [found.find(text) for text in expected]
    assert -1 not in places, found
    assert places == sorted(places), found


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<ul>text<li>a</ul>", "- text\n- a"),
        (
            "<ol><li>a</li>See <a href='/x'>this</a> and <b>that</b>.<li>b</ol>",
            "1. a\n2. See [this](/x) and **that**.\n3. b",
        ),
        ("<ul><i>one</i> two<li>a</ul>", "- *one* two\n- a"),
        ("<ul><li>a</li><p>p</p>text<ul><li>b</ul></ul>", "- a\n- p\n- text\n  - b"),
    ],
)
def test_text_between_the_items_of_a_list_is_an_item(html: str, expected: str) -> None:
    assert markdown(html) == expected


_TAGS = ["table", "tr", "td", "th", "tbody", "form", "caption", "center", "p", "div", "ul", "li", "ol", "dl", "dt", "dd",
         "a", "b", "span", "details", "h2", "pre", "section"]  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(("open", "close", "text")), st.sampled_from(_TAGS)), max_size=30))
@settings(max_examples=150, deadline=None)
def test_no_word_of_a_tag_soup_is_lost_or_read_twice(soup: list[tuple[str, str]]) -> None:
    words: list[str] = []
    page: list[str] = []
    for kind, tag in soup:
        words += [f"w{len(words)}x"] if kind == "text" else []
        page.append(words[-1] if kind == "text" else f"<{tag}>" if kind == "open" else f"</{tag}>")
    found = parse(f"<body>{''.join(page)}".encode(), "a.html").markdown
    assert {word: found.count(word) for word in words} == dict.fromkeys(words, 1)
