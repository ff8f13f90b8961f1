# ruff: noqa: E501 (a text reads best on one line)
"""Long tables, lists and blocks of code, whose parts know what they are part of."""

from __future__ import annotations

from tests.services.chunking.rebuilt.text import Text, each, many

CASES = [
    Text("long code.md", "# Top\n\n```python\n" + many(60, "x_%i = gate(%i, 'open')\n") + "```\n", head=("x_69 ", "python")),
    Text("long code tilde.md", "# Top\n\n~~~ {.haskell}\n" + many(60, "x_%i = gate %i True\n") + "~~~\n", head=("x_69 ", "haskell")),
    Text("long list.md", "# Top\n\nBefore you open the gate, check:\n\n" + many(40, "- the part with the number %i of the gate\n"), head=("number 49", "check:")),
    Text("long numbered list.md", "# Top\n\nThe keeper must do the following:\n\n" + many(40, "%i. look at the part with the number %i\n"), head=("number 49", "following:")),
    Text("long list.txt", "Before you open the gate, check:\n\n" + many(40, "* the part with the number %i of the gate\n"), head=("number 49", "check:")),
    Text("grid.rst", "Top\n===\n\n+--------+---------------+\n| key    | value         |\n+========+===============+\n" + many(40, "| key-%i | timeout of %i |\n+--------+---------------+\n"), head=("key-49", "| key ")),
    Text("grid.md", "# Top\n\n+--------+---------------+\n| key    | value         |\n+========+===============+\n" + many(40, "| key-%i | timeout of %i |\n+--------+---------------+\n"), head=("key-49", "| key ")),
    Text("simple.rst", "Top\n===\n\n======  =============\nkey     value\n======  =============\n" + many(50, "key-%i  timeout of %i\n") + "======  =============\n", head=("key-59", "key     value")),
    Text("list-table.rst", "Top\n===\n\n.. list-table:: Keys\n   :header-rows: 1\n\n   * - key\n     - value\n" + many(40, "   * - key-%i\n     - timeout of %i\n"), whole=each(40, "   * - key-%i\n     - timeout of %i")),
    Text("table.org", "* Top\n\n| key | value |\n|-----+-------|\n" + many(50, "| key-%i | timeout of %i |\n"), head=("key-59", "| key | value |")),
    Text("table.adoc", "= Top\n\n[%header,cols=2*]\n|===\n|key |value\n\n" + many(50, "|key-%i |timeout of %i\n") + "|===\n", head=("key-59", "|key |value")),
    Text("cells.adoc", "= Top\n\n|===\n|key |value\n\n" + many(50, "|key-%i\n|timeout of %i\n\n") + "|===\n", head=("key-59", "|key |value"), whole=each(50, "|key-%i\n|timeout of %i")),
    Text("table.wiki", "== Top ==\n\n{| class=\"wikitable\"\n! key !! value\n" + many(50, "|-\n| key-%i || timeout of %i\n") + "|}\n", head=("key-59", "! key !! value")),
    Text("table.textile", "h1. Top\n\n|_. key |_. value |\n" + many(60, "| key-%i | timeout of %i |\n"), head=("key-69", "|_. key")),
    Text("tabular.tex", "\\section{Top}\n\\begin{tabular}{ll}\n\\toprule\nkey & value \\\\\n\\midrule\n" + many(50, "key-%i & timeout of %i \\\\\n") + "\\bottomrule\n\\end{tabular}\n", head=("key-59", "key & value")),
    Text("psql.txt", "  key   |     value\n--------+---------------\n" + many(50, " key-%i | timeout of %i\n") + "(50 rows)\n", head=("key-59", "key   |     value")),
    Text("a.tsv", "key\tvalue\n" + many(60, "key-%i\ttimeout of %i\n"), head=("key-69", "value")),
    Text("semicolons.csv", "key;value;note\n" + many(60, "key-%i;2,%i;\"open; closed\"\n"), head=("key-69", "note")),
    Text("jira.txt", "||key||value||\n" + many(60, "|key-%i|timeout of %i|\n"), whole=each(60, "|key-%i|timeout of %i|")),
    Text("head of two rows.html", "<h1>Top</h1><table><thead><tr><th rowspan=2>key</th><th colspan=2>levels</th></tr><tr><th>low</th><th>high</th></tr></thead><tbody>" + many(50, "<tr><td>key-%i</td><td>1.%i</td><td>2.%i</td></tr>") + "</tbody></table>", head=("key-59", "levels")),
    Text("whole section.ini", "[server]\n" + many(8, "name%i = a value of some length %i\n") + "\n[gates]\n" + many(30, "gate%i = a value of some length %i\n"), head=("gate39", "gates")),
    Text("units.conf", "[core]\n\tbare = false\n[remote \"origin\"]\n" + many(30, "\tfetch%i = +refs/heads/*:refs/remotes/origin/%i\n"), head=("fetch39", "origin")),
    Text("dump.sql", "INSERT INTO gates (id, name) VALUES\n" + many(60, "  (%i, 'gate number %i'),\n") + "  (99, 'last');\n", head=("number 69", "INSERT INTO gates")),
    Text("schema.sql", "CREATE TABLE weirs (\n" + many(40, "  column_%i integer NOT NULL, -- number %i\n") + "  id integer\n);\n", head=("column_49", "weirs")),
]  # fmt: skip
