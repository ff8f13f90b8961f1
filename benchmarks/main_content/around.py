# ruff: noqa: E501 (markup reads best on one line)
"""What stands around the main content of a made page."""

from __future__ import annotations

from benchmarks.main_content.words import Words


class Around(Words):
    """Navigation, teasers, comments, notices and the like."""

    def navigation(self) -> str:
        return f"<{self.tag('nav')}{self.name('nav', 'menu', 'main-navigation')}><ul>{self.many(3, 12, lambda: f'<li>{self.link(1, 2)}</li>')}</ul></{self.tag('nav')}>"

    def crumbs(self) -> str:
        return f"<div{self.name('breadcrumb', 'breadcrumbs')}>{' › '.join(self.link(1, 1) for _ in range(3))}</div>"

    def cards(self) -> str:
        heading = self.dice.choice(
            ("Related", "More stories", "Latest", "Mehr zum Thema", "À lire aussi", self.phrase(1, 3))
        )

        def card() -> str:
            text = self.dice.choice(
                ("", f"<p>{self.sentence()}</p>", f"<p>{self.paragraph(1, 2)}</p>", "<span>3 May 2021</span>")
            )
            return f"<div{self.name('card', 'teaser', 'related-item')}><h3>{self.link(4, 9)}</h3>{text}</div>"

        return f"<{self.tag('section')}{self.name('related', 'more', 'recommended')}><h2>{heading}</h2>{self.many(3, 7, card)}</{self.tag('section')}>"

    def side(self) -> str:
        box = self.dice.choice(
            (
                f"<ul>{self.many(3, 9, lambda: f'<li>{self.link(3, 7)}</li>')}</ul>",
                f"<p>{self.paragraph(1, 2)} {self.link()}</p>",
            )
        )
        return f"<{self.tag('aside')}{self.name('sidebar', 'widget-area', 'col-right')}><h4>{self.phrase(1, 3)}</h4>{box}{self.dice.choice(('', self.cards()))}</{self.tag('aside')}>"

    def comments(self) -> str:
        def one() -> str:
            return f"<li><div>{self.phrase(1, 2)}</div><div>{self.dice.randint(1, 28)} May 2021 at 10:{self.dice.randint(10, 59)}</div><p>{self.paragraph(1, 3)}</p><a href='#'>Reply</a></li>"

        return f"<div{self.name('comments', 'comment-list', 'responses')}><h3>{self.dice.randint(2, 30)} comments</h3><ol>{self.many(2, 8, one)}</ol></div>"

    def sign_up(self) -> str:
        return f"<form{self.name('newsletter', 'signup', 'subscribe')}><h3>Newsletter</h3><p>Get {self.words(4, 9)} in your inbox every week.</p><input type=email><button>Sign up</button></form>"

    def shares(self) -> str:
        return f"<div{self.name('share', 'social-links')}><a href=#>Facebook</a> <a href=#>Twitter</a> <a href=#>Email</a></div>"

    def cookies(self) -> str:
        return f"<div{self.name('cookie-banner', 'consent', 'modal')}><p>We use cookies to {self.words(8, 20)}. By using the site you agree to our privacy policy.</p><button>Accept</button></div>"

    def meta(self) -> str:
        return f"<div{self.name('meta', 'byline', 'post-info')}>By {self.phrase(2, 2)} | {self.dice.randint(1, 28)} May 20{self.dice.randint(10, 25)} | {self.dice.randint(1, 9)} min</div>"

    def author(self) -> str:
        return f"<div{self.name('author-box', 'bio')}><h4>{self.phrase(2, 2)}</h4><p>{self.phrase(1, 2)} is {self.words(8, 25)}. {self.link()}</p></div>"

    def foot(self) -> str:
        columns = self.many(
            0,
            4,
            lambda: (
                f"<div><h4>{self.phrase(1, 2)}</h4><ul>{self.many(2, 6, lambda: f'<li>{self.link(1, 3)}</li>')}</ul></div>"
            ),
        )
        legal = self.dice.choice(
            (
                "Imprint · Privacy · All rights reserved",
                f"© 2021 {self.phrase(1, 3)}. All rights reserved.",
                self.paragraph(1, 3),
            )
        )
        return f"<{self.tag('footer')}{self.name('footer', 'site-footer')}>{columns}<p>{legal}</p></{self.tag('footer')}>"
