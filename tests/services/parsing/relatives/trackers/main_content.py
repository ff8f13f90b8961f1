# ruff: noqa: E501 (markup reads best on one line)
"""Pages whose content other programs cut away, or from which they leave something out."""

from __future__ import annotations

from typing import Any

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.web import FOOT, HEAD, SENTENCE


def _main(name: str, content: str, lacks: tuple[str, ...] = (), **right: Any) -> Case:
    page = f"<!DOCTYPE html><html><head><meta charset=utf-8><title>Weirs</title></head><body>{HEAD}{content}{FOOT}</body></html>"
    return Case(name, "a.html", page.encode(), lacks=["Imprint", *lacks], main=True, **right)


_P = f"<p>{SENTENCE * 2}</p>"

CASES = [
    _main("trafilatura 43: containers around each paragraph", f'<div class="l-main-column"><div class="text-image-container"><div class="text-image"><p>We lend to mills that are older than <span class="u-nobr">5 years</span>.</p></div></div><div class="text-image-container"><div class="text-image"><p><strong>The loan is not for: </strong></p><ul class="list"><li class="list__item"> young mills below 5 years. See the <a class="link" href="/young"><span><span>Loan for Young Mills</span></span></a>. </li><li class="list__item"> mills that were in debt in 2019.</li></ul></div></div><div class="text-image">{_P}</div></div>', has=["older than 5 years", "The loan is not for:", "Loan for Young Mills", "in debt in 2019"]),
    _main("trafilatura 569: an article within an aside", f'<div class="cookies"><p>We use cookies to make this site better. Accept all?</p></div><aside class="column main"><h1>Beyond the weir</h1>{_P}{_P}<p>The last words of it.</p></aside>', has=["Beyond the weir", "The last words of it."]),
    _main("trafilatura 167: lists in lists", f"<article><h2>A Nested List</h2><p>Lists can be nested (list inside list), says the keeper of the mill in his book:</p><ul><li>Coffee</li><li>Tea<ul><li>Black tea</li><li>Green tea</li></ul></li><li>Milk</li></ul>{_P}</article>", has=["- Coffee", "- Tea"], matches=[r"^ +- Black tea", r"^- Milk"]),
    _main("trafilatura 882: emphasised words keep their place", f"<main><article><h1>Rules</h1><p>What <strong><em>is </em></strong>new, however, is the plan to <strong><em>verify </em></strong>the work of every keeper before an award is made.</p>{_P}</article></main>", matches=[r"What \*\*\*is\*\*\* new, however, is the plan to \*\*\*verify\*\*\* the work"]),
    _main("trafilatura 534: small words and a heading in a cell", f"<article>{_P}<table><tbody><tr><td><small>text<br></small><h4>more_text</h4></td><td><a href='link'>linktext</a></td></tr><tr><td>a</td><td>b</td></tr></tbody></table>{_P}</article>", has=["text", "more_text", "linktext"], lacks=("textmore",)),
    _main("readability 922: text before a table", '<div class="node"><h1>Travel fund</h1><div class="toc"><ul><li><a href="#a">Aims</a></li><li><a href="#b">Sums</a></li></ul></div><h2 id="a">Aims</h2><p>The fund pays for journeys of members who mend weirs.</p><p>Each member may ask once a year.</p><h2 id="b">Sums</h2><table><tr><th>Region</th><th>Sum</th></tr><tr><td>North</td><td>500</td></tr><tr><td>South</td><td>400</td></tr></table><p>Write to us.</p></div>', has=["The fund pays for journeys", "Each member may ask once a year.", "Write to us."], rows=[["North", "500"]]),
    _main("readability 830: a page that is one list", "<div id='content'><h1>Perl in short</h1><ul>" + "".join(f"<li>Use <code>weir{n}</code> for gate {n}, not for others</li>" for n in range(14)) + "</ul></div>", has=["# Perl in short", "for gate 0, not", "for gate 13, not"]),
    _main("readability 66: heads with the class of a header", f"<article><h1>Facts</h1>{_P}<table class='data'><tr><th class='header_cell'>Release</th><th class='header_cell'>Days</th></tr><tr><td>0.17</td><td>400</td></tr></table>{_P}</article>", rows=[["Release", "Days"], ["0.17", "400"]]),
    _main("readability 669: a front page of short parts", "<div id='main'><h1>The Weir Projects</h1><p>The projects include Weir and WeirOS, the sources behind the mill and the lock.</p><h2>Weir</h2><p>Weir is an open project to build a safer gate.</p><ul><li><a href='/blog'>Blog</a>: words of the makers</li><li><a href='/build'>Build it</a></li></ul><h2>WeirOS</h2><p>WeirOS is an open project to run locks.</p></div>", has=["The projects include Weir", "Weir is an open project", "words of the makers", "WeirOS is an open project to run locks."]),
    _main("defuddle 98: sections of headings and short items", f"<main><h1>Guidelines</h1><h2>Coding style</h2>{_P}" + "".join(f"<h2>{title}</h2><h3>Avoid {title.lower()} of the whole</h3><ul><li>Use less</li><li>Ask first</li></ul>" for title in ("Security", "Usage", "Performance", "Interface")) + "</main>", has=["## Security", "## Interface", "### Avoid interface of the whole"]),
    _main("defuddle 214: what comes next", f"<article><h1>Chat kit</h1>{_P}<h2 id='next-steps'>Next steps</h2><p>Read how to open the second gate, and try it on a quiet day.</p></article>", has=["## Next steps", "try it on a quiet day"]),
    _main("goose3 190: small capitals at the start", f"<article><h1>The sack</h1><p>K<small>evin mccarthy’s</small> stint as keeper of the lock ended as it began.</p>{_P}</article>", has=["Kevin mccarthy’s stint as keeper"]),
    _main("trafilatura 622: a line that is no paragraph", f"<article>{_P}<div>This is a very important line that is part of the article.</div>{_P}<div><code>weir --open</code></div>{_P}</article>", has=["This is a very important line", "weir --open"]),
    _main("trafilatura 844: emphasis in emphasis", f"<article><h1>Foo</h1>{_P}<p><em><strong>foo</strong></em> baz, and <em>before <strong>middle</strong> after</em> it.</p>{_P}</article>", matches=[r"\*\*\*foo\*\*\* baz", r"\*before \*\*middle\*\* after\* it"]),
    _main("readability 775: chapters as rows of a table", "<table><tbody>" + "".join(f"<tr><td><a href='#n{n}'>{n}</a></td><td>此開卷第{n}回也。作者自云曾歷過一番夢幻之後，故將真事隱去，而借通靈說此石頭記一書也。</td></tr>" for n in range(1, 5)) + "</tbody></table>", has=["此開卷第1回也", "此開卷第4回也"]),
    _main("defuddle 45: notes and warnings", f"<article><h1>My cloud</h1>{_P}<div class='admonition tip'><p class='admonition-title'>Info</p><p>To connect your mill you need to open the gate.</p></div>{_P}<div class='admonition warning'><p class='admonition-title'>Warning</p><p>Never at night.</p></div></article>", has=["To connect your mill", "Never at night."]),
    _main("defuddle 303: sections with names", f"<main><h1>Harness</h1>{_P}<section id='FeedforwardAndFeedback'><h2>Feedforward and Feedback</h2>{_P}</section><section id='related-roles'><h2>The role of the human</h2>{_P}</section></main>", has=["## Feedforward and Feedback", "## The role of the human"]),
    _main("firecrawl 289: posts of a category", "<main><h1>News</h1>" + "".join(f"<article class=post><h2><a href='/n{n}'>Gate {n} was mended</a></h2><p class=date>{n} May 2024</p><p>The keeper has mended gate {n} and opened it again.</p></article>" for n in range(1, 6)) + "</main>", has=[f"## [Gate {n} was mended]" for n in range(1, 6)]),
    _main("readability 878: a last paragraph that is a link", "<div class=story>" + "".join(f"<div class=markup><p>{text}</p></div>" for text in ("The court sat on Friday.", "Two keepers were heard, says the clerk of the court.", "<strong><a href='/b'>They will be heard again on Monday, in the hall.</a></strong>", SENTENCE)) + "</div>", has=["The court sat on Friday.", "They will be heard again on Monday"]),
    _main("a hint under the pointer", f"<article>{_P}<p>{SENTENCE} So says <span class='tooltip'>the office<span class='tooltiptext'>Office of weirs and locks</span></span>, at noon.</p>{_P}</article>", lacks=("weirs and locks",), has=["So says the office, at noon."]),
    _main("names of a hint that hide nothing", f"<article>{_P}<p>{SENTENCE} So says <span class='tooltip'><span class='tooltip-trigger'>the office</span></span> of <span class='tooltip'>weirs and <a class='tooltip-link' href='/b'>locks</a></span>.</p>{_P}</article>", has=["So says the office of weirs and [locks](/b)."]),
    _main("a front page of links in its main part", "<main><ul>" + "".join(f"<li><a href='/m{n}'>Mill {n}</a></li>" for n in range(9)) + "</ul></main>", has=["[Mill 0]", "[Mill 8]"], lacks=("Jobs",)),
]  # fmt: skip
