# ruff: noqa: E501 (markup reads best on one line)
"""Web pages, books and notebooks that other tools read wrong."""

from __future__ import annotations

import json
from typing import Any

from tests.services.parsing.relatives.books import book, page
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.reported import code, notebook
from tests.services.parsing.relatives.web import FOOT, HEAD, SENTENCE


def _of(name: str, body: str, **right: Any) -> Case:
    return Case(
        name,
        "a.html",
        f"<!DOCTYPE html><html><head><meta charset=utf-8></head><body>{body}</body></html>".encode(),
        **right,
    )


def _main(name: str, content: str, **right: Any) -> Case:
    page = f"<!DOCTYPE html><html><head><meta charset=utf-8><title>Weirs</title></head><body>{HEAD}{content}{FOOT}</body></html>"
    return Case(f"main content: {name}", "a.html", page.encode(), main=True, **right)


_WEB = [
    _of("markdownify 238: blocks in a cell", "<table><tr><td>Cell 1</td><td>Cell 2</td></tr><tr><td>Cell 3</td><td><div>Cell 4-1</div><div>Cell 4-2</div></td></tr></table>", has=["Cell 4-1", "Cell 4-2"], lacks=["4-1Cell"]),
    _of("markdownify 43: blanks around words in items", "<ul><li>foo <a href='#'>bar</a></li><li>foo <b>bar</b> <i>space</i>.</li></ul>", has=["foo **bar** *space*."], lacks=["foo**"]),
    _of("markdownify 211: lists in lists in lists", "<ol><li>a<ul><li>b<ol start='3'><li>c</li></ol></li></ul></li><li>d</li></ol>", order=["1. a", "- b", "3. c", "2. d"]),
    _of("markdownify: a nested list without an item around it", "<ul><li>a</li><ul><li>b</li></ul><li>c</li></ul>", order=["- a", "- b", "- c"]),
    _of("html2text: bold in the midst of a word", "<p>un<b>believ</b>able, <i>it</i>s</p>", has=["un**believ**able"]),
    _of("turndown: bold around blanks and breaks", "<p>a<b> b </b>c<b><br></b>d</p>", has=["a **b** c"]),
    _of("turndown: bold that spans paragraphs", "<b><p>one</p><p>two</p></b>", order=["one", "two"]),
    _of("turndown: stars and underlines in text", "<p>2 * 3 * 4 and a_b_c and # no head</p><p>1. no list</p><p>+ plus</p>", has=["2 * 3 * 4", "a_b_c", "# no head", "1. no list", "+ plus"]),
    _of("html2text: code with back ticks", "<p>Use <code>a `b` c</code></p>", has=["a `b` c"]),
    _of("pandoc: code with lines of markup within", "<pre><code class='language-py'>a = 1<br>b = <span>2</span>\n</code></pre>", has=["a = 1\nb = 2"]),
    _of("html2text: a picture in a link", "<p><a href='/big'><img src='/s.png' alt='The weir'></a></p>", has=["The weir", "/big"]),
    _of("trafilatura 531: a list within a cell", "<table><tr><td>Mon</td><td><ul><li>10:00 AM - 8:00 PM</li><li>lunch</li></ul></td></tr><tr><td>Tue</td><td><ul><li>Closed</li></ul></td></tr></table>", has=["10:00 AM - 8:00 PM", "lunch", "Closed"], lacks=["PMlunch"]),
    _of("unstructured 332: a bracket in a link's words", "<p>January 2023 <i>(<a href='x.html'>Someone</a> fed my essays)</i> said</p>", has=["January 2023", "Someone", "fed my essays"]),
    _of("unstructured 2836: facts for machines around words", "<ix:continuation><p>The life rises from <ix:nonnumeric>five to</ix:nonnumeric> six years.</p></ix:continuation>", has=["The life rises from five to six years."]),
    _of("docling 2330: tables of layout for numbered law", "<table><col width='4%'><col width='96%'><tbody><tr><td><p>(a)</p></td><td><p>the use of services;</p></td></tr></tbody></table><table><tbody><tr><td><p>(b)</p></td><td><p>the quality.</p></td></tr></tbody></table>", order=["(a)", "the use of services;", "(b)", "the quality."]),
    _of("docling: heads of rows and columns", "<table><thead><tr><th></th><th colspan='2'>2024</th></tr><tr><th>Gate</th><th>Q1</th><th>Q2</th></tr></thead><tbody><tr><th>North</th><td>1</td><td>2</td></tr></tbody></table>", has=["2024"], rows=[["North", "1", "2"]]),
    _of("docling: a caption and a foot of a table", "<table><caption>Levels</caption><thead><tr><th>a</th><th>b</th></tr></thead><tfoot><tr><td>Sum</td><td>9</td></tr></tfoot><tbody><tr><td>c</td><td>9</td></tr></tbody></table>", has=["Levels"], rows=[["a", "b"], ["Sum", "9"]]),
    _of("readability: text beside blocks in an item", "<ul><li>before<p>inner</p>after</li></ul>", order=["before", "inner", "after"]),
    _of("newspaper: an article within a template and a slot", "<my-app><template shadowrootmode='open'><slot></slot></template><p>In the slot</p></my-app>", has=["In the slot"]),
    _of("html2text: a heading in a summary and a figure in a link", "<details open><summary><h2>Gates</h2></summary>body</details>", has=["Gates", "body"]),
    _of("markdownify: line breaks in headings and links", "<h2>One<br>two</h2><p><a href='/x'>three<br>four</a></p>", has=["## One two"], order=["three", "four"]),
    _of("html2text: addresses with blanks, marks and scripts", "<p><a href='a b.html'>one</a> <a href='javascript:void(0)'>two</a> <a href=''>three</a> <a name='x'>four</a> <a href='mailto:a@e.org'>five</a></p>", has=["one", "two", "three", "four", "five"], lacks=["javascript"]),
    _of("lxml: names of characters without an end", "<p>AT&T &copy 2024 &notit; &lt;b&gt; &#x1F600; &#0; x &nbsp y</p>", has=["AT&T", "© 2024", "<b>", "😀"]),
    _of("lxml: a script that writes a page", "<script>document.write('<p>no</p>')</script><p>yes</p><style>p{}</style><template><p>not shown</p></template>", has=["yes"], lacks=["no</p>", "document", "not shown"]),
    _of("lxml: deep nests", "<div>" * 3000 + "<p>deep words</p>" + "</div>" * 3000, told="nested more than 255 deep"),
    _of("bs4: a table without rows' ends", "<table><tr><td>a<td>b<tr><td>c<td>d</table>", rows=[["a", "b"], ["c", "d"]]),
    _of("bs4: paragraphs within an inline element", "<span>one<p>two</p>three</span>", order=["one", "two", "three"]),
    _of("goose: an open quote with its source", "<blockquote>To be<footer>— <cite>Somebody</cite></footer></blockquote>", has=["To be", "Somebody"]),
    _of("html-to-md: marks that are raised or below", "<p>x<sup>2</sup>, H<sub>2</sub>O, 1<sup>st</sup></p>", has=["H2O"], lacks=["x2,"]),
    _of("html-to-md: a time and a datum", "<p><time datetime='2024-05-06'>Monday</time> <data value='7'>seven</data></p>", has=["Monday", "seven"]),
    _of("html-to-md: select, textarea and labels", "<form><label>Gate <select><option>North</option><option selected>South</option></select></label><textarea>typed</textarea></form>", has=["Gate", "South", "typed"]),
    _of("html-to-md: audio and video with words within", "<video controls><track kind=captions>Film of the lock</video><object><p>Instead</p></object>", has=["Instead"]),
    _of("html-to-md: drawings with titles and text", "<svg><title>Plan</title><desc>Seen from above</desc><text x=1>North gate</text></svg>", has=["North gate"]),
    _of("html-to-md: an area of text with direction", "<p dir=rtl>שלום <bdi>abc</bdi> 12</p><p><bdo dir=rtl>abc</bdo></p>", has=["שלום abc 12"]),
    _of("html-to-md: code in a table's cell with bars and lines", "<table><tr><th>a</th><th>b</th></tr><tr><td><pre>x | y\nz</pre></td><td>w</td></tr></table>", has=["x | y", "z", "w"]),
    _of("html-to-md: spans over rows and columns at once", "<table><tr><td rowspan=2 colspan=2>big</td><td>c</td></tr><tr><td>d</td></tr><tr><td>e</td><td>f</td><td>g</td></tr></table>", has=["big"], rows=[["e", "f", "g"]]),
    _of("html-to-md: definitions with blocks within", "<dl><div><dt>Weir</dt><dd><p>Holds water.</p><ul><li>old</li></ul></dd></div></dl>", order=["Weir", "Holds water.", "- old"]),
    _of("html-to-md: a menu", "<menu><li>Cut</li><li>Copy</li></menu>", has=["Cut", "Copy"]),
    _of("html-to-md: task lists of GitHub", "<ul class='contains-task-list'><li class='task-list-item'><input type='checkbox' checked disabled> done</li><li class='task-list-item'><input type='checkbox' disabled> open</li></ul>", has=["[x] done", "[ ] open"]),
    _of("html-to-md: footnotes of GitHub", "<p>Text<sup><a href='#fn1' id='r1'>1</a></sup></p><section class='footnotes'><ol><li id='fn1'><p>The note. <a href='#r1'>↩</a></p></li></ol></section>", has=["Text", "The note."]),
    _of("html-to-md: a copied table of Google", "<google-sheets-html-origin><table><colgroup><col><col></colgroup><tbody><tr><td>Gate</td><td>7</td></tr></tbody></table></google-sheets-html-origin>", has=["Gate", "7"]),
    _of("html-to-md: a language of right-aligned code lines", "<div class='highlight highlight-source-python'><pre><span class='k'>def</span> f():\n    <span>return</span> 1</pre></div>", has=["def f():\n    return 1".replace("\n    ", " ")]),
    _of("html-to-md: an equation in an image's words", "<p>So <img class='mwe-math-fallback-image-inline' alt='{\\displaystyle x^{2}}' src='x.svg'> holds</p>", has=["x^{2}"]),
    _of("html-to-md: an equation in a script", "<p>So <script type='math/tex'>x^2</script> and <script type='math/tex; mode=display'>y^2</script></p>", has=["x^2", "y^2"]),
    Case("html: a page in UTF-16 without a mark", "a.html", "<html><body><p>Größe</p></body></html>".encode("utf-16-le"), has=["Größe"]),
    Case("html: a fragment without any tag of its own", "a.html", b"just words & more", has=["just words & more"]),
    Case("html: XHTML with CDATA and its own names", "a.xhtml", b"<?xml version='1.0'?><h:html xmlns:h='http://www.w3.org/1999/xhtml'><h:body><h:h1>Weir</h:h1><h:p>Words</h:p></h:body></h:html>", has=["Weir", "Words"]),
    _main("trafilatura 76: a table of links and codes", f"<article><h1>Signs</h1><p>{SENTENCE * 3}</p><table><tr><th>Name</th><th>Sign</th></tr>" + "".join(f"<tr><td>Kind {n}</td><td><a href='/k{n}'>T10{n}</a></td></tr>" for n in range(6)) + "</table></article>", has=["T105", "Kind 0"]),
    _main("trafilatura 354: headings with links and spans in them", "<div class='post'>" + "".join(f"<h2 id='s{n}'><span>Part {n}</span><a class='anchor' href='#s{n}'>#</a></h2><p>{SENTENCE * 2}</p>" for n in range(4)) + "</div>", has=["## Part 0", "## Part 3"], lacks=["Imprint"]),
    _main("trafilatura: code between paragraphs", f"<article><h1>Use</h1><p>{SENTENCE * 2}</p><pre><code>weir open --gate north</code></pre><p>{SENTENCE}</p><pre>weir shut</pre></article>", has=["weir open --gate north", "weir shut"]),
    _main("readability: a list of addresses", "<main><h1>Offices</h1><ul>" + "".join(f"<li><strong>Office {n}</strong><br>{n} Weir Lane<br>Phone 0123 45{n}</li>" for n in range(5)) + "</ul></main>", has=["Office 0", "4 Weir Lane", "Phone 0123 454"], lacks=["Imprint"]),
    _main("jusText: a page in Japanese", "<main><h1>水車</h1>" + "<p>水門は毎朝七時に開けられ、夕方に閉められる。番人は水位を帳簿に記す。</p>" * 3 + "</main>", has=["水門は毎朝七時に", "# 水車"], lacks=["Imprint"]),
    _main("trafilatura: a price list", "<main><h1>Fees</h1><table><tr><th>Boat</th><th>Fee</th></tr><tr><td>Canoe</td><td>3.50</td></tr><tr><td>Barge</td><td>40.00</td></tr></table><p>Paid at the lock.</p></main>", rows=[["Canoe", "3.50"], ["Barge", "40.00"]], has=["Paid at the lock."]),
    _main("trafilatura: pictures with their captions", f"<article><h1>Weir</h1><p>{SENTENCE * 3}</p><figure><img src='/w.jpg' alt='The weir'><figcaption>The weir at low water in May.</figcaption></figure><p>{SENTENCE * 2}</p></article>", has=["The weir at low water in May."]),
]  # fmt: skip

