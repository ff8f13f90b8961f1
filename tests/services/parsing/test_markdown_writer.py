# ruff: noqa: E501 (markup reads best on one line)
from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from services.parsing import markdown_writer as md
from services.parsing.markdown_writer import Cell, Indents, MarkdownBlock, Writer

#: Text as documents hold it: no control or private characters, no runs of blanks.
words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Co", "Cs", "Zs", "Zl", "Zp", "Cf")),
    min_size=1,
    max_size=12,
)
lines = st.lists(
    words
    | st.sampled_from(["*a*", "_b_", "`c`", "<d>", "[e](f)", "&amp;", "**", "a_b", "\\", "~~x~~", "[^1]"]),
    min_size=1,
    max_size=8,
).map(" ".join)


def shown(markdown: str) -> str:
    """What a reader of the rendered line sees."""
    token = MarkdownIt("commonmark").parseInline(markdown)[0]
    return "".join(
        c.content if c.type in ("text", "code_inline", "text_special") else "\0" for c in token.children or ()
    )


@given(lines)
@example("a * b * c")
@example("snake_case and _emphasis_")
@example("C:\\*.txt")
@example("<script>alert(1)</script>")
@example("x &lt; y")
def test_escaped_text_is_shown_as_it_was(text: str) -> None:
    assert shown(md.escape(text)) == text


@given(st.lists(st.tuples(st.lists(words, max_size=4), st.booleans()), min_size=1, max_size=6))
def test_pages_tile_the_markdown_in_order_and_hold_their_own_text(
    pages: list[tuple[list[str], bool]],
) -> None:
    writer = Writer()
    for number, (texts, tight) in enumerate(pages, 1):
        writer.page(number)
        for text in texts:
            writer.add(text, tight)
    text, spans = writer.finish()

    assert [span.number for span in spans] == list(range(1, len(pages) + 1))
    assert spans[-1].end == len(text)
    for span, following, (texts, _) in zip(spans, [*spans[1:], None], pages, strict=True):
        assert following is None or span.end == following.start
        assert text[span.start : span.end].split() == [w for t in texts for w in t.split()]


def test_emphasis_of_neighbouring_runs_merges_and_leaves_blanks_outside() -> None:
    bold = f"{md.STRONG}one {md.STRONG_END}{md.STRONG}two {md.STRONG_END}three"

    assert md.tidy(bold) == "**one two** three"


def test_emphasis_that_commonmark_would_not_read_is_dropped() -> None:
    assert md.tidy(f"{md.STRONG}note:{md.STRONG_END}then") == "note:then"
    assert md.tidy(f"{md.EMPH} {md.EMPH_END}x") == "x"


def test_a_table_without_spans_is_a_pipe_table() -> None:
    table = md.table([[Cell("a"), Cell("b|c")], [Cell("d\ne"), Cell("")], [Cell(""), Cell("")]])

    assert table == "| a | b\\|c |\n| --- | --- |\n| d<br>e |  |"


def test_a_table_with_spans_is_an_html_table_of_plain_text() -> None:
    table = md.table([[Cell("**a** & b", columns=2)], [Cell("[c](http://d)"), Cell("e", rows=2)]])

    assert table == (
        '<table>\n<tr><td colspan="2">a &amp; b</td></tr>\n<tr><td>c</td><td rowspan="2">e</td></tr>\n</table>'
    )


def test_a_code_fence_is_longer_than_any_run_of_backticks_inside() -> None:
    assert md.code("```\nx\n```", "md").text == "````md\n```\nx\n```\n````"


def test_list_items_are_indented_below_the_text_of_their_parent() -> None:
    indents = Indents()
    marks = [(0, "1."), (1, "-"), (2, "-"), (1, "-"), (0, "2.")]
    text = [md.item(m, [MarkdownBlock("x")], indents.under(depth, m)).text for depth, m in marks]

    assert text == ["1. x", "   - x", "     - x", "   - x", "2. x"]


def test_links_that_lead_nowhere_leave_their_text() -> None:
    assert md.link("here", "javascript:void(0)") == "here"
    assert md.link("here", "#top") == "here"
    assert md.link(" here ", "http://a/b (c") == " [here](http://a/b%20%28c) "
