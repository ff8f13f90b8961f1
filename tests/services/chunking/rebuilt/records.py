# ruff: noqa: E501 (a text reads best on one line)
"""Definitions and records that are not cut apart."""

from __future__ import annotations

from tests.services.chunking.rebuilt.text import SENTENCE, Text, records

CASES = [
    records("over.ts", "  /** Gate %i. */\n  gate(a: string, b: %i): void;\n", around=("interface Weir {\n", "}\n"), above="interface Weir"),
    records("macro.c", "/* gate %i */\n#define GATE%i(a) \\\n  do { \\\n    open(a, %i); \\\n  } while (0)\n\n"),
    records("Gate.swift", "  /// Gate %i.\n  @discardableResult\n  func gate%i(_ a: Int) -> Int {\n    a + %i\n  }\n\n", around=("class Weir {\n", "}\n"), above="class Weir"),
    records("gate.kt", "  /** Gate %i. */\n  @Test\n  fun gate%i(): Int {\n    return %i\n  }\n\n", around=("class Weir {\n", "}\n"), above="class Weir"),
    records("gate.ex", "  @doc \"\"\"\n  Gate %i.\n  \"\"\"\n  @spec gate%i(integer) :: integer\n  def gate%i(a) do\n    a + %i\n  end\n\n", around=("defmodule Weir do\n", "end\n"), above="defmodule Weir"),
    records("gate.jl", "\"\"\"\n    gate%i(a)\n\nGate %i.\n\"\"\"\nfunction gate%i(a)\n    a + %i\nend\n\n"),
    records("gate.R", "#' Gate %i\n#' @param a x\ngate%i <- function(a) {\n  a + %i\n}\n\n"),
    records("gate.graphql", "\"\"\"\nGate %i.\n\"\"\"\ntype Gate%i {\n  id: ID!\n  level: Int\n}\n\n"),
    records("gate.dart", "  /// Gate %i.\n  @override\n  int gate%i(int a) {\n    return a + %i;\n  }\n\n", around=("class Weir {\n", "}\n")),
    records("docker-compose.yml", "  gate%i:\n    image: weir:%i\n    ports:\n      - \"80%i:80\"\n", around=("services:\n", ""), above="services"),
    records("Dockerfile", "# step %i\nRUN apt-get update \\\n    && apt-get install gate%i \\\n    && rm -rf /var/%i\n\n", around=("FROM x\n\n", "")),
    records("here.sh", "cat > gate%i <<EOF\nopen %i\n# close\nEOF\n\n"),
    records("gate.pas", "{ Gate %i }\nprocedure Gate%i;\nbegin\n  Open(%i);\nend;\n\n"),
    records("gate.clj", ";; Gate %i\n(defn gate%i\n  [a]\n  (+ a %i))\n\n"),
    records("gate.less", "/* gate %i */\n.gate-%i {\n  color: red;\n  .bar { width: %ipx; }\n}\n\n"),
    records("page.erb", "<div class=\"gate\">\n  <h2>Gate %i</h2>\n  <%= gate(%i) %>\n</div>\n\n"),
    records("bib.bib", "@book{mill%i,\n  title = {The mill of %i},\n  year = {19%i}\n}\n\n"),
    records("a.srt", "%i\n00:%i:01,000 --> 00:%i:05,000\nThe gate %i\nis open.\n\n"),
    records("a.strings", "/* Label of gate %i */\n\"gate.%i\" = \"Tor %i ist offen\";\n\n"),
    records("a.properties", "# Label of gate %i\ngate.%i = Das Tor \\\n    mit der Nummer %i\n\n"),
    records("talk.txt", "Ann Miller: Is the gate %i open?\nBob: It is open since %i.\n\n"),
    records("faq.txt", "Q: Is gate %i open?\nA: It is. The keeper opened it at %i.\n\n"),
    records("min.js", "function gate%i(a){var b=a+%i;return open(b,\"%i\")};", whole="function gate%i(a){var b=a+%i;return open(b,\"%i\")}"),
    records("min.css", ".gate-%i{color:red;width:%ipx}.bar-%i{margin:0}", whole=".gate-%i{color:red;width:%ipx}"),
    records("min.json", "{\"id\":%i,\"name\":\"gate %i\",\"tags\":[\"a\",\"b\"]},", whole="{\"id\":%i,\"name\":\"gate %i\",\"tags\":[\"a\",\"b\"]}", around=("[", "{}]")),
    records("feed.xml", "<item><title>Gate %i</title><link>https://x.y/%i</link><description>Open &amp; shut</description></item>", around=("<rss><channel>", "</channel></rss>")),
    records("crash.log", "2024-05-06 10:%i:00 ERROR main gate %i failed\nTraceback (most recent call last):\n  File \"a.py\", line %i, in run\n    open()\nValueError: %i\n"),
    records("CHANGELOG", "## 1.%i.0\n\n- Open gate %i.\n- Close gate %i.\n\n"),
    records("pages.txt", "\fPage %i\n\nThe gate %i is open today.\nIt is closed at night.\n\n", whole="Page %i\n\nThe gate %i is open today.\nIt is closed at night."),
    records("anchors.adoc", "[[g%i]]\n== Gate %i\n\n" + SENTENCE + "\n\n", "[[g%i]]\n== Gate %i"),
    records("anchors.md", '<a name="g%i"></a>\n## Gate %i\n\n' + SENTENCE + "\n\n", '<a name="g%i"></a>\n## Gate %i'),
    records("labels.rst", ".. _g%i:\n\nGate %i\n-------\n\n" + SENTENCE + "\n\n", ".. _g%i:\n\nGate %i\n-------"),
    records("overlines.rst", "=======\nGate %i\n=======\n\n" + SENTENCE + "\n\n", "=======\nGate %i\n======="),
]  # fmt: skip
#: Characters of several code points.
CHARACTERS = [
    Text("accents.txt", "e\u0301o\u0308" * 200, size=100),
    Text("family.txt", "👩‍👩‍👧‍👦" * 60, size=100),
    Text("skin.txt", "👍🏽" * 100, size=100),
    Text("hearts.txt", "❤️" * 120, size=100),
    Text("devanagari.txt", "क्षत्रियों" * 40, size=100),
    Text("thai.txt", "ประตูน้ำเปิดทุกเช้า" * 30, size=100),
    Text("hangul.txt", "\u1112\u1161\u11ab" * 120, size=100),
    Text("flags.txt", "🇩🇪🇫🇷" * 60, size=100),
]
