# ruff: noqa: E501 (a text reads best on one line)
"""Headings of markups other than markdown, and of plain text."""

from __future__ import annotations

from tests.services.chunking.rebuilt.text import END, TEXT, Text

CASES = [
    Text("two-line titles.adoc", f"Top\n===\n\n{TEXT}Gates\n-----\n\n{TEXT}Pumps\n~~~~~\n\n{END}", ["Top", "Gates", "Pumps"]),
    Text("blocks.adoc", f"= Top\n\n{TEXT}== Gates\n\n[NOTE]\n====\n== none of example\n====\n\n++++\n== none of pass\n++++\n\n{END}", ["Top", "Gates"], ["none"]),
    Text("title line.org", f"#+TITLE: The mill\n#+AUTHOR: x\n\n{TEXT}* Gates\n:PROPERTIES:\n:ID: 7\n:END:\n\n{TEXT}** Upper\n\n*bold* words begin this line.\n\n{END}", ["Gates", "Upper"], ["bold"]),
    Text("starred and short.tex", f"\\part{{Water}}\n\n{TEXT}\\chapter*{{Mills}}\n\n{TEXT}\\section[Short]{{The long title of gates}}\\label{{s}}\n\n{TEXT}\\paragraph{{Opening.}} {END}", ["Water", "Mills", "The long title of gates", "Opening"]),
    Text("spaces before braces.tex", f"\\section {{Top}}\n\n{TEXT}\\subsection\n{{Gates}}\n\n{END}", ["Top", "Gates"]),
    Text("title and comment.tex", f"\\title{{The mill}}\n\\section{{Top}}%\n\n{TEXT}\\begin{{comment}}\n\\section{{none}}\n\\end{{comment}}\n\\iffalse\n\\section{{none}}\n\\fi\n\\subsection{{Gates}} % \\section{{none}}\n\n{END}", ["Top", "Gates"], ["none"]),
    Text("centred.rst", f"=========\n The mill\n=========\n\n{TEXT}Gates\n#####\n\n{TEXT}Upper\n+++++\n\n{END}", ["The mill", "Gates", "Upper"]),
    Text("odd marks.rst", f"Top\n!!!!\n\n{TEXT}Gates\n@@@@@@\n\n{END}", ["Top", "Gates"]),
    Text("a table is no title.rst", f"Top\n===\n\n{TEXT}=====  =====\nnone   value\n=====  =====\na      b\n=====  =====\n\n{END}", ["Top"], ["none"]),
    Text("code and comments.wiki", f"== Gates ==\n\n{TEXT}<!--\n== none ==\n-->\n\n<nowiki>\n== none ==\n</nowiki>\n\n=== Upper ===  <!-- c -->\n\n{END}", ["Gates", "Upper"], ["none"]),
    Text("creole.creole", f"= Top\n\n{TEXT}== Gates ==\n\n{{{{{{\n== none ==\n}}}}}}\n\n{END}", ["Top", "Gates"], ["none"]),
    Text("code.textile", f"h1. Top\n\n{TEXT}h2. Gates\n\nbc. h3. none\n\n<pre>\nh3. none\n</pre>\n\n{END}", ["Top", "Gates"], ["none"]),
    Text("next line.3", f".TH MILL 3\n.SH\nDESCRIPTION\n{TEXT}.SS \"Upper gates\"\n{TEXT}.\\\" .SH none\n{END}", ["DESCRIPTION", "Upper gates"], ["none"]),
    Text("perl.3pm", f".SH \"NAME\"\n{TEXT}.SH \"METHODS\"\n.IX Header \"METHODS\"\n{TEXT}.nf\n\\& .SH none\n.fi\n{END}", ["METHODS"], ["none"]),
    Text("in.pm", f"package Weir;\n\n=head1 NAME\n\n{TEXT}=head2 open_gate\n\n{END}=cut\n\nsub open_gate {{ 1 }}\n1;\n", ["NAME", "open_gate"]),
    Text("rfc.txt", f"1.  Introduction\n\n   {TEXT}2.  Gates\n\n   {TEXT}2.1.  Upper gates\n\n   {END}", ["2.  Gates", "2.1.  Upper gates"]),
    Text("chapters.txt", f"CHAPTER I\n\n{TEXT}CHAPTER II\nThe Gates\n\n{END}", ["CHAPTER II"]),
    Text("underlined.txt", f"The mill\n========\n\n{TEXT}Gates\n-----\n\n{END}", ["The mill", "Gates"]),
    Text("capitals.txt", f"SYNOPSIS\n\n{TEXT}DESCRIPTION OF GATES\n\n{END}", ["DESCRIPTION OF GATES"]),
    Text("a list is no title.txt", f"{TEXT}1. Take the key.\n2. Open the gate.\n3. Close it again.\n\n{END}", never=["key", "gate"]),
    Text("banner.txt", f"=====================\nTHE GATES\n=====================\n\n{TEXT}{END}", ["THE GATES"], ["==="]),
    Text("no titles.txt", f"{TEXT}Section 3 applies to all of them.\n\n{TEXT}-- \nAnn Miller\n\n1. The tenant pays rent.\n\n2. The owner repairs.\n\nI SAID NO!\n\n* * *\n\n{END}", never=["Section 3", "Ann", "tenant", "owner", "SAID"]),
    Text("rfc with pages.txt", f"1.  Introduction\n\n   {TEXT}\nMiller                       [Page 1]\n\f\nRFC 1                 Gates              May 2024\n\n\n2.  Gates\n\n   {TEXT}2.1.  Upper\n\n   {END}", ["2.  Gates", "2.1.  Upper"], ["Page 1"]),
    Text("cyrillic.txt", f"ГЛАВА ПЕРВАЯ\n\n{TEXT}ШЛЮЗЫ МЕЛЬНИЦЫ\n\n{END}", ["ШЛЮЗЫ МЕЛЬНИЦЫ"]),
    Text("contract.txt", f"ARTICLE I\n\nDEFINITIONS\n\n{TEXT}ARTICLE II\n\nGATES\n\n{END}", ["ARTICLE II", "GATES"]),
]  # fmt: skip
