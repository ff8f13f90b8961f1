# ruff: noqa: E501 (markup reads best on one line)
"""Main content of made pages that is documentation: signatures with what they do, options, manuals, changes."""

from __future__ import annotations

from benchmarks.main_content.words import Words


class Documentation(Words):
    """What generators write from sources: nested definitions, code in sentences, notes, tables of parameters."""

    def identifier(self) -> str:
        return self.dice.choice((".", "_", "::", "-")).join(
            self.words(1, 1) for _ in range(self.dice.randint(1, 3))
        )

    def code_name(self) -> str:
        name = self.identifier() + self.dice.choice(("", "()", ""))
        code = self.dice.choice(
            (f"<code>{name}</code>", f"<code><span>{name}</span></code>", f"<tt>{name}</tt>")
        )
        return self.dice.choice((code, f'<a href="#{name}">{code}</a>', f'<a href="/{name}.html">{code}</a>'))

    def technical(self, low: int = 1, high: int = 3) -> str:
        """Sentences with names of code and links in them."""

        def one() -> str:
            return f"{self.phrase(2, 8)} {self.code_name()} {self.words(2, 9)}{self.dice.choice(('.', '.', ' ' + self.link() + '.', ':'))}"

        return " ".join(
            self.dice.choice((one, one, self.sentence))() for _ in range(self.dice.randint(low, high))
        )

    def signature(self) -> str:
        arguments = ", ".join(f"<em>{self.words(1, 1)}</em>" for _ in range(self.dice.randint(0, 4)))
        kind = self.dice.choice(("", "<em>class</em> ", "<em>static</em> ", f"{self.words(1, 1)} "))
        return (
            f"{kind}<code>{self.identifier()}</code>({arguments}){self.dice.choice(('', '<a href=#x>¶</a>'))}"
        )

    def listing(self) -> str:
        lines = "\n".join(
            f"{self.dice.choice(('', '  ', '$ ', '>>> '))}{self.identifier()} = {self.words(1, 3)};"
            for _ in range(self.dice.randint(1, 7))
        )
        return self.dice.choice(
            (
                f"<pre>{lines}</pre>",
                f'<div class="highlight"><pre>{lines}</pre></div>',
                f"<pre><code>{lines}</code></pre>",
            )
        )

    def note(self) -> str:
        kind = self.dice.choice(("Note", "Warning", "See also", "Changed in version 3.2"))
        return self.dice.choice(
            (
                f"<div{self.name('admonition', 'note', 'sidebar')}><p>{kind}</p><p>{self.technical()}</p></div>",
                f"<p><span>{kind}: </span>{self.technical()}</p>",
            )
        )

    def parameters(self) -> str:
        def row() -> str:
            return f"<tr><td>{self.identifier()}</td><td>{self.technical(1, 1)}</td><td>{self.dice.choice(('', '[optional]', 'in'))}</td></tr>"

        def item() -> str:
            return f"<li><strong>{self.identifier()}</strong> – {self.technical(1, 1)}</li>"

        return self.dice.choice(
            (
                f"<h4>Parameters</h4><table>{self.many(1, 5, row)}</table>",
                f"<ul>{self.many(1, 5, item)}</ul>",
                "",
            )
        )

    def description(self, depth: int) -> str:
        parts = (lambda: f"<p>{self.technical()}</p>", lambda: f"<p>{self.technical()}</p>", self.note, self.listing, self.parameters,
                 lambda: self.members(depth - 1) if depth > 1 else "")  # fmt: skip
        return f"<p>{self.technical()}</p>" + self.many(0, 3, lambda: self.dice.choice(parts)())

    def members(self, depth: int = 3) -> str:
        """Definitions below definitions, as lists or as headings."""
        if self.dice.random() < 0.6:

            def one() -> str:
                return f"<dt>{self.signature()}</dt><dd>{self.description(depth)}</dd>"

            return self.many(1, 3, lambda: f"<dl>{self.many(1, 5, one)}</dl>")
        return self.many(
            1,
            6,
            lambda: (
                f"<div{self.name('refsect2', 'memitem', 'method')}><h3>{self.identifier()} ()</h3><pre>{self.signature()}</pre>{self.description(1)}</div>"
            ),
        )

    def details(self) -> str:
        """Short facts below short headings."""

        def facts() -> str:
            heading = self.dice.choice(("h3", "h4"))
            fact = self.dice.choice(
                (
                    f"{self.phrase(1, 2)}: {self.words(1, 2)}",
                    f"{self.identifier()}",
                    f"{self.phrase(1, 3)} {self.code_name()}.",
                )
            )
            return f"<{heading}>{self.dice.choice(('Parameters', 'Returns', 'Flags', self.phrase(1, 2)))}</{heading}><p>{fact}</p>{self.dice.choice(('', f'<p>Since: 2.{self.dice.randrange(40)}</p>', self.parameters()))}"

        return f"<p>{self.technical()}</p>" + self.many(
            1,
            4,
            lambda: (
                f"<div{self.anchor()}><h2>{self.identifier()}</h2>{self.dice.choice((self.listing, self.sentence))()}{self.many(1, 3, facts)}</div>"
            ),
        )

    def anchor(self) -> str:
        """An address within a page, which may be a word that elsewhere names furniture."""
        names = (
            "comment",
            "search",
            "share",
            "menu",
            "login",
            "top",
            "header",
            "footer",
            "social",
            "subscribe",
            "archive",
            "popup",
        )
        return f' id="{self.dice.choice((*names, *(self.identifier() for _ in names)))}"'

    def pager(self) -> str:
        """What documentation has for navigation."""
        links = f"<td><a href=a>Prev</a></td><td><a href=b>Up</a></td><th>{self.phrase(1, 3)}</th><td><a href=c>Next</a></td>"
        return self.dice.choice(
            (
                f"<div{self.name('navheader', 'nav')}><table><tr>{links}</tr></table></div>",
                "<p><a href=a>Prev</a> | <a href=b>Next</a></p>",
                "",
            )
        )

    def contents(self) -> str:
        return f"<div{self.name('toc', 'sphinxsidebar', 'quickview')}><h3>{self.dice.choice(('Table of Contents', 'On this page', 'Contents'))}</h3><ul>{self.many(2, 12, lambda: f'<li><a href=#x>{self.dice.choice((self.identifier(), self.phrase(1, 4)))}</a></li>')}</ul></div>"

    def interface(self) -> str:
        names = self.many(
            3,
            12,
            lambda: f"<tr><td>{self.code_name()}</td><td>{self.code_name()} ({self.words(1, 2)})</td></tr>",
        )
        return (
            self.dice.choice(("", f"<h2>Functions</h2><table>{names}</table>"))
            + f"<p>{self.technical(1, 4)}</p>"
            + self.many(1, 3, lambda: f"<h2>{self.phrase(1, 4)}</h2>{self.members()}")
        )

    def options(self) -> str:
        """A manual page."""

        def option() -> str:
            text = self.technical()
            return f"<dt>-{self.words(1, 1)[0]}, --{self.identifier()}</dt><dd>{self.dice.choice((text, f'<p>{text}</p>' + self.dice.choice(('', self.listing()))))}</dd>"

        usage = f"<h2>SYNOPSIS</h2><pre>{self.identifier()} [--{self.words(1, 1)}] {self.words(1, 3)}</pre>"
        return f"<h2>NAME</h2><p>{self.identifier()} - {self.words(3, 7)}</p>{usage}<h2>OPTIONS</h2><dl>{self.many(2, 12, option)}</dl>"

    def manual(self) -> str:
        def part() -> str:
            return self.dice.choice((lambda: f"<p>{self.technical(1, 5)}</p>", lambda: f"<p>{self.technical(1, 5)}</p>", self.listing, self.note,
                                     lambda: f"<ul>{self.many(2, 6, lambda: f'<li>{self.technical(1, 1)}</li>')}</ul>"))()  # fmt: skip

        return self.many(
            2,
            5,
            lambda: f"<section{self.anchor()}><h2>{self.phrase(1, 5)}</h2>{self.many(1, 4, part)}</section>",
        )

    def changes(self) -> str:
        return self.many(
            2,
            6,
            lambda: (
                f"<h3>{self.identifier()}</h3><ul>{self.many(1, 5, lambda: f'<li><p>{self.technical(1, 2)} ({self.link()})</p></li>')}</ul>"
            ),
        )
