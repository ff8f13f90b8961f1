"""Markdown is cut by its structure, and prose between sentences."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chunking import TextChunk, chunk
from tests.services.chunking.laws import assert_laws


def _cut(text: str, limit: int = 200) -> list[TextChunk]:
    chunks = chunk(text, "a.md", None, limit)
    assert_laws(text, chunks, limit)
    return chunks


_BLOCKS = st.sampled_from(
    [
        "A paragraph of some words. And another sentence here.",
        "- one\n- two",
        "| a | b |\n|---|---|\n| 1 | 2 |",
    ]
)
_SECTIONS = st.tuples(st.integers(1, 4), st.integers(0, 2), _BLOCKS)


@settings(deadline=None, max_examples=60)
@given(
    sections=st.lists(_SECTIONS, min_size=1, max_size=12),
    limit=st.sampled_from([100, 112, 180, 185, 190, 250, 400]),
)
def test_a_heading_never_ends_a_chunk(sections: list[tuple[int, int, str]], limit: int) -> None:
    text = "\n".join(f"{'#' * level} Title\n{chr(10) * blank}{block}\n" for level, blank, block in sections)

    for piece in _cut(text, limit):
        assert not piece.text.splitlines()[-1].startswith("#")


def test_a_paragraph_that_just_fits_does_not_leave_its_heading_behind() -> None:
    text = "# Title\n\n" + "Some words here. " * 11 + "And more."  # 196 bytes, 205 with the heading

    assert _cut(text)[0].text.startswith("# Title\n\nSome words")


def test_the_context_is_the_path_of_headings_above() -> None:
    text = (
        "# Book\n\n## One\n\n"
        + "Words of one. " * 30
        + "\n\n### Deep\n\nLow.\n\n## Two\n\n"
        + "Words of two. " * 30
    )
    contexts = [piece.context for piece in _cut(text)]

    assert contexts[0] == ""
    assert "Book › One" in contexts
    assert contexts[-1] == "Book › Two"


def test_a_section_that_fits_is_not_mixed_with_its_neighbours() -> None:
    text = "".join(f"## Part {n}\n\n{'Some words here. ' * 9}\n\n" for n in range(6))

    assert [piece.text.split("\n")[0] for piece in _cut(text)] == [f"## Part {n}" for n in range(6)]


def test_underlined_and_wiki_titles_are_headings() -> None:
    words = "Some words are here. " * 12
    contexts = [piece.context for piece in _cut(f"Book\n====\n\n{words}\n\n = = Part = = \n\n{words}\n")]

    assert contexts == ["", "Book", "Book", "Book › Part"]


def test_tables_are_cut_between_rows_with_their_header_in_the_context() -> None:
    rows = "".join(f"| item {n} | {n * 10} |\n" for n in range(40))
    chunks = _cut(f"# Stock\n\n| name | count |\n|---|---|\n{rows}")

    assert chunks[0].text.startswith("# Stock\n\n| name | count |\n|---|---|\n| item 0 |")
    for piece in chunks[1:]:
        assert piece.text.startswith("| item")
        assert piece.context == "Stock › | name | count |"


def test_lists_are_cut_between_items_and_outer_ones_first() -> None:
    text = "".join(f"- item {n} is here\n  - with a part\n  - and another part\n" for n in range(12))

    assert all(piece.text.startswith("- item") for piece in _cut(text))


def test_a_list_stays_with_the_sentence_that_introduces_it() -> None:
    text = (
        "A first paragraph with words enough to matter.\n\nWe need:\n\n- milk\n- bread\n\nA last paragraph."
    )

    assert any("We need:\n\n- milk" in piece.text for piece in _cut(text, 80))


def test_fenced_code_is_whole_when_it_fits_and_means_nothing_else() -> None:
    fence = "```sh\n# not a heading\n\nrun this\n\n- not a list\n```"
    text = "# Title\n\n" + "Words before the code. " * 6 + f"\n\n{fence}\n\n" + "Words after the code. " * 6
    chunks = _cut(text)

    assert any(fence in piece.text for piece in chunks)
    assert {piece.context for piece in chunks[1:]} == {"Title"}


def test_fenced_code_that_is_too_long_is_cut_at_its_blank_lines() -> None:
    text = "```\n" + "".join(f"a{n} = 1\nb{n} = 2\nc{n} = 3\n\n" for n in range(20)) + "```\n"

    assert all(piece.text.startswith("a") for piece in _cut(text)[1:])


def test_front_matter_is_one_block_with_the_title_of_the_page() -> None:
    text = "---\ntitle: x\n# a comment\n---\n\n" + "Words and words. " * 20

    assert _cut(text)[0].text.startswith("---\ntitle: x\n# a comment\n---")
    assert _cut(text)[-1].context == "x"


def test_long_paragraphs_are_cut_between_sentences_but_not_behind_titles_and_initials() -> None:
    text = "Dr. Smith met J. Brown at noon, e.g. in the hall. Then they left for good! Was it late? " * 8

    for piece in _cut(text):
        assert piece.text.startswith(("Dr. Smith", "Then they", "Was it"))
        assert piece.text.endswith((".", "!", "?"))


def test_plain_text_knows_paragraphs_but_no_markdown() -> None:
    text = "# not a title\nline\n\n```\nno fence\n\n" + "Words and words. " * 30
    chunks = chunk(text, "a.txt", None, 200)

    assert_laws(text, chunks, 200)
    assert {(piece.strategy, piece.language, piece.context) for piece in chunks} == {("text", None, "")}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.adoc", "= Mill\n\n{0}\n\n== Gates\n\n{0}\n\nMarker {0}\n"),
        ("a.org", "* Mill\n\n{0}\n\n** Gates :open:\n\n{0}\n\nMarker {0}\n"),
        ("a.tex", "\\section{{Mill}}\n\n{0}\n\n\\subsection*{{Gates}}\\label{{g}}\n\n{0}\n\nMarker {0}\n"),
    ],
)
def test_headings_of_other_markups_are_the_context(name: str, source: str) -> None:
    chunks = chunk(source.format("The keeper opens them at dawn. " * 5), name, None, 200)

    assert next(c.context for c in chunks if "Marker" in c.text) == "Mill › Gates"


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.adoc", "== Gates\n\n{0}\n\n----\n== Not\n----\n\n[source,sh]\n----\nls\n----\n\nMarker {0}\n"),
        ("a.org", "* Gates\n\n{0}\n\n#+begin_src sh\n* Not\n#+end_src\n\nMarker {0}\n"),
        (
            "a.tex",
            "\\section{{Gates}}\n{0}\n\\begin{{verbatim}}\n\\section{{Not}}\n\\end{{verbatim}}\n\n"
            "Marker {0}\n",
        ),
        ("a.md", "# Gates\n\n{0}\n\n    # Not\n\nMarker {0}\n"),
    ],
)
def test_nothing_is_a_heading_in_literal_text(name: str, source: str) -> None:
    text = source.format("It rains. " * 15)

    found = [piece.context for piece in chunk(text, name, None, 200) if "Marker" in piece.text]
    assert found == ["Gates"]


def test_lines_under_titles_have_their_levels_in_the_order_of_restructuredtext() -> None:
    words = "It rains. " * 15
    text = f"=====\nGuide\n=====\n\nGates\n=====\n\n{words}\n\nNorth\n~~~~~\n\n{words}\n\nMarker {words}\n"

    found = [piece.context for piece in chunk(text, "a.rst", None, 200) if "Marker" in piece.text]
    assert found == ["Guide › Gates › North"]


def test_a_heading_in_a_comment_is_none() -> None:
    text = "# Mill\n\nText.\n\n<!--\n# Old\n-->\n\n" + "The keeper opens the gates at dawn. " * 10

    assert {c.context for c in chunk(text, "a.md", None, 200)} <= {"", "Mill"}


@pytest.mark.parametrize(
    ("head", "shown"),
    [
        (
            '<tr><th rowspan="2">gate</th><th colspan="2">level</th></tr>\n'
            "<tr><th>low</th><th>high</th></tr>",
            "| gate | level | | low | high |",
        ),
        (
            '<tr><td colspan="3">Levels in gate order</td></tr>\n'
            "<tr><td>gate</td><td>low</td><td>high</td></tr>",
            "| Levels in gate order | | gate | low | high |",
        ),
        (
            "<tr><th>gate</th><th>low</th><th>high</th></tr>\n<tr><th>no.</th><th>m</th><th>m</th></tr>",
            "| gate | low | high | | no. | m | m |",
        ),
    ],
)
def test_parts_of_a_table_in_html_have_its_head(head: str, shown: str) -> None:
    rows = "\n".join(f"<tr><td>gate {n}</td><td>{n}</td><td>{n + 2}</td></tr>" for n in range(30))
    chunks = chunk(f"# Mill\n\n<table>\n{head}\n{rows}\n</table>\n\nAfter.", None, "text/markdown", 300)

    assert len(chunks) > 4
    assert all(c.context.endswith(shown) for c in chunks[1:-1])
    assert all(c.text.startswith("<tr>") for c in chunks[1:-1])
    assert "gate" not in chunks[-1].context or "gate 29" in chunks[-1].text


def test_records_of_xml_keep_their_indentation() -> None:
    records = "".join(f'  <weir id="{n}">\n    <name>Weir {n}</name>\n  </weir>\n' for n in range(20))
    chunks = chunk(f"<weirs>\n{records}</weirs>\n", "a.xml", None, 200)

    assert len(chunks) > 3
    assert all(c.text.startswith("  <weir id=") for c in chunks[1:-1])
