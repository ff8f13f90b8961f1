# ruff: noqa: E501 (a text reads best on one line)
"""Headings that other tools miss, and lines that they take for headings."""

from __future__ import annotations

from tests.services.chunking.rebuilt.text import END, SENTENCE, TEXT, Text

CASES = [
    Text("haystack 11920.md", f"# Weir\n\nintro of it\n\n## Use\n\n{SENTENCE}\n\n```python\n# none of code\nopen()\n```\n\n{END}", ["Weir", "Use"], ["none"]),
    Text("dacli 246.md", f"# Document\n\n{TEXT}## Overview\n\n{TEXT}## Important <!-- TODO: review this section -->\n\n{END}", ["Document", "Important"], ["TODO"]),
    Text("QOwnNotes 3657.md", f"---\ntitle: test\n\nheadingDivider: 1\n---\n\n# Test 1\n\n{END}", ["Test 1"], ["headingDivider"]),
    Text("asciidoc-parser 1014.adoc", f"= Top\n\n{TEXT}[discrete]\n== Gates at large\n\n{END}", ["Gates at large"]),
    Text("ST4-Asciidoctor 39.adoc", f"= The {{product}} Guide\n:product: Mill\n\n{TEXT}== Heading With {{some-attribute}} Within\n\n{END}", ["Heading With"]),
    Text("org_parser 3.org", f"* Node with a drawer\n  :PROPERTIES:\n  :expectedNodes: 6\n  :END:\n{TEXT}\n#+DRAWERS: DRAWER_ONE\n:DRAWER_ONE:\nI am drawer one\n:END:\n\n*** A complex case    :indentedDrawerTest:\n  :Drawer1:\n  Nice to meet you\n  :END:\n\n{END}", ["Node with a drawer", "A complex case"], ["expectedNodes", "indentedDrawerTest"]),
    Text("orgmode-parse 14.org", f"* Testing\n:LOGBOOK:\nCLOCK: [2015-10-05 Mon 17:13]--[2015-10-05 Mon 17:14] =>  0:01\n:END:\n\n{TEXT}** Gates\n\n{END}", ["Testing", "Gates"], ["LOGBOOK"]),
    Text("docstrfmt 129.rst", f"Title of it\n====\n\n{TEXT}Gates\n-----\n\n{END}", ["Title of it", "Gates"]),
    Text("pandoc 4382.rst", f"header\n======\n\n-\n\ntitle\n=====\n\n{END}", ["title"], ["header"]),
    Text("typst-hs 92.typ", f"= Top\n\n{TEXT}/* a note */ == Gates <g>\n\n{END}", ["Top", "Gates"]),
    Text("pandoc 7939.tex", f"\\section{{Top}}\n\n{TEXT}\\hbox{{\\verb|\\begin{{verbatim}}[t]%|}}\n\n\\subsection{{Gates}}\n\n{END}", ["Top", "Gates"]),
    Text("pandoc 4669.tex", f"\\section{{Top}}\n\n{TEXT}\\begin{{verbatim}}\n  while (n > 0) {{\n\\section{{none}}\n\\end{{verbatim}}\n\n\\subsection{{Gates}}\n\n{END}", ["Top", "Gates"], ["none"]),
]  # fmt: skip
