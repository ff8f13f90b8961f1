# ruff: noqa: E501 (markup reads best on one line)
"""Web pages, whole and their main content."""

from __future__ import annotations

from collections.abc import Sequence

from tests.services.parsing.relatives.case import Case


def _page(body: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head><title>Weir | Station</title>{head}</head><body>{body}</body></html>".encode()


_NAVIGATION = "".join(
    f"<li><a href='/{name.lower()}'>{name}</a></li>" for name in ("Home", "News", "Shop", "Jobs", "Contact")
)
HEAD = f"<header><a href='/'>Station</a><nav><ul>{_NAVIGATION}</ul></nav></header>"
FOOT = "<footer><p>Imprint · Privacy · All rights reserved</p></footer>"
SENTENCE = (
    "The gate is opened in the morning and closed at night by the keeper, who notes the level in the book. "
)


def _main(content: str, around: tuple[str, str] = ("<main>", "</main>")) -> bytes:
    return _page(f"{HEAD}{around[0]}{content}{around[1]}{FOOT}")


def _of(
    name: str,
    content: str,
    *has: str,
    around: tuple[str, str] = ("<main>", "</main>"),
    rows: Sequence[Sequence[str]] = (),
) -> Case:
    page = _main(content, around)
    return Case(
        f"main content: {name}", "page.html", page, has=has, lacks=["Imprint", "Jobs"], rows=rows, main=True
    )


_DIVS = ("<div class='css-1x'><div>", "</div></div>")
CASES = [
    Case("a folded answer", "d.html", _page("<details><summary>Is it open?</summary><p>From eight to five.</p></details>"), order=["Is it open?", "From eight to five."]),
    Case("what is hidden until it is searched", "u.html", _page("<div hidden='until-found'><p>Folded words</p></div><p hidden>gone</p>"), has=["Folded words"], lacks=["gone"]),
    Case("headings by role", "r.html", _page("<div role='heading' aria-level='2'>Levels</div><p>High</p>"), has=["## Levels"]),
    Case("a shadow tree that is declared", "s.html", _page("<x-card><template shadowrootmode='open'><p>In the shadow</p></template></x-card>"), has=["In the shadow"]),
    Case("a picture in noscript", "n.html", _page("<noscript><img src='/a.png' alt='The weir in May'></noscript><p>x</p>"), has=["The weir in May"]),
    Case("MathJax 3 with its MathML", "m.html",
         _page("<p>So <mjx-container class='MathJax'><mjx-math aria-hidden='true'><mjx-mi>x</mjx-mi></mjx-math><mjx-assistive-mml><math><msup><mi>x</mi><mn>2</mn></msup></math></mjx-assistive-mml></mjx-container> holds</p>"),
         has=["So $x^{2}$ holds"]),
    Case("lines of code in a table", "c.html",
         _page("<table class='highlight'><tr><td class='lineno'><pre>1\n2</pre></td><td class='code'><pre>a = 1\nb = 2</pre></td></tr></table>"), has=["a = 1", "b = 2"]),
    Case("soft breaks and soft hyphens", "w.html", _page("<p>Donau<wbr>dampf&shy;schiff</p>"), has=["Donaudampfschiff"]),
    Case("ruby", "y.html", _page("<p><ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby>へ</p>"), has=["東京"], lacks=["((", "))"]),
    Case("a list of letters", "l.html", _page("<ol type='a'><li>one</li><li>two</li></ol>"), order=["one", "two"]),
    Case("keys and short forms", "k.html", _page("<p>Press <kbd>Ctrl</kbd>+<kbd>C</kbd>, <abbr title='Weir Office'>WO</abbr></p>"), has=["Press `Ctrl`+`C`", "WO"]),
    Case("Word in a mail", "o.html",
         _page("<!--[if gte mso 9]><xml>junk</xml><![endif]--><p class=MsoNormal>Level<o:p></o:p></p><p class=MsoListParagraph><![if !supportLists]><span>·</span><![endif]>First</p>"),
         has=["Level", "First"], lacks=["junk"]),
    Case("two documents in one file", "t.html", b"<html><body><p>One</p></body></html><html><body><p>Two</p></body></html>", order=["One", "Two"]),
    Case("old markup", "f.html", _page("<center><font size=5><b>River news</b></font><br><br>High water.<hr>Low water.</center>"), order=["River news", "High water.", "Low water."]),
    Case("frames that are not there", "fs.html", b"<html><frameset cols='1,2'><frame src=a.html><noframes><body><p>Without frames</p></body></noframes></frameset></html>", has=["Without frames"]),
    Case("a table with feet before its body", "tf.html",
         _page("<table><thead><tr><th>Gate</th><th>Turns</th></tr></thead><tfoot><tr><td>Sum</td><td>29</td></tr></tfoot><tbody><tr><td>North</td><td>17</td></tr></tbody></table>"),
         order=["Gate", "North", "Sum"]),
    Case("right-to-left text in its order", "rtl.html", _page("<p dir=rtl>שלום <b>עולם</b>, 2024</p>"), has=["שלום **עולם**, 2024"]),
    Case("MathML with an annotation", "ma.html",
         _page("<p><math><semantics><mrow><mi>E</mi><mo>=</mo><mi>m</mi></mrow><annotation encoding='application/x-tex'>E=mc^2</annotation></semantics></math></p>"), has=["$E=mc^2$"], lacks=["E=m E"]),
    Case("an address after a broken one", "a.html", _page("<p><a href='https://e.org/[x'>broken</a> <a href='/y'>fine</a></p>", "<base href='https://e.org/d/'>"), has=["[fine](https://e.org/y)"]),
    _of("short steps", "<h1>Bread</h1><p>A bread.</p><ol><li>Mix.</li><li>Wait.</li><li>Bake.</li></ol>", "Mix.", "Wait.", "Bake.", "# Bread"),
    _of("short steps in a page without telling names", "<h1>Bread</h1><p>A bread of the mill.</p><ol><li>Mix.</li><li>Wait.</li><li>Bake.</li></ol>", "Mix.", "Bake.", "# Bread", around=_DIVS),
    _of("opening hours", "<h1>Open</h1><p>" + SENTENCE * 2 + "</p><table><tr><th>Day</th><th>From</th></tr><tr><td>Mon</td><td>8</td></tr><tr><td>Tue</td><td>9</td></tr></table>",
        "# Open", rows=[["Mon", "8"], ["Tue", "9"]]),
    _of("a table of links", "<h1>Weirs</h1><p>All weirs of the river are in this list, with their years.</p><table><tr><th>Year</th><th>Weir</th></tr>"
        + "".join(f"<tr><td>{1900 + i}</td><td><a href='/w{i}'>Weir {i}</a></td></tr>" for i in range(12)) + "</table>", "[Weir 11](/w11)", "# Weirs"),
    _of("terms", "<h1>Terms</h1><dl>" + "".join(f"<dt>Term {i}</dt><dd>{SENTENCE}</dd>" for i in range(4)) + "</dl>", "Term 0", "Term 3"),
    _of("questions folded", "<h1>Questions</h1>" + "".join(f"<details><summary>Question {i}?</summary><p>{SENTENCE}</p></details>" for i in range(3)), "Question 2?", "The gate is opened"),
    _of("questions on buttons", "<h1>Questions</h1>" + "".join(f"<h3><button>Question {i}?</button></h3><div class='panel'><p>{SENTENCE}</p></div>" for i in range(3)),
        "### Question 0?", "### Question 2?"),
    _of("code", "<h1>Install</h1><p>Run this in a shell:</p><pre><code>pip install weir</code></pre><p>Then open the page.</p>", "pip install weir", "Then open the page."),
    _of("two sentences", "<article><h1>Closed</h1><p>The ferry will not run on Sunday.</p><p>Use the bridge.</p></article>", "# Closed", "The ferry will not run on Sunday.", "Use the bridge."),
    _of("several headings of the first level", "".join(f"<h1>Part {i}</h1><p>{SENTENCE * 2}</p>" for i in range(3)), "# Part 0", "# Part 1", "# Part 2"),
    _of("changes", "<h1>Changes</h1>" + "".join(f"<h2>2.{i}</h2><ul><li>Fixed gate {i}.</li><li>New seal.</li></ul>" for i in (3, 2, 1)), "## 2.3", "Fixed gate 1."),
    _of("verses", "<h1>River</h1><p>Water runs<br>below the mill,</p><p>day and night<br>it is not still.</p>", "Water runs", "it is not still."),
    _of("a person", "<h1>Ann Weir</h1><p>Keeper of the upper gate</p><p>Phone: 0123 4567</p><p>Room 12</p><p>" + SENTENCE + "</p>", "Phone: 0123 4567", "Room 12"),
    Case("main content: beside teasers, comments and a notice", "page.html",
         _page("<div class='cookie-banner'><p>We use cookies to give you the best experience. By using the site you agree.</p></div>" + HEAD
               + f"<article><h1>High water</h1><p>{SENTENCE * 3}</p><p>{SENTENCE * 2}</p></article>"
               + "<section class='related'><h2>More stories</h2>" + "".join(f"<div class='card'><h3><a href='/s{i}'>Story {i} of the river</a></h3><p>Teaser {i} says little.</p></div>" for i in range(4))
               + "</section><div id='comments'><h3>2 comments</h3><p>First! What a river, says somebody who reads this.</p></div>" + FOOT),
         has=["# High water", "noted the level".replace("noted", "notes")], lacks=["Teaser 2", "First!", "cookies", "Imprint"], main=True),
    Case("a heading in a link", "h.html", b"<body><a href='/x'><h2>Head</h2><p>par</p></a></body>", exact="## [Head](/x)\n\n[par](/x)"),
    Case("text in a table and in none of its cells", "t.html", b"<body><table>All in metres<tr><th>a<th>b<tr><td>1<td>2</table></body>", order=["All in metres", "| a | b |"]),
    Case("numbers before lines of code", "c.html", b'<body><pre><code class="language-python"><span class="ln">1</span>def f():\n<span class="ln">2</span>    pass</code></pre></body>', exact="```python\ndef f():\n    pass\n```"),
    Case("what a frameset says to others", "f.html", b"<html><frameset cols='1,2'><frame src='a.html'><noframes><body><p>Go to <b>the menu</b>.</p></body></noframes></frameset></html>", exact="Go to **the menu**."),
    Case("text that its style hides", "s.html", b"<body><p>seen</p><p style='font-size:0'>zero</p><p style='text-indent:-9999px'>off</p><p style='font-size:0.9em'>small</p></body>", exact="seen\n\nsmall"),
    Case("a wrapper that editors paste", "g.html", b"<body><b style='font-weight:normal' id='docs-internal-guid-1'><p>Not <b>all</b> is bold.</p></b></body>", exact="Not **all** is bold."),
]  # fmt: skip
