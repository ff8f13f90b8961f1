# ruff: noqa: E501 (markup reads best on one line)
"""Main content of made pages that is little: a product, an event, an address, pictures, prices, a vacancy."""

from __future__ import annotations

from benchmarks.main_content.words import Words


class Small(Words):
    """What small sites say in a few short lines."""

    def line(self, low: int = 1, high: int = 5) -> str:
        """A short text in an element of any kind."""
        text = self.phrase(low, high) + self.dice.choice(("", "", ".", f" {self.dice.randrange(999)}"))
        tag = self.dice.choice(("p", "p", "div", "div", "h4"))
        inner = self.dice.choice((text, text, f"<span>{text}</span>", f"<strong>{text}</strong>"))
        return f"<{tag}{self.name('text', 'field__item', 'bodytext')}>{inner}</{tag}>"

    def fact(self) -> str:
        """A name and its value, which stand in elements of their own or share one."""
        name, value = self.phrase(1, 2), self.dice.choice((self.phrase(1, 4), self.amount(), self.moment()))
        return self.dice.choice(
            (
                f"<div><div>{name}</div><div>{value}</div></div>",
                f"<p><b>{name}:</b> {value}</p>",
                f"<dl><dt>{name}</dt><dd>{value}</dd></dl>",
                f"<li>{name}: {value}</li>",
            )
        )

    def amount(self) -> str:
        number = f"{self.dice.randrange(1, 900)}{self.dice.choice(('', '.50', ',90'))}"
        return self.dice.choice((f"{number} €", f"${number}", f"£{number}", f"{number} kg", f"{number} %"))

    def moment(self) -> str:
        day, hour = self.dice.randint(1, 28), self.dice.randint(6, 22)
        return self.dice.choice((f"{day}.5.2021", f"{day} May 2021", f"{hour}:00 – {hour + 1}:30", f"Mon–Fri {hour}–{hour + 3}"))  # fmt: skip

    def lines(self, low: int = 1, high: int = 4) -> str:
        return self.many(low, high, self.line)

    def bullets(self) -> str:
        return f"<ul>{self.many(2, 5, lambda: f'<li>{self.phrase(1, 5)}</li>')}</ul>"

    def address(self) -> str:
        parts = "<br>".join(
            self.phrase(1, 3) + self.dice.choice(("", f" {self.dice.randrange(99)}")) for _ in range(4)
        )
        tag = self.dice.choice(("address", "p", "div"))
        return f"<{tag}>{parts}</{tag}>" + self.many(0, 3, self.fact)

    def product(self) -> str:
        price = f"<{'p' if self.tags else 'div'}{self.name('price', 'product-price')}>{self.amount()}</{'p' if self.tags else 'div'}>"
        return (
            price
            + self.dice.choice((f"<p>{self.sentence()}</p>", ""))
            + self.bullets()
            + self.many(0, 3, self.fact)
        )

    def event(self) -> str:
        return f"<div><time>{self.moment()}</time></div>{self.line()}<p>{self.sentence()}</p>" + self.many(0, 2, self.fact)  # fmt: skip

    def gallery(self) -> str:
        def picture() -> str:
            return f"<figure{self.name('gallery-item', 'wp-block-image')}><img src=x><figcaption>{self.phrase(3, 9)}</figcaption></figure>"

        return self.many(2, 6, picture) + self.dice.choice(("", self.line()))

    def prices(self) -> str:
        def plan() -> str:
            return f"<div><h3>{self.phrase(1, 2)}</h3><p>{self.amount()}</p>{self.bullets()}</div>"

        return self.dice.choice(("", f"<p>{self.sentence()}</p>")) + f"<div>{self.many(2, 3, plan)}</div>"

    def vacancy(self) -> str:
        return f"<p>{self.sentence()}</p>" + self.many(
            1, 2, lambda: f"<div><h3>{self.phrase(1, 3)}</h3>{self.bullets()}</div>"
        )

    def persons(self) -> str:
        return self.many(1, 4, lambda: f"<div><h3>{self.phrase(2, 2)}</h3><p>{self.phrase(2, 8)}.</p></div>")

    def remark(self) -> str:
        box = f"<div{self.name('alert alert-info', 'notice', 'callout', 'warning')}>{self.sentence()}</div>"
        return self.dice.choice((box + self.lines(), self.lines() + box))

    def thread(self) -> str:
        """Posts of a forum. Who wrote them and when is neither content nor furniture."""

        def post() -> str:
            writer = f"<div data-beside{self.name('author', 'postprofile', 'meta')}>{self.phrase(1, 2)} <span>{self.moment()}</span></div>"
            text = self.many(1, 2, lambda: f"<p>{self.paragraph(1, 2)}</p>")
            return f"<div{self.name('post', 'reply', 'comment', 'message')}>{writer}<div{self.name('content', 'post-text', 'postbody')}>{text}</div></div>"

        return self.many(2, 5, post)
