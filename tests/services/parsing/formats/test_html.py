# ruff: noqa: E501 (markup reads best on one line)
from __future__ import annotations

import contextlib

import pytest

from schemas.errors import DocumentError
from services.parsing import parse


def markdown(html: str, main_content: bool = False) -> str:
    page = f"<html><body>{html}</body></html>".encode()
    return parse(page, "page.html", main_content=main_content).markdown.rstrip("\n")


def test_headings_paragraphs_and_links() -> None:
    html = "<h1>Top</h1><p>See <a href='https://e.org/a b'>this <b>page</b></a>.</p><h3><a href='/x'>Deep</a></h3>"

    assert markdown(html) == "# Top\n\nSee [this **page**](https://e.org/a%20b).\n\n### [Deep](/x)"


def test_lists_nest_and_keep_their_numbers() -> None:
    html = "<ol start=4><li>four<ul><li>a</li><li>b<p>more</p></li></ul></li><li value=9>nine</li></ol>"

    assert markdown(html) == "4. four\n   - a\n   - b\n\n     more\n9. nine"


def test_a_list_directly_in_a_list_belongs_to_the_item_before_it() -> None:
    assert markdown("<ul><li>a</li><ul><li>b</li></ul></ul>") == "- a\n  - b"


def test_code_keeps_its_lines_and_its_language() -> None:
    html = '<pre><code class="language-python">def f():\n    return 1\n</code></pre><p>call <code>f()</code> now</p>'

    assert markdown(html) == "```python\ndef f():\n    return 1\n```\n\ncall `f()` now"


def test_quotes_and_line_breaks() -> None:
    assert markdown("<blockquote><p>a<br>b</p><p>c</p></blockquote>") == "> a\n> b\n>\n> c"


def test_cells_with_blocks_become_lines_of_one_cell() -> None:
    html = "<table><tr><th>A</th><th>B</th></tr><tr><td><ul><li>x</li><li>y</li></ul></td><td><b>z</b></td></tr></table>"

    assert markdown(html) == "| A | B |\n| --- | --- |\n| - x<br>- y | z |"


def test_spanning_cells_keep_their_spans() -> None:
    assert '<td colspan="2">A</td>' in markdown(
        "<table><tr><th colspan=2>A</th></tr><tr><td>b</td><td>c</td></tr></table>"
    )


def test_a_table_that_lays_out_the_page_is_read_as_blocks() -> None:
    assert markdown("<table><tr><td><h2>Head</h2><p>Text</p></td></tr></table>") == "## Head\n\nText"


def test_scripts_styles_and_hidden_parts_are_left_out() -> None:
    html = "<script>x</script><style>y</style><p hidden>z</p><p style='display: none'>w</p><p>kept</p>"

    assert markdown(html) == "kept"
    assert (
        markdown("<p>one <i HIDDEN>z</i>two<b Style='Display:None'><i hidden>w</i></b> three</p>")
        == "one two three"
    )
    assert markdown("<p hidden><b style='display:none'>x</b></p><p>kept</p>", main_content=True) == "kept"


def test_a_page_that_a_script_shows_is_kept() -> None:
    page = b"<html style='visibility: hidden'><body hidden><p>Kept"

    assert parse(page, "page.html").markdown == "Kept\n"


def test_the_folded_part_of_a_table_is_kept() -> None:
    rows = "<tr><th>a<th>b<tbody style='display:none'><tr><td>1<td>2</tbody><tr hidden><td>3<td>4"

    assert markdown(f"<table>{rows}</table>") == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_a_link_that_shows_only_an_icon_is_no_link() -> None:
    html = "<p>Follow us <a href='https://e.org/x'><b class='icon'></b></a><a href='https://e.org/'><i> </i></a></p>"

    assert markdown(html) == "Follow us"


def test_pictures_leave_their_description() -> None:
    assert markdown("<p><img src='a.png' alt='A duck'><img src='b.png'></p>") == "![A duck](a.png)"


