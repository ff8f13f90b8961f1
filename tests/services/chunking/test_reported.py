# ruff: noqa: E501 (a text reads best on one line)
"""Texts that other tools cut badly, or whose headings they lose, rebuilt from public reports."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest

from services.chunking import chunk
from tests.services.chunking.rebuilt import (
    definitions,
    markdown,
    markups,
    rare,
    reported_again,
    reported_code,
    reported_files,
    reported_headings,
    reported_lately,
    reported_markups,
    reported_records,
    tables,
    within_lines,
)
from tests.services.chunking.rebuilt import records as rebuilt_records
from tests.services.chunking.rebuilt.text import END as _END
from tests.services.chunking.rebuilt.text import SENTENCE as _SENTENCE
from tests.services.chunking.rebuilt.text import TEXT as _TEXT
from tests.services.chunking.rebuilt.text import Text, each, many, records

#: Colours of skin, and the vowels and ends of Korean syllables.
_NEVER_FIRST = tuple(map(chr, (*range(0x1F3FB, 0x1F400), *range(0x1160, 0x1200))))

_HEADINGS = [
    Text("closing marks and ids.md", f"# Top #\n\n{_TEXT}## Gates {{#gates}}\n\n{_END}", ["Top", "Gates"]),
    Text("headings as html.md", f'<h1 align="center">\n  <img src="a.png">\n  Weir\n</h1>\n\n{_TEXT}<h2>Install</h2>\n\n{_END}', ["Weir", "Install"]),
    Text("front matter of hugo.md", f"+++\ntitle = 'x'\n# no comment\n+++\n\n# Top\n\n{_END}", ["Top"], ["no comment"]),
    Text("a fence in a fence.md", f"# Top\n\n{_TEXT}````md\n```sh\n# none\n```\n# none\n````\n\n{_END}", ["Top"], ["none"]),
    Text("a fence in a quote.md", f"# Top\n\n{_TEXT}> ```sh\n> # none\n> ```\n\n{_END}", ["Top"], ["none"]),
    *(Text(f"literal {name}.md", f"# Top\n\n{_TEXT}{text}\n\n{_END}", ["Top"], ["none"]) for name, text in {
        "pre": "<pre>\n# none\n</pre>", "script": "<script>\n# none\n</script>", "formula": "$$\n# none\n$$", "comment": "Text <!-- one\n# none\n-->",
        "comment at the edge": "<!--\n## none -->", "hashtag": "#none is a tag\n\n####### none", "admonition": '!!! note "Careful"\n\n    # none'}.items()),
    Text("a comment that is only named.md", f"# Top\n\nWrite `<!--` to open it.\n\n## Gates\n\n{_END}Close it with `-->`.\n", ["Top", "Gates"]),
    Text("windows lines.md", f"# Top\n\n{_TEXT}## Gates\n\n{_END}".replace("\n", "\r\n"), ["Top", "Gates"]),
    Text("levels that are skipped.md", f"# A\n\n{_TEXT}### C\n\n{_TEXT}## B\n\n{_TEXT}#### D\n\n{_END}", ["A", "B", "D"]),
    *(Text(f"a.{suffix}", f"{first}\n\n{_TEXT}{second}\n\n{literal}\n\n{_END}", ["Top", "Gates"], ["none"]) for suffix, first, second, literal in (
        ("adoc", "= Top", "[role='x']\n== Gates ==", "----\n== none\n----"), ("asciidoc", "# Top", "## Gates", "////\n== none\n////"),
        ("org", "* Top", "** TODO Gates :tag:", "#+begin_src sh\n* none\n#+end_src"), ("tex", "\\section{Top}", "\\subsection*{Gates \\emph{and} pumps}", "% \\section{none}"),
        ("ltx", "\\chapter[Short]{Top}", "\\begin{frame}[t]{Gates}", "\\begin{verbatim}\n\\section{none}\n\\end{verbatim}"), ("rst", "===\nTop\n===", "Gates\n-----", ""),
        ("wiki", "==Top==", "=== Gates ===", "<pre>\n==none==\n</pre>"), ("textile", "h1. Top", "h2(#gates). Gates", ""), ("pod", "=head1 Top", "=head2 Gates", ""),
        ("1", ".SH Top", '.SS "Gates"', ""), ("typ", "= Top", "== Gates", "```\n= none\n```"), ("texi", "@chapter Top", "@section Gates", "@example\n@section none\n@end example"))),
]  # fmt: skip
_BARE = "key | value\n--- | ---\n" + many(60, "key-%i | timeout of %i\n")
_PIPES = "| key | value |\n| --- | --- |\n" + many(60, "| key-%i | timeout of %i |\n")
_SPANS = (
    "<tr><th rowspan='2'>Gate</th><th colspan='2'>2024</th></tr>\n<tr><th>Q1</th><th>Q2</th></tr>\n"
    + many(50, "<tr><td>gate-%i</td><td>%i</td><td>7</td></tr>\n")
)
_TABLES = [
    Text("bare rows.md", f"# T\n\n{_BARE}\nafter\n", head=("key-69", "key | value"), whole=each(60, "key-%i | timeout of %i")),
    Text("a table in a list.md", "1. Step\n\n" + re.sub("(?m)^", "   ", _PIPES), head=("key-69", "| key | value |")),
    Text("a table in a quote.md", re.sub("(?m)^", "> ", _PIPES), head=("key-69", "| key | value |")),
    Text("spans.md", f"# T\n\n<table>\n{_SPANS}</table>\n", head=("gate-59", "| Gate | 2024 |"), whole=each(50, "<td>gate-%i</td><td>%i</td><td>7</td>")),
    Text("spans on one line.md", f"# T\n\n<table>{_SPANS}</table>\n".replace("\n<tr", "<tr"), head=("gate-59", "Q2"), whole=each(50, "<td>gate-%i</td><td>%i</td><td>7</td>")),
    Text("spans of a page.html", f"<html><body><h1>T</h1><table>{_SPANS}</table></body></html>", head=("gate-59", "Q2")),
    Text("a.csv", "key,value\n" + many(60, "key-%i,timeout of %i\n"), head=("key-69", "value")),
]  # fmt: skip
_RECORDS = [
    records("questions.md", f"**Q: Is gate %i open?**\n\nA: {_SENTENCE}\n\n", "**Q: Is gate %i open?**\n\nA: The gate"),
    records("steps.md", "%i. Run:\n\n    ```sh\n    gate --open %i\n    # wait\n    ```\n\n"),
    records("a.vtt", f"00:%i:01.000 --> 00:%i:05.000\nAnn: {_SENTENCE}%i\n\n", "00:%i:01.000 --> 00:%i:05.000\nAnn: The gate", around=("WEBVTT\n\n", "")),
    records("a.log", "2024-05-06 10:%i:00,123 INFO [main] gate %i is open; level=2.%i\n"),
    records("a.jsonl", '{"id": %i, "text": "gate %i is open at all times"}\n'),
    records("chat.txt", "[06.05.24, 10:%i] Ann: Is gate %i open?\n"),
    records("lease.txt", "%i. The tenant pays rent.\n(a) each month;\n(b) in advance; and\n(c) in cash.\n\n"),
    records("a.po", '#: a.py:%i\nmsgid "gate %i"\nmsgstr "Tor %i ist offen"\n\n'),
    records("a.yaml", "  - name: gate-%i\n    turns: %i\n    note: >\n      The gate is opened\n      at noon %i.\n", around=("gates:\n", ""), above="gates"),
    records("a.toml", "key%i = 'value of %i is long enough for this'\n", around=("[tool.weir]\n", ""), above="tool.weir"),
    records("a.sql", "CREATE FUNCTION f%i() RETURNS int AS $$\nBEGIN\n  RETURN %i; -- it is; so\nEND;\n$$ LANGUAGE plpgsql;\n\n"),
    records("a.py", "@app.get('/g%i')\n@cache\ndef gate%i(a: int) -> int:\n    \"\"\"Gate %i.\"\"\"\n    return a + %i\n\n\n"),
    records("a.hs", "-- | Gate %i.\ngate%i :: Int -> Int\ngate%i a = a + %i\n\n"),
    records("a.rs", "    /// Gate %i.\n    #[inline]\n    pub fn gate%i(&self) -> u32 {\n        self.level + %i\n    }\n\n", around=("impl Weir {\n", "}\n"), above="impl Weir"),
    records("A.java", "    /** Gate %i. */\n    @Override\n    public int gate%i() {\n        return level + %i;\n    }\n\n", around=("public class Weir {\n", "}\n"), above="class Weir"),
    records("a.cpp", "// Gate %i.\ntemplate <typename T>\nT gate%i(T a) {\n  return a + %i;\n}\n\n", around=("namespace weir {\n", "}\n")),
    records("a.test.js", "  it('opens gate %i', () => {\n    expect(open(%i)).toBe(true);\n  });\n\n", around=("describe('weir', () => {\n", "});\n")),
    records("a.tf", '# gate %i\nresource "weir_gate" "g%i" {\n  turns = %i\n}\n\n'),
    records("Makefile", "gate%i: dep%i ## Open gate %i\n\tcc -o gate%i dep%i\n\tstrip gate%i\n\n"),
    records("a.proto", "// Gate %i.\nmessage Gate%i {\n  int32 id = 1;\n}\n\n"),
    records("a.bas", "' Gate %i\nSub Gate%i()\n    Level = %i\nEnd Sub\n\n"),
    Text("a.ipynb", json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1, "source": f"def gate{n}(a):\n    # none\n    return a + {n}"} for n in range(20)]}),
         never=["none"], whole=[f"def gate{n}(a):\n    # none\n    return a + {n}" for n in range(20)]),
]  # fmt: skip
_SENTENCES = [
    Text("german.txt", many(20, "Das Tor Nr. %i wird z. B. um 7.30 Uhr von Hrn. Dr. Müller geöffnet, vgl. S. %i ff. im Buch. "), size=400, not_after=["Nr.", "z.", "B.", "Dr.", "Hrn.", "S.", "vgl."]),
    Text("english.txt", many(20, "J. R. Miller et al. measured approx. %i.5 m at 5 p.m. on Jan. %i in the U.S. river, cf. Sec. %i. "), size=400, not_after=["J.", "R.", "al.", "approx.", "Jan.", "U.S.", "cf.", "Sec."]),
    Text("french.txt", many(20, "M. Dupont et Mme. Roux ont ouvert la porte n. %i, cf. p. %i, à l'aube. « Est-elle ouverte ? » demanda-t-il. "), size=400, not_after=["M.", "Mme.", "p.", "n.", "cf."]),
    *(records(f"{name}.txt", text, count=30) for name, text in {"japanese": "水門%iは毎朝七時に開けられ、夕方に閉められる。", "chinese": "第%i号水闸每天早上七点打开，晚上关闭！", "hindi": "द्वार %i सुबह सात बजे खोला जाता है। ", "arabic": "تفتح البوابة %i كل صباح؟ "}.items()),
    Text("flags.txt", "🇩🇪🇫🇷👩‍👩‍👧‍👦👍🏽" * 60, size=300),
]  # fmt: skip
_REBUILT = [
    (kind.__name__.rpartition(".")[2], text)
    for kind in (
        *(markups, markdown, tables, definitions, rebuilt_records),
        *(reported_files, reported_markups, reported_code, reported_again, rare),
        *(reported_headings, reported_records, reported_lately, within_lines),
    )
    for text in kind.CASES
]
_TEXTS = [*(("", text) for text in (*_HEADINGS, *_TABLES, *_RECORDS, *_SENTENCES)), *_REBUILT]


@pytest.mark.parametrize(
    "text", [text for _, text in _TEXTS], ids=[f"{kind} {text.file}" for kind, text in _TEXTS]
)
def test_it_is_cut_as_it_should(text: Text) -> None:
    assert text.faults() == []


@pytest.mark.parametrize(
    "text", rebuilt_records.CHARACTERS, ids=[text.file for text in rebuilt_records.CHARACTERS]
)
def test_no_character_is_cut(text: Text) -> None:
    pieces = [piece.text for piece in chunk(text.text, text.file, None, text.size)]

    assert text.faults() == []
    assert {unicodedata.category(piece[0]) for piece in pieces} <= {"Lo", "Ll", "So"}
    assert not any(piece.startswith(_NEVER_FIRST) or piece.endswith("\u200d") for piece in pieces)
    assert not any(piece.startswith("\U0001f1ea") for piece in pieces)  # the second letter of 🇩🇪
