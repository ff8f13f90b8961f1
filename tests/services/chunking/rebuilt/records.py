# ruff: noqa: E501 (a text reads best on one line)
"""Definitions and records that are not cut apart."""

from __future__ import annotations

from tests.services.chunking.rebuilt.text import SENTENCE, Text, records

CASES = [
    records("over.ts", "  /** Gate %i. */\n  gate(a: string, b: %i): void;\n", around=("interface Weir {\n", "}\n"), above="interface Weir"),
    records("Gate.swift", "  /// Gate %i.\n  @discardableResult\n  func gate%i(_ a: Int) -> Int {\n    a + %i\n  }\n\n", around=("class Weir {\n", "}\n"), above="class Weir"),
    records("gate.ex", "  @doc \"\"\"\n  Gate %i.\n  \"\"\"\n  @spec gate%i(integer) :: integer\n  def gate%i(a) do\n    a + %i\n  end\n\n", around=("defmodule Weir do\n", "end\n"), above="defmodule Weir"),
    records("gate.R", "#' Gate %i\n#' @param a x\ngate%i <- function(a) {\n  a + %i\n}\n\n"),
    records("gate.graphql", "\"\"\"\nGate %i.\n\"\"\"\ntype Gate%i {\n  id: ID!\n  level: Int\n}\n\n"),
    records("docker-compose.yml", "  gate%i:\n    image: weir:%i\n    ports:\n      - \"80%i:80\"\n", around=("services:\n", ""), above="services"),
    records("here.sh", "cat > gate%i <<EOF\nopen %i\n# close\nEOF\n\n"),
    records("gate.pas", "{ Gate %i }\nprocedure Gate%i;\nbegin\n  Open(%i);\nend;\n\n"),
    records("gate.less", "/* gate %i */\n.gate-%i {\n  color: red;\n  .bar { width: %ipx; }\n}\n\n"),
    records("bib.bib", "@book{mill%i,\n  title = {The mill of %i},\n  year = {19%i}\n}\n\n"),
    records("a.strings", "/* Label of gate %i */\n\"gate.%i\" = \"Tor %i ist offen\";\n\n"),
    records("talk.txt", "Ann Miller: Is the gate %i open?\nBob: It is open since %i.\n\n"),
    records("min.js", "function gate%i(a){var b=a+%i;return open(b,\"%i\")};", whole="function gate%i(a){var b=a+%i;return open(b,\"%i\")}"),
    records("min.json", "{\"id\":%i,\"name\":\"gate %i\",\"tags\":[\"a\",\"b\"]},", whole="{\"id\":%i,\"name\":\"gate %i\",\"tags\":[\"a\",\"b\"]}", around=("[", "{}]")),
    records("crash.log", "2024-05-06 10:%i:00 ERROR main gate %i failed\nTraceback (most recent call last):\n  File \"a.py\", line %i, in run\n    open()\nValueError: %i\n"),
    records("CHANGELOG", "## 1.%i.0\n\n- Open gate %i.\n- Close gate %i.\n\n"),
    records("anchors.adoc", "[[g%i]]\n== Gate %i\n\n" + SENTENCE + "\n\n", "[[g%i]]\n== Gate %i"),
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
