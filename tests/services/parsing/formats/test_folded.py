# ruff: noqa: E501 (markup reads best on one line)
"""Parts of a web page that a click unfolds are read; menus, dialogs and hidden text are not."""

from __future__ import annotations

import pytest

from services.parsing import Choices, parse


def markdown(html: str) -> str:
    return parse(html.encode(), "a.html").markdown


@pytest.mark.parametrize(
    "html",
    [
        "<div role='tablist'><button role='tab'>a</button></div><div role='tabpanel' hidden>folded</div>",
        "<h3><button aria-expanded='false' aria-controls='s'>Q</button></h3><div id='s' hidden>folded</div>",
        "<a data-bs-toggle='collapse' href='#s'>Q</a><p>between</p><div id='s' style='display:none'>folded</div>",
        "<a data-toggle='tab' data-target='#s'>Q</a><p>between</p><div id='s' style='display: none'>folded</div>",
        "<div class='toggleTitle'>Q</div><div class='toggleText' style='display: none;'>folded</div>",
        "<button class='accordion'>Q</button><div style='max-height:0;overflow:hidden'><p>folded</p></div>",
        "<section class='slide'>1</section>"
        + "<section class='slide hidden' style='display:none'>folded</section>" * 2,
        "<table><tbody class='page page-1'><tr><td>1"
        + "".join(f"<tbody class='page page-{n}' style='display:none'><tr><td>folded {n}" for n in (2, 3)),
    ],
    ids=["tab", "aria", "collapse", "data-target", "toggle", "accordion", "slides", "pages of a table"],
)
def test_what_a_click_unfolds_is_read(html: str) -> None:
    assert "folded" in markdown(f"<p>shown</p>{html}")


@pytest.mark.parametrize(
    "html",
    [
        "<p style='display:none'>unseen</p>",
        "<p class='a'>shown</p><p class='a' style='display:none'>unseen</p>",
        "<nav><button aria-expanded='false' aria-controls='m'>Menu</button><div id='m' hidden>unseen</div></nav>",
        "<button aria-controls='m' aria-expanded='false'>Menu</button><div id='m' class='main-menu' hidden>unseen</div>",
        "<button aria-controls='d' aria-haspopup='dialog'>Log in</button><div id='d' hidden>unseen</div>",
        "<a data-toggle='modal' href='#d'>Log in</a><div id='d' style='display:none'>unseen</div>",
        "<a href='#d'>Down</a><p>between</p><div id='d' style='display:none'>unseen</div>",
        "<button>Q</button><div role='dialog' hidden>unseen</div>",
        "<div class='toggle'>Q</div><div style='position:absolute;left:-9999px'>unseen</div>",
        "<div class='toggle'>Q</div><div style='display:none;background:#fff;color:#fff'>unseen</div>",
        "<div class='tab'>1</div><div class='tab' hidden>a<p style='display:none'>unseen</p></div><div class='tab' hidden>b</div>",
        "<div class='cookie-tabs'><p class='t'>1</p><p class='t' hidden>unseen</p><p class='t' hidden>unseen</p></div>",
    ],
    ids=["nothing unfolds it", "one of two", "navigation", "menu", "popup", "modal", "link", "dialog",
         "out of the window", "in the colour of its ground", "inside", "cookies"],
)  # fmt: skip
def test_what_is_no_fold_stays_out(html: str) -> None:
    found = markdown(f"<style>a{{}}</style><p>shown</p>{html}")
    assert "shown" in found
    assert "unseen" not in found


def test_hidden_text_that_is_wanted_is_read_with_or_without_a_fold() -> None:
    page = b"<p>shown</p><p hidden>a</p><div role='tabpanel' hidden>b</div>"
    found = parse(page, "a.html", choices=Choices(hidden=True)).markdown
    assert found.split() == ["shown", "a", "b"]


def test_sections_that_a_gallery_pages_through_are_main_content() -> None:
    text = "This is perfect for those of us who never find the time to do it, and it looks good as well. " * 2
    sections = "".join(
        f"<div class='gallery-section hidden' style='display: none;'><h2>{n}. Thing</h2><p>{text}</p></div>"
        for n in range(2, 6)
    )
    page = f"<article><div class='gallery-section'><h2>1. Thing</h2><p>{text}</p></div>{sections}</article>"
    found = parse(page.encode(), "a.html", main_content=True).markdown
    assert [line for line in found.splitlines() if line.startswith("##")] == [
        f"## {n}. Thing" for n in range(1, 6)
    ]
