# ruff: noqa: E501 (markup reads best on one line)
"""Pages of our own making whose main content is no article: tables, short lists, steps, folded answers, code.

Corpora of web pages are news and blogs. Without these pages a classifier learns that content is long paragraphs.
Each page stands in a layout drawn by chance: with or without telling tags and names, side columns, teasers,
comments, notices. Blocks of the main content carry the attribute `data-main`; those with `data-beside` may be
kept or not.
"""

from __future__ import annotations

from collections.abc import Callable

from lxml.html import fragments_fromstring, tostring  # type: ignore[import-untyped]

from benchmarks.main_content.around import Around
from benchmarks.main_content.documentation import Documentation
from benchmarks.main_content.small import Small


class Maker(Around, Documentation, Small):
    """Makes one page from a seed."""

    def p(self, low: int = 1, high: int = 4) -> str:
        return f"<p>{self.paragraph(low, high)}</p>"

    def heading(self, level: int = 2) -> str:
        return f"<h{level}>{self.phrase(1, 5)}</h{level}>"

    def items(self, short: bool = True, tag: str = "ul") -> str:
        def item() -> str:
            text = self.phrase(1, 6) if short else self.sentence()
            if self.dice.random() < 0.2:
                text += self.dice.choice((".", ":", f" {self.link()}"))
            return f"<li>{self.dice.choice((text, text, f'<span>{text}</span>', f'<p>{text}</p>'))}</li>"

        return f"<{tag}>{self.many(2, 9, item)}</{tag}>"

    def table(self) -> str:
        columns, linked = self.dice.randint(2, 5), self.dice.random() < 0.35

        def cell(tag: str = "td") -> str:
            kind = self.dice.random()
            text = str(self.dice.randrange(5000)) if kind < 0.4 else self.phrase(1, 3)
            return f"<{tag}>{self.link(1, 2) if linked and kind > 0.6 and tag == 'td' else text}</{tag}>"

        head = (
            "<tr>" + "".join(cell("th") for _ in range(columns)) + "</tr>" if self.dice.random() < 0.7 else ""
        )
        rows = self.many(2, 24, lambda: "<tr>" + "".join(cell() for _ in range(columns)) + "</tr>")
        return f"<table>{head}{rows}</table>"

    def contact(self) -> str:
        fields = self.many(
            2, 6, lambda: f"<p>{self.phrase(1, 2)}: {self.phrase(1, 3)} {self.dice.randrange(9999)}</p>"
        )
        return self.dice.choice((self.p(), "")) + fields + self.dice.choice((self.table(), ""))

    def reference(self) -> str:
        return f"<p>{self.sentence()}</p>" + self.many(
            1, 2, lambda: self.dice.choice(("", self.heading())) + self.table()
        )

    def recipe(self) -> str:
        return (
            self.p(1, 3)
            + self.heading()
            + self.items()
            + self.heading()
            + self.items(self.dice.random() < 0.5, "ol")
        )

    def releases(self) -> str:
        return self.many(
            1,
            6,
            lambda: (
                self.heading() + self.dice.choice(("", self.p(1, 1))) + self.items(self.dice.random() < 0.6)
            ),
        )

    def glossary(self) -> str:
        terms = self.many(2, 9, lambda: f"<dt>{self.phrase(1, 2)}</dt><dd>{self.sentence()}</dd>")
        return (
            self.dice.choice((self.p(), ""))
            + f"<dl>{terms}</dl>"
            + self.dice.choice((self.heading() + self.p(), ""))
        )

    def code(self) -> str:
        def listing() -> str:
            lines = "\n".join(
                f"{self.words(1, 1)} = {self.words(1, 1)}({self.dice.randrange(99)})"
                for _ in range(self.dice.randint(1, 8))
            )
            return f"<pre><code>{lines}</code></pre>"

        return self.many(
            1, 4, lambda: self.heading() + self.p(1, 2) + listing() + self.dice.choice(("", self.items()))
        )

    def folded(self) -> str:
        def one() -> str:
            if self.dice.random() < 0.5:
                return (
                    f"<details><summary>{self.phrase(3, 8)}?</summary><p>{self.paragraph(1, 2)}</p></details>"
                )
            return f"<h3><button>{self.phrase(3, 8)}?</button></h3><div{self.name('panel', 'accordion-body', 'collapse')}><p>{self.paragraph(1, 2)}</p></div>"

        return self.many(2, 8, one)

    def short(self) -> str:
        return self.many(1, 3, lambda: f"<p>{self.sentence()}</p>")

    def long(self) -> str:
        def part() -> str:
            return self.dice.choice(
                (self.p, self.p, self.p, self.heading, self.items, self.quote, self.table)
            )()

        return self.p() + self.many(3, 12, part) + self.p()

    def quote(self) -> str:
        return f"<blockquote><p>{self.sentence()}</p></blockquote>"

    def links(self) -> str:
        return self.p(1, 2) + self.many(
            1,
            3,
            lambda: (
                self.heading()
                + f"<ul>{self.many(3, 8, lambda: f'<li>{self.link(2, 4)}: {self.sentence()}</li>')}</ul>"
            ),
        )

    def verses(self) -> str:
        return self.many(2, 5, lambda: f"<p>{'<br>'.join(self.phrase(3, 7) for _ in range(4))}</p>")

    def chapters(self) -> str:
        return self.many(
            2, 4, lambda: self.heading(1) + self.dice.choice((self.p(), self.items(False), self.glossary()))
        )


