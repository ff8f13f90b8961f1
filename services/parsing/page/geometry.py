"""The elements of a page, in points (1/72 inch) from its top left corner: words, strokes, pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

T = TypeVar("T")
#: The left and right end of white space (points).
Gap = tuple[float, float]


class Style(NamedTuple):
    """The style of a run of words; `size` is in points, after all scaling."""

    size: float
    bold: bool = False
    italic: bool = False
    mono: bool = False


class Boxed:
    """Anything with a box on the page."""

    __slots__ = ()
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def center(self) -> float:
        """Half way from left to right."""
        return (self.x0 + self.x1) / 2

    @property
    def middle(self) -> float:
        """Half way from top to bottom."""
        return (self.y0 + self.y1) / 2


class _Edges(NamedTuple):
    x0: float
    y0: float
    x1: float
    y1: float


class Box(Boxed, _Edges):
    __slots__ = ()


@dataclass(slots=True, eq=False)
class Word(Boxed):
    """A word and its box; it equals only itself. `spaced` means that a blank precedes it, whatever the
    distance; `depth` is that of the heading (from 0) if the file says that it is in one."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    style: Style
    spaced: bool = False
    link: str | None = None
    depth: int | None = None


@dataclass(slots=True)
class Piece(Boxed):
    """Words of one row without a wide gap, from left to right."""

    words: list[Word]
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def size(self) -> float:
        return max(word.style.size for word in self.words)


class Stroke(Box):
    """A horizontal (y0 == y1) or vertical (x0 == x1) ruling line, or the edge of a filled box."""

    __slots__ = ()

    @property
    def horizontal(self) -> bool:
        return self.y0 == self.y1


class Curve(Box):
    """The box of a curve or a slanted line."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Picture(Boxed):
    """A raster image: its box on the page and its file bytes."""

    x0: float
    y0: float
    x1: float
    y1: float
    content: bytes = b""


@dataclass(slots=True)
class Page:
    """One page.

    `scanned`: its text lacks some visible content. `notes`: remarks on it (markdown). `formulas`: whether it
    holds some. `suspects`: where text is that may be unseen. `drawn`: curves and filled boxes. `printed`: the
    page number, if the PDF reader took it away. `beside`: texts (markdown) that run in another direction than
    the page. `stamps`: where annotations draw words that are not known yet. `holds_files`: whether
    annotations may hold files. `label`: the number that the file gives it (`iv`).
    """

    number: int
    width: float
    height: float
    words: list[Word]
    strokes: list[Stroke] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    scanned: bool = False
    notes: list[str] = field(default_factory=list)
    formulas: bool = False
    suspects: list[Box] = field(default_factory=list)
    drawn: list[Box] = field(default_factory=list)
    printed: int | None = None
    beside: list[str] = field(default_factory=list)
    stamps: list[Box] = field(default_factory=list)
    holds_files: bool = False
    label: str | None = None


def sized(x: float, y: float, width: float, height: float) -> Box:
    """The box with its top left corner at a place."""
    return Box(x, y, x + width, y + height)


def bounds(things: Iterable[Boxed]) -> Box:
    """The bounding box of one or more things."""
    rest = iter(things)
    first = next(rest)
    x0, y0, x1, y1 = first.x0, first.y0, first.x1, first.y1
    for thing in rest:  # one pass with plain comparisons: every word comes through here several times
        if thing.x0 < x0:
            x0 = thing.x0
        if thing.y0 < y0:
            y0 = thing.y0
        if thing.x1 > x1:
            x1 = thing.x1
        if thing.y1 > y1:
            y1 = thing.y1
    return Box(x0, y0, x1, y1)


def grouped(things: Iterable[T], joins: Callable[[list[T], T], bool]) -> list[list[T]]:
    """Neighbouring things in groups: each joins the group of the one before it, or begins the next."""
    groups: list[list[T]] = []
    for thing in things:
        if groups and joins(groups[-1], thing):
            groups[-1].append(thing)
        else:
            groups.append([thing])
    return groups


def piece_of(words: Sequence[Word]) -> Piece:
    return Piece(list(words), *bounds(words))


def inside(thing: Boxed, box: Boxed, slack: float = 1.0) -> bool:
    """Whether the centre of a thing is in a box."""
    x, y = (thing.x0 + thing.x1) / 2, (thing.y0 + thing.y1) / 2  # plain: every word comes through here
    return box.x0 - slack <= x <= box.x1 + slack and box.y0 - slack <= y <= box.y1 + slack
