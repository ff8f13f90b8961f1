"""Numbers with units, times, and what is marked in a text."""

from datetime import UTC, datetime, timedelta

import pytest

from api.dashboard.pages.search import where_of
from api.dashboard.rendering import environment
from api.dashboard.shown.formats import ago, breakable, duration, marked, percent, plural, rate, size, when
from api.errors import BadRequest
from schemas.words import words_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_every_number_has_a_unit() -> None:
    assert plural(1, "document") == "1 document"
    assert plural(1_234_567, "document") == "1,234,567 documents"
    assert [size(count) for count in (1, 1023, 2048, 5 * 1024**2)] == [
        "1 byte",
        "1,023 bytes",
        "2 KB",
        "5 MB",
    ]
    assert [rate(one, "documents") for one in (12.34, 0, 0.04)] == [
        "12.3 documents/s",
        "0.0 documents/s",
        "2.4 documents/min",
    ]
    assert [duration(s) for s in (0, 9.94, 59.4, 61, 3600, 7384, 90_000)] == [
        "0.0 s",
        "9.9 s",
        "59 s",
        "1 min 1 s",
        "1 h",
        "2 h 3 min",
        "1 d 1 h",
    ]
    assert [percent(part, 1000) for part in (0, 1, 500, 999, 1000)] == ["0 %", "1 %", "50 %", "99 %", "100 %"]


def test_a_path_may_be_broken_behind_its_slashes_and_stays_text() -> None:
    assert breakable("/srv/<b>/a.md") == "/<wbr>srv/<wbr>&lt;b&gt;/<wbr>a.md"
    assert breakable("https://e.org/") == "https://<wbr>e.org/"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "just now"),
        (30, "30 seconds ago"),
        (61, "1 minute ago"),
        (7200, "2 hours ago"),
        (200_000, "2 days ago"),
        (-600, "in 10 minutes"),
    ],
)
def test_times_are_relative(seconds: int, said: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == said


def test_the_exact_time_is_a_title() -> None:
    assert 'title="2026-03-01 12:00:00 UTC"' in when(NOW)
    assert when(None, "<never>") == '<span class="muted">&lt;never&gt;</span>'


def test_marked_words_are_escaped_as_all_else() -> None:
    assert marked("a <b>flood</b> Gate", ["flood", "gate", "<b>"]) == (
        "a <mark>&lt;b&gt;</mark><mark>flood</mark>&lt;/b&gt; <mark>Gate</mark>"
    )
    assert marked("1 < 2", []) == "1 &lt; 2"
    assert marked("Sluices", ["sluice"]) == "<mark>Sluices</mark>"


def test_common_words_and_plurals_are_not_marked_as_such() -> None:
    assert words_of("How do we open the flood gates of C3-PO?") == ["open", "flood", "gate", "C3-PO"]


def test_a_filter_is_json_or_terms() -> None:
    assert where_of("language = python") == {"language": "python"}
    assert where_of('page=3, draft = false, name = "7"') == {
        "$and": [{"page": 3}, {"draft": False}, {"name": "7"}]
    }
    assert where_of('{"page": {"$gte": 3}}') == {"page": {"$gte": 3}}
    for odd in ("{", "page", "= 3", ","):
        with pytest.raises(BadRequest):
            where_of(odd)


def test_a_name_that_turns_the_direction_of_writing_is_shown_as_it_is_stored() -> None:
    page = environment().from_string("{{ name }} {{ name|breakable }} {{ plain }}")

    shown = page.render(name="x\u202egpj.<md", plain="\u05de\u05d9\u05dd")

    assert shown.replace("<wbr>", "") == "x\\u202egpj.&lt;md x\\u202egpj.&lt;md \u05de\u05d9\u05dd"