def test_formulas_and_exponents() -> None:
    html = "<p>E = mc<sup>2</sup>, 1<sup>st</sup>, <math alttext='x^2'><mi>x</mi></math></p>"

    assert markdown(html) == "E = mc^2, 1st, $x^2$"


def test_the_charset_of_the_page_is_used() -> None:
    page = "<meta charset=windows-1251><p>Привет</p>".encode("cp1251")

    assert parse(page, "a.html").markdown == "Привет\n"


def test_title_and_language_come_from_the_page() -> None:
    document = parse(b"<html lang=de><title> A\n page </title><p>x", "a.html")

    assert (document.title, document.language, document.media_type) == ("A page", "de", "text/html")


@pytest.mark.parametrize("tag", ["div", "ul><li", "blockquote", "b", "table><tr><td"])
def test_endless_nesting_ends_cleanly(tag: str) -> None:
    page = "".join(f"<{part}>" for part in [tag] * 20_000) + "x"
    with contextlib.suppress(DocumentError):
        assert parse(f"<html>{page}".encode(), "a.html").media_type == "text/html"


_SENTENCE = (
    "The river rose again last night and the town, which had just dried out, was under water by noon. "
)
_ARTICLE = "".join(f"<p>{_SENTENCE * 3}</p>" for _ in range(4))
_PAGE = f"""
<nav><ul><li><a href=/1>Home</a><li><a href=/2>News</a></ul></nav>
<div class=content><h1>Floods</h1><div class=byline>By A. Writer</div>{_ARTICLE}
<div class=share-bar><a href=/s>Share this</a></div><p>Read more: <a href=/m>Another story entirely</a></p>
<table><tr><th>Gauge</th><th>Level</th></tr><tr><td>North</td><td>4.2 m</td></tr></table></div>
<div class=comments><p>{_SENTENCE * 5}</p></div>
<div class=more>{"".join(f"<div class=card><h3><a href=/c{n}>Card {n}</a></h3><p>{_SENTENCE}</p></div>" for n in range(5))}</div>
<footer><p>This website uses cookies to make things better for you, it says.</p></footer>
"""


def test_main_content_is_the_article_with_its_tables_and_nothing_around_it() -> None:
    text = markdown(_PAGE, main_content=True)

    assert text.count("The river rose again") == 12
    assert "| North | 4.2 m |" in text
    assert text.startswith("# Floods")
    for furniture in ("Home", "Share", "Read more", "Card", "cookies"):
        assert furniture not in text


def test_without_main_content_the_whole_page_is_there() -> None:
    text = markdown(_PAGE)

    assert all(part in text for part in ("Home", "By A. Writer", "Card 4", "cookies", "# Floods"))


def test_a_page_of_teasers_alone_keeps_them() -> None:
    cards = "".join(f"<div class=card><h3><a href=/{n}>Card {n}</a></h3></div>" for n in range(6))

    assert "### [Card 5](/5)" in markdown(cards, main_content=True)


def test_a_text_that_looks_like_no_content_is_kept_alone_if_the_page_has_no_other() -> None:
    """As on old pages: long lists of links, and one element with breaks for all of the text."""
    archive = "".join(f"<ul><li><a href=/{n}>May {2000 + n} ({n})</a></li></ul>" for n in range(20))
    text = "<br>".join(
        ["On Monday the spring in the upper village is cleaned. The water is off until noon."] * 7
    )
    page = f"<blockquote>Categories</blockquote>{archive}<div>5/3/2019 - By: Office - Category: Water<br>{text}</div>"

    kept = markdown(page, main_content=True)

    assert kept.count("the spring in the upper village") == 7
    assert "Categories" not in kept
    assert "May 2005" not in kept


def test_what_is_nested_too_deep_is_said_to_be_left_out() -> None:
    document = parse(("<html>" + "<ul><li>a" * 400).encode(), "a.html")

    assert document.markdown.startswith("- a\n")
    assert any("deep" in warning for warning in document.warnings)


def test_a_page_without_running_text_keeps_what_it_has() -> None:
    assert "one" in markdown("<ul><li>one<li>two</ul>", main_content=True)
