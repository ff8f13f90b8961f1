# ruff: noqa: E501 (a text reads best on one line)
"""Markups that other readers misread; each text is named by the report that it comes from."""

from __future__ import annotations

from tests.services.chunking.rebuilt.text import END, SENTENCE, TEXT, Text, each, many

_LONG = "\\begin{minipage}[b]{\\linewidth}\\raggedright\n%s\n\\end{minipage}"

CASES = [
    Text("pandoc 3432.rst", "Top\n===\n\n.. list-table:: Frozen Delights!\n   :widths: 15 10 30\n   :header-rows: 1\n\n   * - Treat\n     - Quantity\n     - Description\n" + many(30, "   * - Albatross %i\n     - 2.%i\n     - On a stick!\n"), head=("Albatross 39", "Quantity"), whole=each(30, "   * - Albatross %i\n     - 2.%i\n     - On a stick!")),
    Text("pandoc 4579.rst", "Top\n===\n\n.. list-table::\n  :header-rows: 1\n\n  * - Foo\n    - Bar\n" + many(40, "  * - spam %i\n    - ham of %i\n"), head=("spam 49", "Bar"), whole=each(40, "  * - spam %i\n    - ham of %i")),
    Text("pandoc 7064.rst", "Top\n===\n\n.. csv-table:: Changes\n    :header: \"Version\", \"Date\", \"Description\"\n    :widths: 15, 15, 70\n    :delim: $\n\n" + many(40, "    0.%i.0 $ 18/02/2013 $ Release %i\n"), head=("Release 49", "Description")),
    Text("pandoc 6549.rst", "Top\n===\n\n.. csv-table:: Test\n   :header-rows: 1\n\n   Column1, Column2\n" + many(40, "   key-%i, \"data of %i\"\n"), head=("key-49", "Column2")),
    Text("pandoc 11146.rst", "Top\n===\n\n===  =====  ====\nint  float  str\n===  =====  ====\n" + many(50, " %i   0.%i  hoge\n") + "-10  -9.90\n===  =====  ====\n", head=(" 59   0.59", "int  float")),
    Text("pandoc 555.rst", "Top\n===\n\n+------------------------+------------+----------+\n| Header row, column 1   | Header 2   | Header 3 |\n+========================+============+==========+\n" + many(25, "| body row %i            | Cells may span        |\n+------------------------+-----------------------+\n"), head=("body row 34", "Header 3")),
    Text("pandoc 5757.wiki", "=== Host List ===\n{| {{table}}\n| align=\"center\" style=\"background:#f0f0f0;\"|'''IP'''\n| align=\"center\" style=\"background:#f0f0f0;\"|'''Machine Name'''\n" + many(40, "|-\n| 127.0.184.%i||host%i\n") + "|}\n", head=("184.49||", "Machine Name")),
    Text("pandoc 10390.wiki", "== Top ==\n\n {| class=\"wikitable\"\n |+ Overview of markup\n ! Key\n ! Meaning\n" + many(40, " |-\n | key-%i\n | means %i\n") + " |}\n", head=("key-49", "Meaning"), whole=each(40, " | key-%i\n | means %i")),
    Text("pandoc 10491.wiki", "== Top ==\n\n{| class=\"wikitable\"\n|-\n!\n!0\n!1\n" + many(40, "|-\n!+%i\n|q%i||p%i\n") + "|}\n", head=("|q49||", "!0"), whole=each(40, "!+%i\n|q%i||p%i")),
    Text("pandoc 2649.wiki", "== Top ==\n\n{| class=\"wikitable\"\n! Eigenschap || Doorsnede || Vereniging\n" + many(40, "|-----\n| [[Wet %i]]\n| A ∩ B%i\n| A ∪ B\n") + "|}\n", head=("A ∩ B49", "Doorsnede"), whole=each(40, "| [[Wet %i]]\n| A ∩ B%i\n| A ∪ B")),
    Text("asciidoctor 1587.adoc", f":doctitle: foobar of the mill\n\n.table title\n|===\n|foo\n|bar\n|===\n\n{TEXT}{END}", ["foobar of the mill"]),
    Text("docling 1562.adoc", f"= Top\n\n== Gates\n\n.Click to open\n[%collapsible]\n====\nnone here\n====\n\nExample\n\n====\n{TEXT}====\n\n{END}", ["Top", "Gates"], ["none", "===", "Example"]),
    Text("asciidoctor 3611.adoc", f"= Test Case\nA. Writer <http://e.org/>\n:doctype: book\n\n== Section Level 1\n\n. list-1\n.. list-1-1\n+\nList Content\n+\nList Content Subtitle:: This is subcontent\n\n\n=== Section Level 2\n\n{END}", ["Test Case", "Section Level 1", "Section Level 2"]),
    Text("asciidoctor 175.adoc", f".Misplaced block title\nDocument Title\n==============\nAuthor Name\n\n{TEXT}Gates\n-----\n\n{END}", ["Document Title", "Gates"], ["Misplaced"]),
    Text("asciidoctor 73 separated.adoc", "= Top\n\n[format=\"csv\", options=\"header\"]\n|===\nkey,value of it\n" + many(40, "key-%i,timeout of %i\n") + "|===\n", head=("key-49", "value of it"), whole=each(40, "key-%i,timeout of %i")),
    Text("pandoc 4867.org", f"* Heading One\n  DEADLINE: <2018-09-28 Fri>\n  :PROPERTIES:\n  :MYPROP: 1234\n  :END:\n\n{TEXT}* Heading Two\n  :PROPERTIES:\n  :MYPROP: 5678\n  :END:\n  DEADLINE: <2018-09-17 Mon>\n\n{END}", ["Heading Two"], ["MYPROP", "DEADLINE"]),
    Text("pandoc 9279.org", "* Top\n\n#+LABEL: tbl:Cosasexample\n#+CAPTION: Cosas\n+---------+-------+\n| clave   | cosas |\n+=========+=======+\n" + many(40, "| cosa-%i | c%i   |\n") + "+---------+-------+\n", head=("cosa-49", "| clave")),
    Text("pandoc 8659.org", "* Top\n\n+----------+------------:+\n| key      | value of it  |\n+:=========+============:+\n" + many(40, "| key-%i   | timeout %i   |\n+----------+-------------+\n"), head=("key-49", "value of it")),
    Text("Setzer 389.tex", f"\\section{{The \\textbf{{very \\emph{{quick}} settings}} menu}}\n\n{TEXT}\\subsection{{Melville's \\textit{{Moby-Dick}}}}\n\n{END}", ["settings", "Moby-Dick"]),
    Text("agentUniverse 755.tex", f"\\section{{Top}}\n\n{TEXT}\\begin{{lstlisting}}[language=TeX]\n\\section{{none}}\n\\end{{lstlisting}}\n\\begin{{minted}}{{tex}}\n\\section{{none}}\n\\end{{minted}}\n\\begin{{Verbatim}}\n\\section{{none}}\n\\end{{Verbatim}}\n\n\\subsection{{Gates}}\n\n{END}", ["Top", "Gates"], ["none"]),
    Text("pandoc 2669.tex", "\\section{Top}\n\n\\begin{longtable}[]{@{}lll@{}}\n\\toprule\nTesting & column 1 & column 2\\tabularnewline\n\\midrule\n\\endhead\n" + many(40, "row-%i & of %i & x\\tabularnewline\n") + "\\bottomrule\n\\end{longtable}\n", head=("row-49", "column 1"), whole=each(40, "row-%i & of %i & x\\tabularnewline")),
    Text("pandoc 7757.tex", "\\section{Top}\n\n\\begin{longtable}[]{@{}\n  >{\\raggedright\\arraybackslash}p{(\\columnwidth - 4\\tabcolsep) * \\real{0.2000}}\n  >{\\raggedright\\arraybackslash}p{(\\columnwidth - 4\\tabcolsep) * \\real{0.5000}}@{}}\n\\toprule\n" + _LONG % "key" + " & " + _LONG % "value of it" + " \\\\\n\\midrule\n\\endhead\n" + many(40, "row-%i & of %i \\\\\n") + "\\bottomrule\n\\end{longtable}\n", head=("row-49", "value of it")),
    Text("pandoc 6198.jira", "h1. Top\n\n*tabletest*\n||Name||Value of it||\n" + many(50, "|key-%i|timeout of %i|\n"), head=("key-59", "Value of it")),
    Text("pandoc 9310.jira", f"h1. Top\n\n{TEXT}{{code:bash}}$ ssh-keygen\nh2. none\n{{code}}\n\nh2. Gates\n\n{END}", ["Top", "Gates"], ["none"]),
    Text("paperback 838.8", ".Dd May 1, 2024\n.Dt MILL 8\n.Os\n.Sh NAME\n.Nm mill\n.Nd opens gates\n.Sh OPTIONS\n.Bl -tag -width Ds\n" + many(8, f".It Fl f%i Ar file\n{SENTENCE}\n") + ".It Fl z\nMarker stands here.\n.El\n", ["OPTIONS"]),
    Text("pandoc 11455.textile", "h1. Top\n\n|_. foo |_. bar |\n" + many(30, "| table %i\n* item 1\n* item %i | xxx |\n"), head=("item 39", "|_. foo"), whole=each(30, "| table %i\n* item 1\n* item %i | xxx |")),
    Text("pandoc 4193.rst", "Changes:\n\n.. list-table::\n   :widths: 25 25 25\n   :header-rows: 1\n\n   * - Version\n     - Date\n     - Change\n\n" + many(30, "   * -\n     - %i.04.2017\n     - Added xxx\n\n       Added yyyy %i\n\n"), head=("Added yyyy 39", "Version")),
    Text("pandoc 10338.rst", "Top\n===\n\n========== =========\nHeader A1  Header A2\nHeader B1  Header B2\n========== =========\n" + many(50, "body a%i   body of %i\n") + "========== =========\n", head=("body a59", "Header B2")),
    Text("pandoc 860.wiki", "== Top ==\n\n{| class=\"wikitable\"\n|- style=\"font-weight: bold; background-color: silver;\"\n|+historic of versions\n|version\n|date\n" + many(40, "|-\n|0.%i.0\n|2013/05/%i\n") + "|}\n", head=("0.49.0", "Top"), whole=each(40, "|0.%i.0\n|2013/05/%i")),
    Text("pandoc 6992.wiki", "== Top ==\n\n{| class=\"wikitable\"\n!colspan=4|template request\n|-\n! Key !! Required !! Type !! Description\n" + many(40, "|-\n| key-%i || No || String || [[#Optional: Long Polling|\"of %i\"]]\n") + "|}\n", head=("key-49", "Required")),
    Text("pandoc 4210.wiki", "== Top ==\n\n{|\n|-\n! A !! B !! C\n" + many(40, "|-\n| x%i || y%i || [[link|text %i]]\n") + "|}\n", head=("x49 ", "! A !! B")),
    Text("docling 566.adoc", f"= Title 1\n\n{TEXT}== Title 2\n\n[NOTE]\n====\nContent of an admonition\n====\n\n{END}", ["Title 1", "Title 2"], ["admonition"]),
    Text("pytablewriter 47.adoc", "= Top\n\n[cols=\"<40,>5\" options=\"header\"]\n|===\n|key\n|value\n\n" + many(40, "|key-%i\n|timeout of %i\n\n") + "|===\n", head=("key-49", "value"), whole=each(40, "|key-%i\n|timeout of %i")),
    Text("pandoc 9218.org", f"* Top\n\n{TEXT}#+begin_src org :tangle (a b)\n,** none of the source\n,#+begin_src py\n* none of python\n,#+end_src\n#+end_src\n\n** Gates\n\n{END}", ["Top", "Gates"], ["none"]),
    Text("ox-pandoc 30.org", f"* Export file\n:PROPERTIES:\n:header-args: :exports both\n:END:\n\n{SENTENCE}\n\n#+RESULTS:\n" + many(40, "| drwx | %i | staff | file-%i |\n"), whole=each(40, "| drwx | %i | staff | file-%i |"), head=("file-49", "Export file")),
    Text("exacttex 31.tex", f"\\section{{Gates at 94\\% load}}\n\n{TEXT}A load of 94\\% and\n\n\\subsection{{Pumps}}\n\n{END}", ["Gates at 94", "Pumps"]),
    Text("pandoc 9579.md", f"\\begin{{tabular}}{{p{{2in}}}}\n\\end{{tabular}}\n\n# Test\n\n{END}\\begin{{tabular}}{{p{{2\\linewidth}}}}\n\\end{{tabular}}\n", ["Test"]),
    Text("pandoc 5026.3", ".SH DESCRIPTION\n.TS\nallbox;\nlb lb\nl l.\nFunction\tMeaning of it\n_\n" + many(40, "func%i\topens gate %i\n") + ".TE\n", head=("func49", "DESCRIPTION")),
    Text("pandoc 10225 in lists.rst", f"Top\n***\n\n{TEXT}Gates\n=====\n\n- one\n\n  ::\n\n    none\n    ====\n\n- two\n\nUpper\n-----\n\n{END}", ["Top", "Gates", "Upper"], ["none"]),
]  # fmt: skip