_CONTENT = (Maker.contact, Maker.reference, Maker.reference, Maker.recipe, Maker.releases, Maker.glossary, Maker.code, Maker.folded,
            Maker.short, Maker.short, Maker.long, Maker.long, Maker.links, Maker.verses, Maker.chapters,
            Maker.address, Maker.product, Maker.event, Maker.gallery, Maker.prices, Maker.vacancy, Maker.persons, Maker.remark, Maker.lines, Maker.thread,
            Maker.interface, Maker.interface, Maker.details, Maker.details, Maker.options, Maker.manual, Maker.manual, Maker.changes)  # fmt: skip


def content(seed: int) -> str:
    """Main content alone."""
    m = Maker(seed)
    return _marked(m.dice.choice(_CONTENT)(m), m.dice.random() < 0.5)


def page(seed: int) -> str:
    """The HTML of one page."""
    m = Maker(seed)
    title = m.phrase(2, 7)

    def pick(chance: float, make: Callable[[], str]) -> str:
        return make() if m.dice.random() < chance else ""

    main, inner = (
        m.dice.choice((("main", "article"), ("article", "div"), ("div", "div"))) if m.tags else ("div", "div")
    )
    content = _marked(m.dice.choice(_CONTENT)(m), m.dice.random() < 0.5)
    article = (
        f"<h1>{title}</h1>"
        + pick(0.4, m.meta)
        + pick(0.3, m.shares)
        + content
        + pick(0.3, m.shares)
        + pick(0.2, m.author)
        + pick(0.15, m.sign_up)
    )
    if m.dice.random() < 0.15:  # documentation may have next to nothing around its text
        body = (
            pick(0.5, m.contents)
            + m.pager()
            + f"<div><h1>{title}</h1>{content}</div>"
            + m.pager()
            + pick(0.5, m.foot)
        )
        return _whole(title, body)
    if m.dice.random() < 0.08:
        return _whole(title, _in_cells(m, pick(0.7, lambda: f"<h2>{title}</h2>") + content))
    body = (
        pick(0.25, m.cookies)
        + f"<{m.tag('header')}{m.name('header', 'site-header')}><a href='/'>{m.phrase(1, 2)}</a>{m.navigation()}</{m.tag('header')}>"
        + pick(0.3, m.crumbs)
        + pick(0.15, m.side) + pick(0.15, m.contents)
        + f"<{main}{m.name('content', 'main', 'container')}><{inner}{m.name('article', 'post', 'entry-content')}>{article}</{inner}>"
        + pick(0.3, m.cards) + pick(0.25, m.comments)
        + f"</{main}>"
        + pick(0.3, m.side) + pick(0.25, m.cards) + pick(0.15, m.sign_up)
        + m.foot()
    )  # fmt: skip
    return _whole(f"{title} | {m.phrase(1, 2)}", body)


def _in_cells(m: Maker, content: str) -> str:
    """A layout of old: a table with the name of the site, links at a side, the content and a last line."""
    side = f"<td valign=top>{m.many(3, 8, lambda: m.link(1, 2) + '<br>')}</td>"
    cells = [side, f"<td>{content}</td>"][:: m.dice.choice((1, -1))]
    end = f"{m.phrase(1, 3)} 3.5.2003 - {m.link(1, 1)}"
    return f"<table><tr><td colspan=2><font size=5>{m.phrase(1, 4)}</font></td></tr><tr>{''.join(cells)}</tr><tr><td colspan=2>{end}</td></tr></table>"


def _whole(title: str, body: str) -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"


def _marked(content: str, wrapped: bool) -> str:
    """Mark the main content, in an element of its own or beside what stands around it."""
    if wrapped:
        return f"<div data-main>{content}</div>"
    parts = fragments_fromstring(content)
    for part in parts:
        part.set("data-main", "")
    return "".join(tostring(part, encoding="unicode") for part in parts)
