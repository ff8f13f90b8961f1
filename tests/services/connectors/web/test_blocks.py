"""The text of a page as numbers, and a page without some of its blocks."""

from urllib.parse import urljoin

from services.connectors.web.pages import blocks
from services.connectors.web.pages.blocks import FIXED, HEADING, LOOSE, kind_of
from services.connectors.web.pages.page import read_page

_MENU = (
    "<a href=/a><b>Home <i>page</i></a> <span>and <a href=/b>other</a></span> <a href=/c>things to see</a>"
)
_SENTENCE = "A sentence <em>of <b>several</b></em> words, <span>which is </span><span>text.</span>"


def _blocks(body: str) -> list[tuple[str, int]]:
    root = blocks.tree_of(f"<html><body>{body}</body></html>")
    return [(block.text, block.kind) for block in blocks.blocks_of(root)]


def test_a_block_is_the_text_between_two_line_breaks_whatever_is_inline() -> None:
    assert _blocks(f"<div>{_MENU}<p>{_SENTENCE}<br>On <a href=/>a <i>new</i> line</a></div>") == [
        ("Home page and other things to see", LOOSE),  # not all of it is links, but it is long
        ("A sentence of several words, which is text.", LOOSE),
        ("On a new line", FIXED),  # short, and no link alone
    ]
    assert _blocks("<p><span> <a href=/>A <b>short</b></a> <i><a href=/>menu</a></i></span></p>") == [
        ("A short menu", LOOSE),
    ]
    assert _blocks("<pre><span>if</span> <b>x</b>:\n  <i>y</i></pre><h2><a href=#x>A <b>b</b></a></h2>") == [
        ("if x: y", FIXED),
        ("A b", HEADING),
    ]


def test_blocks_are_removed_with_the_elements_that_become_empty_and_nothing_else() -> None:
    root = blocks.tree_of(
        f"<html><body><div>{_MENU}</div><section> <p>{_SENTENCE}</p> </section>t<p>Kept</body></html>"
    )
    numbers = [n for n in blocks.numbers_of(root) if kind_of(n) == LOOSE]
    blocks.without(root, set(numbers))
    assert blocks.as_html(root).decode().split("<body>")[1] == "t<p>Kept</p></body></html>"


def test_a_link_to_a_file_beside_or_below_is_resolved_as_any_other() -> None:
    hrefs = (
        "x.html",
        "a/b-c/d.e",
        "../x",
        "a//b",
        "a/./b",
        "./x",
        "\u00e9",
        "x:1",
        "a/..b",
        "/x",
        "x?y",
        "..",
    )
    body = "".join(f"<a href='{href}'>x</a>" for href in hrefs).encode()
    for url in (
        "http://h/a/b.html",
        "http://h",
        "http://h/a//b/c?x=/y",
        "http://h/a/../b/c",
        "http://h/a;p/c;q",
    ):
        expected = dict.fromkeys(urljoin(url, href) for href in hrefs if href != "x:1")
        assert read_page(body, "text/html; charset=utf-8", url, "h").links == tuple(expected)