_BOOKS = [
    Case("calibre: chapters cut within a paragraph", "b.epub", book({"a.xhtml": page("<h1>One</h1><p>first</p>"), "b.xhtml": page("<p>second</p>")}), order=["# One", "first", "second"]),
    Case("epub: a title page of pictures, and a book in UTF-16", "b.epub", book({"a.xhtml": page("<img src='c.jpg' alt='Cover of Weirs'/>"), "b.xhtml": "<?xml version='1.0' encoding='utf-16'?>" + page("<p>Größe</p>")}, more={"OEBPS/b.xhtml": ("<?xml version='1.0' encoding='utf-16'?>" + page("<p>Größe</p>")).encode("utf-16")}), has=["Cover of Weirs", "Größe"]),
    Case("epub: names in other letters than in the packet", "b.epub", book({"Text/A.xhtml": page("<p>Found words</p>")}, more={"OEBPS/text/a.xhtml": page("<p>Found words</p>")}), has=["Found words"]),
    Case("epub: notes that only a script shows", "b.epub", book({"a.xhtml": page("<p>Text<a epub:type='noteref' href='#n'><sup>1</sup></a></p><aside epub:type='footnote' id='n' hidden='hidden'><p>The note.</p></aside>")}), has=["Text", "The note."]),
    Case("epub: a switch between formats", "b.epub", book({"a.xhtml": page("<epub:switch><epub:case required-namespace='http://www.w3.org/1998/Math/MathML'><math xmlns='http://www.w3.org/1998/Math/MathML'><mi>x</mi></math></epub:case><epub:default><p>instead</p></epub:default></epub:switch><p>after</p>")}), has=["after"]),
    Case("epub: a poem in lines", "b.epub", book({"a.xhtml": page("<div class='poem'><p class='l'>Water runs</p><p class='l'>below the mill</p></div>")}), order=["Water runs", "below the mill"]),
]  # fmt: skip


