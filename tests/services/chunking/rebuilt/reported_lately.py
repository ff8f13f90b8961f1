# ruff: noqa: E501 (a text reads best on one line)
"""Prose, tables, markups and programs that other tools cut badly, a last set of reports."""

from __future__ import annotations

from tests.services.chunking.rebuilt.text import END, SENTENCE, TEXT, Text, each, many, records

_STEPS = "Ascensore diretto numero %i"
_CUE = f"%i\n00:%i:22,240 --> 00:%i:25,860\n{_STEPS}\n\n(In discesa ferma %i)\n\n"
CASES = [
    Text("xagent 2125.txt", many(30,"Attach documents %i and Qualifications in bulk using our CSV integration, e.g. for the U.S. office. Then close. "), size=400, not_after=["e.g.","U.S."]),
    Text("dapr-agents 760.txt", "A"*100+"\n"+"B"*100+"\n"+"C"*700+"\n"+"D"*20, size=150),
    Text("dify 22046.txt", many(20,"第%i章说明：水闸每天早上七点打开，晚上关闭。管理员说：“请记录水位。”然后离开。It’s open. "), size=300),
    Text("langchainjs 11702.txt", "\n\n".join(f"A{n:02}" + "A" * 61 for n in range(40)), size=64, whole=[f"A{n:02}" + "A" * 61 for n in range(40)]),
    Text("syntok 25.txt", many(20,"Jackson %i's website is at https://www.jackson-hospital.com. Individuals may also write to the Officer at 4250 Hospital Drive, Marianna. "), size=300, whole=["https://www.jackson-hospital.com."]),
    Text("smile 208.txt", many(30,"This is an nn. This is number %i. This is a na. This is the next sentence. "), size=200),
    Text("NeMo-Speech 36.txt", many(12,"Dr. Smith and Mrs. Jones went to the U.S. capital in %i to present their findings. The committee met, e.g. for the timeline. St. Mary hospital will come first. "), size=300, not_after=["Dr.","Mrs.","U.S.","e.g.","St."]),
    Text("KittenTTS 115.txt", many(20,"Dr. Sharma arrived at 9:30 a.m., out of breath, in room %i. At 5:15 p.m. Prof. Lee left. "), size=240, not_after=["Dr.","a.m.","Prof.","9:30"]),
    Text("tryAGI 140.md", f"# Foo\n\n ## Bar\n\nHi this is Jim  \nHi this is Joe\n\n{TEXT} ## Baz\n\n{END}", ["Foo","Baz"], ["Bar Baz"]),
    Text("docling-core 678.md", "# T\n\nTable 1: Runtime of gates\n\n| Gate | Turns | Who |\n| --- | ---: | :-: |\n"+many(60,"| gate-%i | %i | Ann |\n")+"\nafter\n", head=("gate-69","| Gate | Turns | Who |"), whole=each(60,"| gate-%i | %i | Ann |")),
    Text("text-splitter 422.md", "| Header 1 | Header 2 | Header 3 |\n|----------|----------|----------|\n"+many(60,"| Row %i    | Data     | More Data|\n"), head=("Row 69","Header 1")),
    Text("embabel 1859 again.md", "## Appendix\n| Key financials | "+" | ".join(f"Year {y}" for y in range(2010,2024))+" |\n|"+"---|"*15+"\n"+many(20,"| Row %i excl. cash | "+" | ".join(["5,120"]*14)+" |\n"), head=("Row 29","Key financials"), whole=each(20,"| Row %i excl. cash | "+" | ".join(["5,120"]*14)+" |")),
    records("SemanticSlicer.md","### Question %i\n\nIs the gate %i open? "+SENTENCE+"\n\n", "### Question %i\n\nIs the gate %i open?"),
    Text("openwebui 21523.md", f"# Chapter 1\n\n{TEXT}## 1.1 Background\n\n{TEXT}### 1.1.1 Detail\n\n{TEXT}## 1.2 Aim\n\n{END}", ["Chapter 1","1.2 Aim"], ["1.1 Background > 1.2","1.1.1 Detail > 1.2"]),
    Text("Engram questions.md", f"Intro\n\n# A\n# B\n## C\n\n{END}", ["B","C"], ["A > C"]),
    Text("pandoc 4066.rst", f"Top\n===\n\n.. container:: class1 class2\n   :name: name\n\n   text\n\n   none\n   ----\n\nGates\n-----\n\n{END}", ["Top","Gates"]),
    Text("pandoc 3880.rst", f"Top\n===\n\n.. include:: inclusion.txt\n\nGates\n-----\n\n{END}", ["Top","Gates"], ["inclusion"]),
    Text("pandoc 1781.rst", f"Top\n===\n\nJohn Doe wrote::\n\n>> # none\n>> ======\n>> Great idea!\n\nGates\n-----\n\n{END}", ["Top","Gates"], ["none","Great"]),
    Text("pandoc 4193.rst", "Changes\n=======\n\n.. list-table::\n   :widths: 25 25 25 25\n   :header-rows: 1\n\n   * - Version\n     - Date\n     - Who\n     - Change\n\n"+many(20,"   * -\n     - %i.04.2017\n     - Some One\n     - Added xxx\n\n       Added yyyy%i\n\n"), head=("Added yyyy29","- Version")),
    Text("pandoc 5753.rst", f"Top\n===\n\n.. math::\n\n    q = \\left[ 2.3,\n   \\overbrace{{9.4}}, \\dots \\right]\n\nGates\n-----\n\n{END}", ["Top","Gates"], ["overbrace"]),
    Text("pandoc 4352.rst", f"General\n~~~~~~~\n\n:someid: **General 1**\n\nSomething general.\n\n{TEXT}Special\n~~~~~~~\n\n{END}", ["Special"], ["someid"]),
    Text("pandoc 4715.rst", f"Top\n===\n\n.. toctree::\n   :caption: Indice dei contenuti\n   :numbered:\n   :maxdepth: 3\n\n   premessa.rst\n   riuso.rst\n\nGates\n-----\n\n{END}", ["Top","Gates"], ["premessa"]),
    Text("asciidoctor-pdf 6.adoc", "= Top\n\n[cols=\"20%a,30%a,50%a\",options=\"header\"]\n|===\n| User ID | Usage | Requirements\n"+many(20,"| user-%i | Run the Installer of %i. |\n* Name cannot be `trafodion`.\n** Download of %i.\n")+"|===\n\n== Gates\n\n"+END, ["Top","Gates"], head=("user-29","| User ID")),
    Text("asciidoctor-epub3 69.adoc", "= Top\n\n[cols=\"2,3,5a\"]\n|===\n|Name |Group |Description\n\n"+many(20,"|Fire-%i\n|Web Browser\n|It is designed for:\n\n* standards of %i,\n* performance.\n\n")+"|===\n", head=("Fire-29","|Name |Group")),
    Text("asciidoctorj 414.adoc", f"= Top\n\n[cols=\"2\"]\n|===\n\na|This cell has an +a+.\n\n* List item 1\n\na|\n[.lead]\nA lead.\n\n== none\n|===\n\n== Gates\n\n{END}", ["Top","Gates"], ["none"]),
    Text("pandoc 2606.mediawiki", f"= Top =\n\n{{|\n| * hello\n|\n* item\n== none\n|}}\n\n== Gates ==\n\n{END}", ["Top","Gates"], ["none"]),
    Text("pandoc 3706.org", "* Top\n\n#+CAPTION: Lalelu.\n#+RESULTS:\n| Id | Desc |\n|----+------|\n"+many(60,"|  %i | La   |\n")+"\n** Gates\n\n"+END, ["Top","Gates"], head=("69","| Id | Desc |")),
    Text("pandoc 7520.org", f":PROPERTIES:\n:ID: 591cd98a\n:END:\n#+title: Test of gates\n\n* Top\n:PROPERTIES:\n:ID: none\n:END:\n\n** Gates\n\n{END}", ["Top","Gates"], ["591cd98a","none"]),
    Text("pandoc 4669.tex", f"\\section{{Top}}\n\n{{\\tt <-}}\n\n\\begin{{verbatim}}\n  while (n > 0) {{\n\\section{{none}}\n\\end{{verbatim}}\n\n\\subsection{{Gates}}\n\n{END}", ["Top","Gates"], ["none"]),
    Text("tree-sitter-swift 438.swift", many(10,"let predicate%i = #Predicate<Message> { message in\n    message.length < %i && message.sender == \"Jeremy\"\n}\n\n#Preview(\"Gate %i\") {\n    GateView(level: %i)\n}\n\nfunc gate%i(_ a: Int) -> Int {\n    let b = a + %i\n    return b\n}\n\n"), whole=each(10,"func gate%i(_ a: Int) -> Int {\n    let b = a + %i\n    return b\n}")),
    Text("tree-sitter-c 213.c", "#include \"defs.h\"\n\n#ifdef CONFIG_GATE\nstruct gate;\n#endif\n\n"+many(10,"/* Gate %i. */\nstatic int __init gate%i_init(void)\n{\n\tint err = %i;\n\n\treturn err;\n}\nmodule_init(gate%i_init);\n\n"), whole=each(10,"/* Gate %i. */\nstatic int __init gate%i_init(void)\n{\n\tint err = %i;\n\n\treturn err;\n}")),
    Text("gotreesitter 99.swift", "//  software\n//  and\n//  Copyright of gates\n\nimport Foundation\n\nfinal class Weir {\n"+many(12,"    /// Opens %i.\n    func open%i() {\n        level = %i\n    }\n\n")+"}\n", whole=each(12,"    /// Opens %i.\n    func open%i() {\n        level = %i\n    }")),
    Text("swiftide 776.ex", "defmodule Weir do\n  @moduledoc \"\"\"\n  Gates.\n  \"\"\"\n\n"+many(12,"  @doc \"\"\"\n  Opens %i.\n  \"\"\"\n  @spec open%i(integer) :: integer\n  def open%i(level) when level > %i do\n    level + %i\n  end\n\n")+"end\n", whole=each(12,"  @doc \"\"\"\n  Opens %i.\n  \"\"\"\n  @spec open%i(integer) :: integer\n  def open%i(level) when level > %i do\n    level + %i\n  end")),
    records("Gate.cs","    /// <summary>Gate %i.</summary>\n    [HttpGet(\"/g%i\")]\n    public async Task<int> Gate%i(int a)\n    {\n        var s = $\"{a}:{{%i}}\";\n        return await Open(s);\n    }\n\n",around=("namespace Weir;\n\npublic class Gates\n{\n","}\n"),above="class Gates"),
    records("gate.dart","  /// Gate %i.\n  @override\n  Future<int> gate%i(int a) async {\n    final s = 'a ${a + %i}';\n    return s.length;\n  }\n\n",around=("class Weir extends Base {\n","}\n"),above="class Weir"),
    records("gate.lua","--- Gate %i.\n-- @param a level\nlocal function gate%i(a)\n  local s = [[\nend %i\n]]\n  return a .. s\nend\n\n"),
    records("gate.jl","\"\"\"\n    gate%i(a)\n\nOpens %i.\n\"\"\"\nfunction gate%i(a::Int)\n    for i in 1:a\n        println(i)\n    end\n    return a + %i\nend\n\n"),
    records("subsrt 12.srt", _CUE),
    records("unisubs 2834.vtt", f"00:%i:22.240 --> 00:%i:25.860\n\n{SENTENCE}%i\n\n", f"00:%i:22.240 --> 00:%i:25.860\n\n{SENTENCE}%i", around=("WEBVTT\n\n", "")),
    records("windows.srt", _CUE.replace("\n", "\r\n"), _CUE.strip().replace("\n", "\r\n")),
]  # fmt: skip
