# ruff: noqa: E501 (a text reads best on one line)
"""Chapters of Chinese, abbreviations, transcripts, dumps of databases and logs that other tools cut badly."""

from __future__ import annotations

from tests.services.chunking.rebuilt.text import END, SENTENCE, TEXT, Text, each, many, records

CHINESE = "水闸每天早上七点打开，晚上关闭。管理员把水位记在簿子里，议会每年读一次。"

CASES = [
    records("ragflow 8044.md", "## label%i\n\n| problem | reason | measure |\n| --- | :-: | :-: |\n| problem%i | reason%i | measure%i |\n| problem%i2 | reason%i | measure%i |\n\n", count=12),
    Text("ragflow 16595.txt", f"11.5.14.1 通则\n\n{CHINESE * 6}\n\n11.5.14.2的试验适用于ST12外护套。\n\n{CHINESE * 6}\n\nMarker stands here. {CHINESE}\n", ["11.5.14.1 通则"], ["的试验"]),
    Text("ragflow 16595 chapters.txt", f"第一章 总则\n\n第一条 {CHINESE * 6}\n\n第二条 {CHINESE * 6}\n\n第二章 水闸\n\n第三条 {CHINESE * 6}\n\n第四条 Marker stands here. {CHINESE}\n", ["第二章 水闸"]),
    Text("piragi 10.txt", many(12, "Geoffrey received his B.A. in Psychology from Cambridge in 19%i and his Ph.D. in Edinburgh, wrote J.K. Rowling of the U.K. and U.N. office. "), size=400, not_after=["B.A.", "Ph.D.", "J.K.", "U.K."]),
    Text("piragi 10 list.txt", "How Do You Make Strawberry Jam? \n" + many(30, "%i. Mash the strawberries of the pan. \n"), size=400, not_after=each(30, "%i.")),
    Text("chonkie 658.txt", f"Ann Miller\n{SENTENCE}\n\nDana Okafor: {SENTENCE * 8}Marker. {SENTENCE}\n\nAnn Miller: {SENTENCE}\n", ["Dana Okafor"]),
    Text("chonkie 658.md", f"**Ann Miller** [00:01]\n{SENTENCE}\n\n**Dana Okafor** [00:12]\n{SENTENCE * 8}Marker. {SENTENCE}\n\n", ["Dana Okafor"]),
    records("openrag 874.txt", "[00:%i:10 - 00:%i:20] [S01] Where is the key of gate %i?\n", count=40),
    records("memsearch 412.txt", "Write to user%i@example.com or read https://foo.bar/baz%i?a=1.2#x in path/to/file%i.py of v1.2.%i, ", "user%i@example.com", count=40),
    records("memsearch 412 urls.txt", "See https://foo.bar/baz%i?a=1.2&b=3#x and path/to/file%i.py, ", "https://foo.bar/baz%i?a=1.2&b=3#x", count=40),
    Text("php-sentence 2.txt", many(12, "Last week, former director of the F.B.I. James B. Comey was fired in 20%i. Mr. Comey was not there. "), size=300, not_after=["F.B.I.", "James B.", "Mr."]),
    Text("HerikaServer 433.txt", many(20, "The sky is... blue at %i, says he... or she. "), size=300, not_after=["is...", "he..."]),
    records("mcp-server-neon 201.sql", "CREATE OR REPLACE FUNCTION set_%i()\nRETURNS TRIGGER AS $$\nBEGIN\n  NEW.updated_at = NOW();\n  RETURN NEW; -- it's %i\nEND;\n$$ LANGUAGE plpgsql;\n\n"),
    records("supabase-cli 5146.sql", "DO $outer$\nBEGIN\n  EXECUTE $sql$ CREATE TABLE t%i (a int); $sql$;\nEND;\n$outer$;\n\n"),
    Text("mymove 6630.sql", "COPY public.gates (id, name, level) FROM stdin;\n" + many(60, "%i\tgate number %i\t2.1\n") + "\\.\n", head=("number 69", "COPY public.gates"), whole=each(60, "%i\tgate number %i\t2.1")),
    records("moraine 127.sql", "INSERT INTO t VALUES (%i, 'I can''t believe; they said\n''hello'' %i');\n\n"),
    Text("tangerine-backend 86.md", "# Top\n\n| header1      | header2      | header3      |\n| ------------ | ------------ | ------------ |\n" + many(40, "| A%i          | B%i          | C            |\n"), head=("A49", "header2"), whole=each(40, "| A%i          | B%i          | C            |")),
    Text("Cogtrix 2430.md", "# Charter\n\n## 5. Success Criteria\n\n" + many(12, f"- **SC-%i** {SENTENCE}\n"), head=("SC-21", "5. Success Criteria"), whole=each(12, "- **SC-%i** The gate")),
    Text("homarr 6078.mdx", f"import {{ X }} from './x'\n\n# Missing\n\n{TEXT}### Screenshots\n\nimport a from './a.png';\nimport b from './b.png';\n\n<Tabs items={{['a', 'b']}}>\n\n{END}</Tabs>\n", ["Missing", "Screenshots"], ["import"]),
    records("avalon 5828.vtt", "cue-%i\n00:00:%i.000 --> 00:00:%i.500 align:start position:0%\nHello World %i!\n\n", "cue-%i\n00:00:%i.000 --> 00:00:%i.500 align:start position:0%\nHello World %i!", around=("WEBVTT\nKind: captions\n\nNOTE made by hand\n\nSTYLE\n::cue { color: red }\n\n", "")),
    records("aulus 4.txt", "so then we opened the gate number %i and it was fine you know ", "number %i and", count=40),
    records("git log.txt", "commit abc%i\nAuthor: Ann <a@e.org>\nDate:   Mon May 6 10:00:00 2024 +0000\n\n    Open gate %i\n\n", count=20),
    records("terraform plan.txt", "  # weir_gate.g%i will be created\n  + resource \"weir_gate\" \"g%i\" {\n      + turns = %i\n    }\n\n", count=20),
    records("dmesg.log", "[    %i.123456] gate gate%i: opened by the keeper\n", count=40),
    records("go panic.log", "goroutine %i [running]:\nmain.run(0x%i)\n\t/src/main.go:%i +0x1d\nmain.main()\n\t/src/main.go:7 +0x2\n\n", count=24),
    records("bibtex.bib", "@article{weir%i,\n  author = {Ann Weir},\n  title = {{Gates} of %i},\n}\n\n", count=24),
    records("tweets.jsonl", '{"id": %i, "text": "line one\\nline two of %i", "user": {"name": "Ann"}}\n', count=30),
    records("faq.html", "<h3>Is gate %i open?</h3><p>Yes, it is: %i. "+SENTENCE+"</p>", "### Is gate %i open?\n\nYes, it is: %i.", around=("<h1>FAQ</h1>",""), count=14),
    Text("long cell.md", f"| Gate | Note |\n|---|---|\n| upper | {SENTENCE * 8}Marker. {SENTENCE} |\n", ["| Gate | Note |"]),
    Text("definition.md", f"# Terms\n\n<dl>\n<dt>Gate</dt>\n<dd>{SENTENCE*8}Marker. {SENTENCE}</dd>\n</dl>\n", ["Terms"]),
    Text("callout.md", f"# Top\n\n{TEXT}> [!WARNING]\n> {SENTENCE*6}\n> Marker. {SENTENCE}\n", ["Top"]),
    Text("footnotes.md", f"# Top\n\n{TEXT}{TEXT}Marker[^1].\n\n[^1]: {SENTENCE}\n", ["Top"]),
    Text("numbered.md", f"# 1. Top\n\n{TEXT}## 1.2. Gates\n\n{TEXT}**1.2.3. Upper**\n\n{TEXT}{END}", ["1. Top","1.2. Gates","1.2.3. Upper"]),
    Text("bold head colon.md", f"# Top\n\n**Gates:** {SENTENCE*8}Marker. {SENTENCE}\n", ["Top"]),
    Text("roman.md", f"# I. Top\n\n{TEXT}## A. Gates\n\n{END}", ["I. Top","A. Gates"]),
    Text("emoji heads.md", f"# 🚪 Top\n\n{TEXT}## ✅ Gates\n\n{END}", ["🚪 Top","✅ Gates"]),
    Text("two h1.md", f"# One\n\n{TEXT}# Two\n\n{END}", ["Two"], ["One"]),
    Text("heading without blank.md", f"# Top\n{TEXT}## Gates\n{END}", ["Top","Gates"]),
    Text("heading no space.md", f"#Top\n\n{TEXT}##Gates\n\n{END}", []),
    Text("hr.md", f"# Top\n\n{TEXT}***\n\n{TEXT}* * *\n\n{END}", ["Top"]),
    Text("yaml block.md", f"---\ntitle: Mill\n---\n\n{TEXT}---\n\n{TEXT}{END}", ["Mill"]),
    Text("novel.txt", f"第一卷 山谷\n第一章 水闸\n　　{CHINESE * 6}\n　　{CHINESE * 6}\n第二章　大桥\n　　{CHINESE * 6}\nMarker stands here. {CHINESE}\n", ["第一卷 山谷", "第二章　大桥"], ["九"]),
    Text("law.txt", f"　　第一章 总则\n\n　　第一条 {CHINESE * 6}\n\n　　第二章 水闸\n　　第一节 大桥\n\n　　{CHINESE * 8}\n　　Marker stands here. {CHINESE}\n", ["第二章 水闸", "第一节 大桥"]),
    Text("japanese chapters.txt", f"第１章　総則\n\n{CHINESE * 6}\n\n第2章　水門\n\n{CHINESE * 6}Marker stands here. {CHINESE}\n", ["第2章　水門"]),
    Text("korean chapters.txt", f"제1장 총칙\n\n{CHINESE * 6}\n\n제2장 수문\n제1절 다리\n{CHINESE * 6}Marker stands here. {CHINESE}\n", ["제2장 수문", "제1절 다리"]),
    Text("no chapters.txt", f"第一章 总则\n\n{CHINESE * 6}\n第二章 水闸在这里，\n{CHINESE * 6}\n第三章的水闸\n{CHINESE * 6}Marker stands here. {CHINESE}\n", ["第一章 总则"], ["第二章", "第三章"]),
    Text("meeting.txt", f"Ann Miller  10:12 AM\n{SENTENCE}\n\nDana Okafor  10:15 AM\n{SENTENCE * 8}Marker. {SENTENCE}\n\n", ["Dana Okafor"]),
]  # fmt: skip