def _out(**data: object) -> dict[str, object]:
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {name.replace("_", "/"): value for name, value in data.items()},
    }


_NOTEBOOKS = [
    Case("nbconvert: widgets and their text", "a.ipynb", notebook([code("w", _out(**{"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "IntSlider(value=7)"}))]), has=["IntSlider(value=7)"]),
    Case("nbconvert: a plot in JSON with a text", "a.ipynb", notebook([code("p", _out(**{"application/vnd.plotly.v1+json": {"data": [1] * 2000}, "text/html": "<div id='plot'></div><script>Plotly.newPlot()</script>"}))]), has=["p"], lacks=["newPlot"]),
    Case("nbconvert: a table as HTML with styles", "a.ipynb", notebook([code("df", _out(text_html="<style scoped>.dataframe tbody tr th{}</style><table class='dataframe'><thead><tr><th></th><th>level</th></tr></thead><tbody><tr><th>0</th><td>2.1</td></tr></tbody></table>", text_plain="   level\n0    2.1"))]), rows=[["0", "2.1"]], lacks=["scoped", "tbody tr"]),
    Case("nbconvert: an error with its last line", "a.ipynb", notebook([code("1/0", {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "division by zero", "traceback": ["\x1b[0;31mZeroDivisionError\x1b[0m: division by zero"]})]), has=["ZeroDivisionError", "division by zero"], lacks=["\x1b"]),
    Case("nbformat: a heading cell of the third version", "a.ipynb", json.dumps({"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "heading", "level": 2, "source": "Gates"}, {"cell_type": "code", "input": ["x = 1"], "outputs": [{"output_type": "pyout", "text": ["7"]}]}]}]}).encode(), has=["## Gates", "x = 1", "7"]),
    Case("nbformat: code with fences within", "a.ipynb", notebook([code("s = '''\n```\nx\n```\n'''")]), has=["s = '''", "x"]),
    Case("nbformat: a cell of markdown with HTML and maths", "a.ipynb", notebook([{"cell_type": "markdown", "metadata": {}, "source": "# Levels\n<div>so $x^2$</div>"}]), has=["# Levels", "$x^2$"]),
    Case("nbformat: a mark before the first letter", "a.ipynb", b"\xef\xbb\xbf" + notebook([code("x = 1")]), has=["x = 1"]),
    Case("nbformat: a notebook that was cut", "a.ipynb", notebook([code("x = 1")])[:-20], refused="not JSON"),
]  # fmt: skip

CASES = [*_WEB, *_BOOKS, *_NOTEBOOKS]
