# ruff: noqa: E501 (a text reads best on one line)
"""Headings and labels of markdown and of pages."""

from __future__ import annotations

from tests.services.chunking.rebuilt.text import END, SENTENCE, TEXT, Text

CASES = [
    Text("dots end the front matter.md", f"---\ntitle: x\n# none\n...\n\n# Top\n\n{END}", ["Top"], ["none"]),
    Text("title of the front matter.md", f"---\ntitle: \"The mill\"\ntags: [a]\n---\n\n{TEXT}{END}", ["The mill"]),
    Text("an indented mark of code.md", f"# Top\n\nWrite:\n\n    ```\n\nso that it begins.\n\n## Gates\n\n{TEXT}### Upper\n\n{END}", ["Gates", "Upper"]),
    Text("a quoted heading.md", f"# Top\n\n{TEXT}> ## none\n>\n> {SENTENCE}\n\n{TEXT}{END}", ["Top"], []),
    Text("a rule below an item.md", f"# Top\n\nTake:\n\n- none one\n---\n\n{END}", ["Top"], ["none"]),
    Text("a title of two lines.md", f"The upper\ngates\n=====\n\n{TEXT}Pumps\n-----\n\n{END}", ["gates", "Pumps"]),
    Text("comments.mdx", f"import X from './x'\n\n# Top\n\n{TEXT}{{/*\n# none\n*/}}\n\n<Tabs>\n\n## Gates\n\n{END}</Tabs>\n", ["Top", "Gates"], ["none"]),
    Text("old mac.rst", f"Top\n===\n\n{TEXT}Gates\n-----\n\n{END}".replace("\n", "\r"), ["Top", "Gates"]),
    Text("mark of order.md", f"\ufeff# Top\n\n{TEXT}## Gates\n\n{END}", ["Top", "Gates"]),
    Text("heading in a table.md", f"# Top\n\n| a | b |\n|---|---|\n| # none | x |\n\n{END}", ["Top"], ["none"]),
    Text("links and emphasis.md", f"# [Mill](https://x.y)\n\n{TEXT}## **Upper** `gates`\n\n{END}", ["Mill", "Upper"]),
    Text("questions in bold.md", f"# Top\n\n**How is the gate opened?**\n\n{TEXT}{TEXT}{END}\n", ["Top", "How is the gate opened?"]),
    Text("labels end at headings.md", f"# Top\n\n**none**\n\n{SENTENCE}\n\n## Gates\n\n{TEXT}{END}\n", ["Top", "Gates"], []),
    Text("page.html", f"<html><body><header><h1>The mill</h1></header><section><h2>Gates</h2><p>{TEXT}</p><div><h3>Upper</h3><p>{TEXT}</p><p>{END}</p></div></section></body></html>", ["The mill", "Gates", "Upper"]),
    Text("terms.html", f"<h1>Terms</h1><dl><dt>Gate</dt><dd><p>{TEXT}</p><p>{END}</p></dd></dl>", ["Terms", "Gate"]),
]  # fmt: skip
