# ruff: noqa: E501 (markup reads best on one line)
"""Whole web pages and feeds that other programs lose or mangle something of."""

from __future__ import annotations

from tests.services.parsing.relatives.rebuilt.texts import case

_AUTOLINKED = (
    '<p>Find it (<a href="https://e.org/a_(b)">here</a>), <a href="https://e.org/?a=1&amp;b=2">there</a>.</p>'
)

CASES = [
    case("trafilatura 825: words that must not break", "<p>Sjätte <nobr>AP-fonden</nobr> äger skog.</p>", has=["Sjätte AP-fonden äger skog."]),
    case("html-to-markdown 477: crossed tags of an office program", '<TABLE><TR><TD><o:p><P></o:p></P></TD><TD><IMG src="image.png" alt="A pump">Visible text</TD></TR></TABLE><P></P>', has=["A pump", "Visible text"]),
    case("html-to-markdown 200: a list and a button in a definition", '<div><dl><dt>Tags:</dt><dd><ul><li><a href="https://e.org/php">php</a></li><li><a href="https://e.org/clj">closure</a></li></ul><button type="button">Add tags</button></dd></dl></div>', matches=[r"^ *- \[php\]\(https://e.org/php\)$", r"^ *- \[closure\]"], order=["Tags:", "php", "closure"]),
    case("html-to-markdown 233: a wide cell and no head", '<table><tr><td colspan="2">Cell spanning 2 columns</td></tr><tr><td>Cell 1</td><td>Cell 2</td></tr></table>', has=["Cell spanning 2 columns"], rows=[["Cell 1", "Cell 2"]]),
    case("markitdown 2536: a head below a caption", "<table><caption>Stock</caption><colgroup><col><col></colgroup><tr><th>Name</th><th>Qty</th></tr><tr><td>Apple</td><td>3</td></tr></table>", matches=[r"^\| Name \| Qty \|\n\| ?-+ ?\| ?-+ ?\|\n\| Apple \| 3 \|"], has=["Stock"]),
    case("markitdown 2536: a foot of a table", "<table><thead><tr><th>Item</th><th>Cost</th></tr></thead><tbody><tr><td>A</td><td>1</td></tr></tbody><tfoot><tr><td>Total</td><td>1</td></tr></tfoot></table>", exact="| Item | Cost |\n| --- | --- |\n| A | 1 |\n| Total | 1 |"),
    case("unstructured 1543: text beside paragraphs, and breaks", "<html>\n<body>\nbody test\n<p>p test</p>\n<p>p test 2 <br>\np test 2 after break</p>\n</body>\n</html>", order=["body test", "p test", "p test 2", "p test 2 after break"]),
    case("unstructured 2520: bold words in preformatted lines", "<div><h1>Header 1</h1><p>Text </p><pre><b>Param1</b> = Y<br><b>Param2</b> = 1<br><b>Param3</b> = 2\n    <br><b>Param5</b> = A,B,C,D,E<br></pre></div>", has=["Header 1", "Param5 = A,B,C,D,E"], matches=[r"^Param1 = Y\nParam2 = 1\n"]),
    case("unstructured 110: text and blocks side by side", "<div>My name is Matt\n <div>This is my message</div>\n and this its end</div>", order=["My name is Matt", "This is my message", "and this its end"]),
    case("docling 1112: questions in an accordion", '<div class="panel panel-default"><div class="panel-heading"><div class="panel-title"><a data-toggle="collapse" href="#q1">Question text here?</a></div></div><div id="q1" class="panel-collapse collapse"><div class="panel-body"><p>Answer text here.</p></div></div></div>', order=["Question text here?", "Answer text here."]),
    case("markdownify 155: a slanted blank", "<p>one<i> </i>two<b> </b>three<code> </code>four<u> </u>five</p>", has=["one two three four five"]),
    case("markitdown 1539: a bold blank between bold words", "<p><b>First</b><b> </b><b>Last</b></p>", matches=[r"First\*{0,4} +\*{0,4}Last"]),
    case("turndown 44: marks of markdown in text", "<p> *fackbold* _fackitalic_ [fack](link)</p>", has=["*fackbold* _fackitalic_ [fack](link)"], matches=[r"\\\*fackbold"]),
    case("turndown 106: a tag that is shown", '<p>Write &lt;iframe src="http://e.org"&gt;&lt;/iframe&gt; here.</p>', has=['Write <iframe src="http://e.org"></iframe> here.'], no_match=[r"(?<!\\)<iframe"]),
    case("turndown 494: labels and breaks", "<p><strong>Date of Birth</strong>: [Insert DOB]<br><strong>Age</strong>: [Insert Age]<br></p><ol><li><p><strong>Timeline</strong>:</p><ul><li>The typical weeks</li><li>needing more</li></ul></li></ol>", order=["**Date of Birth**: [Insert DOB]", "**Age**: [Insert Age]", "1. **Timeline**:", "- The typical weeks"], lacks=["DOB]**Age"]),
    case("defuddle 168: a link in code", '<p><code class="hl"><a href="https://e.org/Nat" title="Documentation for Nat"><span>Nat</span></a></code> is a type.</p>', has=["`Nat`"], lacks=["`[Nat]("]),
    case("all2md 79: a table in a figure", "<figure><table><tbody><tr><th>H1</th><th>H2</th></tr><tr><td>a</td><td>b</td></tr></tbody></table><figcaption>Table 1: Levels</figcaption></figure>", rows=[["H1", "H2"], ["a", "b"]], has=["Table 1: Levels"]),
    case("pandoc 10586: items without a list", '<li class="l1">\n <a href="#">Artboard</a>\n <ul><li><a href="#x">Layers</a></li></ul>\n</li>\n<li>Board</li>\n<h1>Artboard</h1><p>words</p>', order=["Artboard", "Layers", "Board", "# Artboard", "words"], matches=[r"^- .*Artboard"]),
    case("joplin 5626: code as a list of lines", '<pre class="prettyprint linenums"><ol class="linenums"><li class="L0"><span class="kwd">int</span><span> a = 1;</span></li><li class="L1"><span>int b = 2;</span></li></ol></pre>', matches=[r"^int a = 1;\n+int b = 2;"]),
    case("joplin 10126: numbers of lines behind code", '<pre><code class="language-java">int a = 1;\nint b = 2;\n</code><ul class="pre-numbering"><li>1</li><li>2</li></ul></pre>', has=["int a = 1;\nint b = 2;"], no_match=[r"^\W*1$"]),
    case("html2text 378: paragraphs and breaks in cells", '<table class="ne-table"><tbody><tr><td><p><span>Verb</span></p></td><td><p>Description</p></td></tr><tr><td><p>GET</p></td><td><p><span>用于获取数据</span></p><p>second</p><br>third</td></tr><tr><td>POST</td><td>x</td></tr></tbody></table>', rows=[["Verb", "Description"], ["POST", "x"]], order=["GET", "用于获取数据", "second", "third"], lacks=["数据second", "secondthird"]),
    case("html2text 367: a wide head", '<table><tr><th colspan="2">A</th><th>B</th></tr><tr><td>1</td><td>2</td><td>3</td></tr></table>', rows=[["1", "2", "3"]], order=["A", "B"]),
    case("node-html-to-text 47: first items of lists in lists", "<ul>\n <li>1\n  <ul>\n   <li>2\n    <ul>\n     <li>3.1</li>\n     <li>3.2</li>\n    </ul>\n   </li>\n  </ul>\n </li>\n</ul>", exact="- 1\n  - 2\n    - 3.1\n    - 3.2"),
    case("crawl4ai 1327: a cell over six rows", "<table><tr><th>Name</th><th>Term</th><th>Party</th></tr>" + "".join(f"<tr>{'<td rowspan=6>Nehru</td>' if n == 0 else ''}<td>term {n}</td><td>party {n}</td></tr>" for n in range(6)) + "<tr><td>Shastri</td><td>1964</td><td>INC</td></tr></table>", rows=[["term 5", "party 5"], ["Shastri", "1964", "INC"]], has=["Nehru"]),
    case("platform-security 1: steps in a cell", "<table><tr><th>Mode</th><th>Key combo</th><th>Description</th></tr><tr><td>macOS</td><td>Press the button.</td><td><ol><li>Boot ROM hands off to LLB.</li><li>LLB loads the policy.</li></ol></td></tr><tr><td>Recovery</td><td>Hold it.</td><td>-</td></tr></table>", order=["macOS", "Boot ROM hands off to LLB.", "LLB loads the policy.", "Recovery"], lacks=["LLB.LLB"], rows=[["Recovery", "Hold it.", "-"]]),
    case("trafilatura 147: anchors without an address", "<h1>FOO.</h1><h1>The fox 1</h1><a>The fox 2</a><h1><a>The fox 3</a></h1>The fox 4", order=["# The fox 1", "The fox 2", "# The fox 3", "The fox 4"]),
    case("turndown: parentheses in addresses", _AUTOLINKED, has=["[there](https://e.org/?a=1&b=2)"], matches=[r"\[here\]\(<?https://e\.org/a_(?:\(b\)|\\\(b\\\)|%28b%29)>?\)"]),
    case("markitdown 2297: XHTML in a feed", '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Mill news</title><entry><title>High water</title><summary type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>The <b>river</b> rose.</p></div></summary></entry></feed>', "a.atom", order=["Mill news", "High water", "river", "rose."], lacks=["<summary"]),
    case("github: the language of a pre", "<pre lang='python'><code>x = 1</code></pre>", matches=[r"^```python\nx = 1"]),
]  # fmt: skip
