"""Words, sentences, links and names of made pages."""

from __future__ import annotations

import random
from collections.abc import Callable

_WORDS = [
    "water",
    "gate",
    "river",
    "level",
    "keeper",
    "night",
    "morning",
    "stone",
    "bridge",
    "engine",
    "repair",
    "open",
    "closed",
    "city",
    "council",
    "year",
    "report",
    "number",
    "market",
    "price",
    "train",
    "station",
    "school",
    "teacher",
    "music",
    "garden",
    "winter",
    "summer",
    "paper",
    "machine",
    "energy",
    "power",
    "system",
    "user",
    "file",
    "server",
    "network",
    "change",
    "release",
    "version",
    "table",
    "column",
    "value",
    "street",
    "office",
    "phone",
    "letter",
    "member",
    "Haus",
    "Wasser",
    "Jahr",
    "Stadt",
    "Schule",
    "Preis",
    "Bericht",
    "Straße",
    "Garten",
    "Fenster",
    "Arbeit",
    "Woche",
    "neue",
    "alte",
    "wurde",
    "werden",
    "nicht",
    "auch",
    "maison",
    "rivière",
    "année",
    "ville",
    "école",
    "prix",
    "rapport",
    "rue",
    "jardin",
    "fenêtre",
    "travail",
    "semaine",
    "nouvelle",
    "ancienne",
    "être",
    "avec",
    "pour",
    "casa",
    "agua",
    "año",
    "ciudad",
    "escuela",
    "precio",
    "informe",
    "calle",
    "jardín",
    "ventana",
    "trabajo",
    "semana",
    "nueva",
    "vieja",
    "está",
    "con",
    "para",
    "the",
    "of",
    "and",
    "to",
    "in",
    "that",
    "is",
    "was",
    "for",
    "on",
    "are",
    "with",
    "as",
    "at",
    "be",
    "this",
    "have",
    "from",
    "or",
    "by",
    "not",
    "they",
    "which",
]

#: Names that tell how an element looks.
_UTILITIES = [
    "mt-4",
    "px-8",
    "flex",
    "grid",
    "w-full",
    "text-lg",
    "font-bold",
    "rounded",
    "border",
    "row",
    "col-md-8",
    "col-sm-6",
]
#: Letters that stand for the Latin ones on some pages. Those of the last alphabet are words.
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_ALPHABETS = (
    "абцдефгхийклмнопярстувшчыз",
    "αβξδεφγηιϊκλμνοπψρστυωςχύζ",
    "ابتدهفجحيكقلمنوبصرستعوشخىز",
    "अबचदएफगहइजकलमनओपटरसतउवषणयझ",
    "水市年日一大学校門川会社山本人出中国上下月火木金土新",
)
_OTHER_LETTERS = 0.3


class Words:
    """Draws all parts of one page from a seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.named = self.dice.random() < 0.6  # whether class names tell anything
        self.tags = self.dice.random() < 0.6  # whether tags tell anything
        other = self.dice.random() < _OTHER_LETTERS
        self.letters = self.dice.choice(_ALPHABETS) if other else _LATIN

    def words(self, low: int, high: int) -> str:
        words = self.dice.choices(_WORDS, k=self.dice.randint(low, high))
        if self.letters == _ALPHABETS[-1]:
            return "".join(word[:2] for word in words).translate(str.maketrans(_LATIN, self.letters))
        return " ".join(words).translate(str.maketrans(_LATIN, self.letters))

    def phrase(self, low: int = 1, high: int = 4) -> str:
        return self.words(low, high).capitalize()

    def sentence(self) -> str:
        return self.phrase(6, 18) + self.dice.choice(("." * 8) + "!?")

    def paragraph(self, low: int = 1, high: int = 5) -> str:
        return " ".join(self.sentence() for _ in range(self.dice.randint(low, high)))

    def name(self, *names: str) -> str:
        if self.named and self.dice.random() < 0.8:
            return f' class="{self.dice.choice(names)}"'
        chance = self.dice.random()
        if chance < 0.4:
            return f' class="css-{self.dice.randrange(1 << 24):x}"'
        return f' class="{" ".join(self.dice.sample(_UTILITIES, 3))}"' if chance < 0.6 else ""

    def tag(self, meaning: str) -> str:
        return meaning if self.tags else "div"

    def link(self, low: int = 1, high: int = 3) -> str:
        return f'<a href="/{self.dice.randrange(999)}">{self.phrase(low, high)}</a>'

    def many(self, low: int, high: int, make: Callable[[], str]) -> str:
        return "".join(make() for _ in range(self.dice.randint(low, high)))
