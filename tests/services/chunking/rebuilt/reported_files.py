# ruff: noqa: E501 (a text reads best on one line)
"""Ordinary files that other splitters cut badly; each is named by the report that it comes from."""

from __future__ import annotations

import json

from tests.services.chunking.rebuilt.text import END, SENTENCE, TEXT, Text, deep, each, many, records

_WIDE = "| " + " | ".join(f"figure {n} of the register of the year" for n in range(12)) + " |"
_WIDE_ROW = "| " + " | ".join(f"5,1{n:02} of %i" for n in range(12)) + " |"

_ROWS = many(40, "| region-%i | %i000 | up |\n")
CASES = [
    Text("mmd 7 quoted table.md", "# Top\n\nTable in block quote:\n\n> Heading 1 | Heading 2\n> --------- | ---------\n> Cell 1,1  | Cell 1,2\n\n# Heading\n\n" + END, ["Heading"], ["Top"]),
    Text("mmd 7 bars in text.md", f"# Top\n\nwhere \"-\" is a pointer to the sibling node and \"|\" is a pointer to\nthe first child node.\n\n{TEXT}{END}", ["Top"], ["pointer"]),
    Text("semchunk 14.md", "# Header\n\n" + many(8, f"### Step %i: the next step\n\n▶ the top line {SENTENCE}\n    ▶ the next line of it\n    ▶ the next line of it\n        1. numbered list\n\n"), not_after=each(8, "### Step %i: the next step")),
    Text("embabel 1859.md", "## Appendix\n" + _WIDE + "\n" + "|---" * 12 + "|\n" + many(20, _WIDE_ROW + "\n"), head=("5,100 of 29", "figure 3 of the register"), whole=each(20, _WIDE_ROW), size=1_200),
    Text("AstrBot 10017.md", f"# Handbook\n\n## Installation\n\n{TEXT}   ```python\n   # none of a comment\n   x = 1\n   ```\n\n  ~~~sh\n  # none of a shell\n  ~~~\n\n### Linux\n\n{END}", ["Handbook", "Installation", "Linux"], ["none"]),
    Text("vera 160.md", f"# Real Title\n\n{TEXT}```python\n# none\nx = 1\n````\n\n{TEXT}## After\n\n{END}", ["Real Title", "After"], ["none"]),
    records("langchain 20823.md", "1. Write %i:\n\n    ```yaml\n    my:\n       foo: bar%i\n       a: b\n    ```\n\n", "    ```yaml\n    my:\n       foo: bar%i\n       a: b\n    ```"),
    records("langchain 18770.txt", "天青色等烟雨，而我在等你%i。哈哈哈，真的是这样吗？", "天青色等烟雨，而我在等你%i。", count=40),
    records("docs-mcp-server 426.md", f"<details>\n<summary>Gate %i</summary>\n\n{SENTENCE}\n\n```js\nopen(%i);\n\nshut(%i);\n```\n\n</details>\n\n", "```js\nopen(%i);\n\nshut(%i);\n```", count=12),
    records("docs-mcp-server 418 quoted.md", f"> {SENTENCE}\n>\n> ```js\n> open(%i);\n>\n> shut(%i);\n> ```\n\n", "> ```js\n> open(%i);\n>\n> shut(%i);\n> ```", count=12),
    records("opentelemetry-collector 44744.log", "com.example.MakeLog: RuntimeException: Run %i from this message!\n  at com.my.app.Object.do$a1(MakeLog.java:%i)\n  at java.lang.Thing.call(Thing.java:10)\n", count=30),
    records("log-parser 197 catalina.log", "20-Sep-2024 06:%i:02.946 SEVERE [main] org.apache.Catalina.start Failed %i\n\tjava.lang.IllegalStateException: no %i\n\t\tat org.apache.X.y(X.java:7)\n"),
    records("MoneyPrinterTurbo 1391.srt", "%i\n00:00:%i,000 --> 00:00:%i,500\nJump to 00:01:23,456 in recording %i.\n\n", "%i\n00:00:%i,000 --> 00:00:%i,500\nJump to 00:01:23,456 in recording %i."),
    records("ai 139.vtt", "%i\n00:00:%i.000 --> 00:00:%i.500\nWhere is the key of gate %i?\n", "%i\n00:00:%i.000 --> 00:00:%i.500\nWhere is the key of gate %i?", around=("WEBVTT\n\n", "")),
    deep("xberg 555.yaml", "database:\n  replica:\n    host: db2\n  primary:\n    hosts:\n", "      - value_%i_ of %i\n", "", "database", "primary", "hosts"),
    deep("headroom 1205 values.yaml", "server:\n  ports:\n  - 8080\n  env:\n", "  - name: VALUE%i\n    value: value_%i_\n", "", "server", "env"),
    deep("ReMe 325.json", '{"left": {"name": "a", "value": {"name": "b"}}, "right": {"name": {', '"value_%i_": "name of %i", ', '"z": 1}}}', "right", "name"),
    deep("yq 1313.yaml", "rootNode1:\n  child: v\nrootNode2:\n  childNode1:\n", "    value_%i_: gate %i\n", "", "rootNode2", "childNode1"),
    Text("xberg 1100 head.csv", "Shareholder,Name,Class,Shares,Issued\n" + many(60, "SH-%i,Nathan Brooks,\"Seed, preferred\",\"300,000\",2021\n"), head=("SH-69", "Shareholder")),
    Text("unstructured 3778.html", "<h1>Facts</h1><table><thead><tr><th>property1</th><th>property2</th></tr></thead><tbody>" + many(60, "<tr><td>value1-%i</td><td>value of %i</td></tr>") + "</tbody></table>", head=("value1-69", "property2")),
    Text("jupytext 1429.Rmd", f"# A title\n\n```{{index}} equations\n```\n\n{TEXT}```{{python}}\n# none\na = 10\n```\n\n## Next\n\n{END}", ["A title", "Next"], ["none"]),
    Text("jupytext 1060.Rmd", f"# A title\n\n```{{python}}\n #'''\n```\n\n{TEXT}```{{python}}\n# none\n```\n\n## Next\n\n{END}", ["A title", "Next"], ["none"]),
    Text("agno 10470.md", f"# Example\n\n{TEXT}~~~python\n# none of code\nprint('example')\n~~~\n\n# Next\n\n{END}", ["Next"], ["none", "Example"]),
    Text("langchain 40298.md", f"# Title ##\n\n{TEXT}## Section ###\n\n{TEXT}### C# #\n\n{END}", ["Title", "Section", "C#"], ["##"]),
    Text("pandoc 5714.md", "##### Input_3710 Mappings\n\n| Name | Static | Mapping |\n|---|---|---|\n" + many(30, "| in-%i | No | map of %i |\n") + "\n##### Output(1)_3710 Mappings\n\n| Name | Kind |\n|---|---|\n" + many(30, "| out-%i | kind of %i |\n"), head=("out-39", "| Name | Kind |"), never=["Input_3710 Mappings Output"]),
    Text("chonkie 582.md", "| Category | Q1 | Q2 |\n| | Jan-Mar | Apr-Jun |\n|----------|---------|---------|\n" + many(40, "| Revenue %i | 12%i | 13%i |\n"), head=("Revenue 49", "Jan-Mar"), whole=each(40, "| Revenue %i | 12%i | 13%i |")),
    records("langchain 40071.md", "## Step %i\n\n```make\nall:\n\tcc -o a%i a.c\n\tstrip a%i\n```\n\nTake\u00a0%i of it.\n\n", "```make\nall:\n\tcc -o a%i a.c\n\tstrip a%i\n```\n\nTake\u00a0%i of it."),
    records("langchaingo 1439.md", f"- The gate number %i is opened so. {SENTENCE}\n\n  For example:\n\n  ```go\n  open(%i)\n  ```\n\n", "  For example:\n\n  ```go\n  open(%i)\n  ```", count=12),
    records("log-analyzer 1.log", "0xc<Mon Nov 20 04:%i:45 UTC 2023> DEBUG <Resource> <ErrorRef: %i> Failed to invoke\njava.lang.ClassNotFoundException: org.Server%i\n\tat java.base/jdk.Loader.loadClass(Loader.java:%i)\n\tat java.base/jdk.Other\n"),
    records("dify 13132.md", f"# Article %i\n\nhttps://example.org/articles/%i\n\n{SENTENCE}{SENTENCE}\n\n", "# Article %i\n\nhttps://example.org/articles/%i\n\nThe gate"),
    records("onyx 14861.vtt", "00:00:%i.000 --> 00:00:%i.500\n<v Jane Doe>Where is the key of gate %i?</v>\n\n", "00:00:%i.000 --> 00:00:%i.500\n<v Jane Doe>Where is the key of gate %i?</v>", around=("WEBVTT\n\n", "")),
    records("ragflow 10183.json", '  {\n    "content": "chunk %i content",\n    "metadata": {"URL": "https://example.org/%i", "created": "2024-05-%i"}\n  },\n', '"content": "chunk %i content",\n    "metadata": {"URL": "https://example.org/%i", "created": "2024-05-%i"}', around=("[\n", '  {"content": "z"}\n]\n')),
    records("xberg 1100.csv", "SH-%i,Nathan Brooks,\"Seed, preferred\",\"300,000\",2021-03-%i\n", "| SH-%i | Nathan Brooks | Seed, preferred | 300,000 | 2021-03-%i |", count=60, around=("Shareholder,Name,Class,Shares,Issued\n", "")),
    Text("langchain 32206.html", f"<html><body><div>Words before. <h1>Chapter</h1>Loose words. <div><div>{TEXT}<h2>Part</h2>{TEXT}<div>{TEXT}</div>{END}</div></div></div></body></html>", ["Chapter", "Part"]),
    Text("jupytext 1623.py", "# %% [markdown]\n# # Gates\n# some text\nprint('hello')\n\n# %%\ndef run(a):\n" + many(40, "    value_%i_ = gate(%i)\n"), head=("value_49_", "def run")),
    Text("langchain 31596.md", f"# Example\n\n### none\n\n{TEXT}## Section\n\n{END}", ["Example", "Section"], []),
    Text("openrag 861.md", f"# Report\n\n{TEXT}## Regional breakdown\n| Region | Sum | Trend |\n|---|---|---|\n{_ROWS}", head=("region-49", "| Region | Sum | Trend |"), whole=each(40, "| region-%i | %i000 | up |")),
    Text("docling-core 678.md", f"# Report\n\nTable 1: Runtime characteristics\n\n| Name | Pages | ms |\n|---|---|---|\n{many(40, '| model-%i | 7 | %i0 |' + chr(10))}", head=("model-49", "| Name | Pages | ms |")),
    Text("llama_index 17965 link.md", f"# Root\n\n{TEXT}## [My Resume](www.example.com/resume)\n\n{END}", ["Root", "My Resume"]),
    Text("langchain 22256.md", "# My Heading\n\nThis is a paragraph with some detailed explanation.\n\nThis is another separate paragraph.\n", whole=["explanation.\n\nThis is another"]),
    Text("langchain 31568.html", "<body>" + many(14, "<p>Hello%i</p>\n") + "</body>", whole=each(14, "Hello%i")),
    Text("open-webui 21520.md", f"# Chapter 1\n\n{TEXT}## 1.1 Background\n\n{TEXT}### 1.1.1 Before\n\n{END}", ["Chapter 1", "1.1 Background", "1.1.1 Before"]),
    Text("Engram 1616.md", f"# Chapter One\n\n{TEXT}# Chapter Two\n## Sub\n### Deep\n\n{END}", ["Chapter Two", "Sub", "Deep"]),
    Text("vera 159.md", f"# Real Title\n\n```python\n# none\nx = 1\n```\nmore prose\n\n~~~\n# none\n~~~\n{END}", ["Real Title"], ["none"]),
    Text("remnic 2404 decimals.txt", many(40, "値%iは３．１４です、次は２．７１です。"), not_after=["３．", "２．"]),
    Text("pocket-tts 217.txt", many(30, "The level at gate %i was 98.6 cm at noon and 3.14 m at night, says the book of it. "), not_after=["98.", "3."]),
    Text("semantic-kernel 3076.md", "# Returns\n\n" + many(30, "The return of X%i is 0.5% and of Y 1.25% a year. "), not_after=["0.", "1.", "X"]),
    Text("semantic-plagiarism-detector 2451.txt", many(30, "It says loading... done, and then version 3.14 of part %i starts... at noon. "), not_after=["loading...", "3.", "starts..."]),
    Text("cqs 1911.md", "| h0 | h1 |\n| --- | --- |\n| r0c0 | r0c1 |", whole=["| h0 | h1 |\n| --- | --- |\n| r0c0 | r0c1 |"]),
    records("ttconv 439.vtt", "00:00:%i.799 --> 00:00:%i.869 align:start position:0%\nhi<00:00:01.040><c> everyone</c><00:00:01.920><c> of gate %i</c>\n\n", "00:00:%i.799 --> 00:00:%i.869 align:start position:0%\nhi", around=("WEBVTT\nKind: captions\nLanguage: en\n\n", "")),
    records("ttconv 344.srt", "%i\n00:00:%i,000 --> 00:00:%i,900\n<b>hello\nmy name is</b> Bob, the keeper of gate %i\n\n"),
    Text("langchain 21066.json", json.dumps({"position": 2, "song": {"song_id": 17, "name": "Whatever", "artists_slugs": [{"artist_name": f"Artist {n}", "artist_slug": f"{'Marker' if n == 38 else 'artist'}-{n}"} for n in range(40)]}}), ["song", "artists_slugs"]),
    Text("logseq 4185.md", "- # TODO\n- Gate work of the spring\n" + many(40, "\t- step %i of it is done by the keeper at noon\n").replace("step 49", "Marker step 49"), ["Gate work of the spring"]),
    records("cocoindex 2370.yaml", "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: gate-%i\nspec:\n  port: %i\n", "kind: Service\nmetadata:\n  name: gate-%i\nspec:\n  port: %i"),
    Text("llama_index 17965.md", f"# Root\n\n{TEXT}## 24/7 Support\n\n{END}", ["Root", "24/7 Support"]),
    Text("haystack 12477.md", f"# Only heading\n{TEXT}{END}", ["Only heading"]),
    Text("biome 11303.md", f"# Top\n\nAuthor notes:\n- Need to verify all links <!-- see\n# none\n-->\n\nHello<!--A\n## none\n-->\n\n{TEXT}{END}", ["Top"], ["none"]),
    records("remnic 2404.txt", "値%iは３．１４です。「水門%iは閉じた。」と番人は言った。", "「水門%iは閉じた。」", count=40),
    Text("Kokoros 138.txt", many(30, "Height %i: 8,848.86 meters (29,031.7 feet) above sea level, updated in 2020. "), not_after=["848.", "031.", "8,", "29,"]),
    Text("semantic-kernel 3076.md", "# Returns\n\n" + many(30, "The return of X%i is 0.5% and of Y 1.25% a year. "), not_after=["0.", "1.", "X"]),
    Text("cqs 1886.sql", "-- schema of the mill\n-- version 7\n\n" + many(20, "-- Gates of kind %i.\nCREATE TABLE gate%i (\n  id INTEGER PRIMARY KEY,\n  level REAL NOT NULL DEFAULT 0.%i\n);\n\n"), whole=each(20, "-- Gates of kind %i.\nCREATE TABLE gate%i (\n  id INTEGER PRIMARY KEY,\n  level REAL NOT NULL DEFAULT 0.%i\n);")),
    Text("docling 3663.adoc", "= Top\n\n[options=\"header\"]\n|===\n|A |B |C\n\n" + many(60, "|a%i | |c%i\n") + "|===\n", head=("|a69 |", "|A |B |C"), whole=each(60, "|a%i | |c%i")),
    Text("mcp-vector-search 169.py", "class Gate:\n    def run(self, a):\n        \"\"\"Runs it.\"\"\"\n        try:\n" + many(30, "            value_%i_ = gate(%i)\n") + "        except ValueError as error:\n            raise Marker(error) from error\n", ["class Gate", "def run"]),
]  # fmt: skip
