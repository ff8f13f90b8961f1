"""Text of a page that its reader does not see: too small, transparent, or in the colour of its ground.

Only styles on the elements themselves count. Where a style sheet may set another size or ground, text is
taken as seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from services.parsing.formats.html.inline import is_hidden
from services.parsing.formats.html.tags import BLOCKS, Holders
from services.parsing.reading import keeps_hidden, warn, with_hidden

Colour = tuple[int, int, int]
Value = TypeVar("Value")
#: What the colours of a text and its ground differ by at least in one part if the text can be read.
CONTRAST = 12
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_STYLED = Holders("//@style", "//@color", "//@bgcolor")
#: A script shows a page that is hidden as a whole.
_WHOLE = ("html", "body")
_SHEETS = etree.XPath("//style[not(@media='print')]")
_LINKED = etree.XPath("//link[contains(@rel, 'stylesheet')]")
_DECLARATION = re.compile(r"\s*([a-z-]+)\s*:\s*([^;]+?)\s*(?:!\s*important\s*)?(?:;|$)", re.I)
_COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|(?:rgb|hsl)a?\([^)]*\)|\b[a-z]{3,25}\b", re.I)
#: A size of at most one pixel, which nobody can read. `em` and `%` depend on the text around.
_TINY = re.compile(r"(?:0+(?:\.0*)?|\.0+)[a-z%]*|0*1(?:\.0*)?px|0*\.\d+p[xt]", re.I)
_RELATIVE = re.compile(r"[\d.]+(?:r?em|%)|smaller|larger|inherit", re.I)


def leave_out_unseen(root: HtmlElement, paper: bool = False) -> None:
    """Empty the text that cannot be seen, unless hidden text is wanted.

    Hidden by `visibility` goes without a word, as menus do. The rest has a warning. On `paper` (mails,
    books), what names no ground is on white. A browser's window may be dark: white text in it is read, and
    told.
    """
    if not (suspects := [el for el in _STYLED(root) if _reasons(el)]):
        return
    sheets = " ".join(sheet.text or "" for sheet in _SHEETS(root)).lower()
    linked = bool(_LINKED(root)) or "@import" in sheets
    look = _Look(paper)
    for el in suspects:
        for reason in _reasons(el):
            styled = linked or any(name in sheets for name in reason.sheets)
            if reason.proven(el, look, styled) and not look.is_hidden(el):
                _empty(el, reason, styled)


class _Look:
    """What elements inherit from those around them, each found once."""

    def __init__(self, paper: bool) -> None:
        self.paper = paper
        self._colours: dict[HtmlElement, Colour | str | None] = {}
        self._grounds: dict[HtmlElement, Colour | str | None] = {}
        self._hidden: dict[HtmlElement, bool | None] = {}

    def colour(self, el: HtmlElement) -> Colour | str | None:
        return _inherited(el, _colour_of, self._colours)

    def ground(self, el: HtmlElement) -> Colour | str | None:
        return _inherited(el, _ground_of, self._grounds)

    def is_hidden(self, el: HtmlElement) -> bool:
        return _inherited(el, _hides, self._hidden) is True


def _inherited(
    el: HtmlElement, own: Callable[[HtmlElement], Value], known: dict[HtmlElement, Value]
) -> Value:
    """The value of the nearest element that has one."""
    passed: list[HtmlElement] = []
    value: Any = None
    at = el
    while at is not None and at not in known:
        passed.append(at)
        if (value := own(at)) is not None:
            break
        at = at.getparent()
    else:
        value = known[at] if at is not None else None
    known.update(dict.fromkeys(passed, value))
    return known[el]


def _hides(el: HtmlElement) -> bool | None:
    return True if is_hidden(el) else None


class _Reason:
    """Why a text is not seen. `resets` says of an element inside whether it has its own value; `sheets`
    are the properties with which a style sheet would set it; `told` stands in the warning."""

    def __init__(
        self,
        told: str,
        sheets: tuple[str, ...],
        resets: Callable[[dict[str, str], HtmlElement], bool],
        proven: Callable[[HtmlElement, _Look, bool], bool] = lambda el, look, styled: True,
    ) -> None:
        self.told, self.sheets, self.resets, self.proven = told, sheets, resets, proven


def _reasons(el: HtmlElement) -> list[_Reason]:
    style = _declared(el.get("style") or "")
    found = []
    if style.get("visibility") in ("hidden", "collapse") and el.tag not in _WHOLE:
        found.append(_INVISIBLE)
    if _TINY.fullmatch(_size(style)):
        found.append(_SMALL)
    if "color" in style or el.get("color") or el.get("bgcolor") or _ground_in(style):
        found.append(_BLENDED)
    return found


def _empty(el: HtmlElement, reason: _Reason, styled: bool) -> None:
    """Empty the text of an element and of those inside that share its reason."""
    slots = list(_slots(el, reason, styled))
    if not any((getattr(node, name) or "").strip() for node, name in slots):
        return
    if keeps_hidden() if not reason.told else with_hidden(reason.told):
        return
    for node, name in slots:
        setattr(node, name, " " if (getattr(node, name) or "")[:1].isspace() else None)


def _slots(el: HtmlElement, reason: _Reason, styled: bool) -> Iterator[tuple[HtmlElement, str]]:
    yield el, "text"
    for child in el:
        if isinstance(child.tag, str):
            own = reason.resets(_declared(child.get("style") or ""), child)
            if not own and not (styled and (child.get("class") or child.get("id") or child.tag in BLOCKS)):
                yield from _slots(child, reason, styled)
        yield child, "tail"


@lru_cache(4096)
def _declared(style: str) -> dict[str, str]:
    return {match[1].lower(): match[2].lower() for match in _DECLARATION.finditer(style)}


def _size(style: dict[str, str]) -> str:
    if "font-size" in style:
        return style["font-size"]
    found = re.search(r"(?:^|\s)([\d.]+[a-z%]*)(?:/\S+)?\s+\S", style.get("font", ""))
    return found[1] if found else "-"


def _ground_in(style: dict[str, str]) -> str:
    return style.get("background-color") or style.get("background") or ""


def _is_blended(el: HtmlElement, look: _Look, styled: bool) -> bool:
    """Whether a text is transparent, or has the colour of what is behind it."""
    style = _declared(el.get("style") or "")
    own = style.get("color") or el.get("color") or ""
    if own == "transparent" or _alpha(own) == 0:
        return not any("clip" in name or name == "text-shadow" for name in style)
    colour = look.colour(el) or (None if styled else _BLACK)
    ground = look.ground(el) or (None if styled else _WHITE)
    if not isinstance(colour, tuple) or not isinstance(ground, tuple) or "text-shadow" in style:
        return False
    differences: list[int] = [abs(a - b) for a, b in zip(colour, ground, strict=True)]
    if max(differences) >= CONTRAST:
        return False
    if not look.paper and look.ground(el) is None:
        warn("white text was read; what is behind it is not known")
        return False
    return True


def _colour_of(el: HtmlElement) -> Colour | str | None:
    """The colour that an element sets; a text if it is not known, as that of links."""
    name = _declared(el.get("style") or "").get("color") or el.get("color") or el.get("text")
    if name and name not in ("inherit", "currentcolor", "unset", "initial"):
        return _rgb(name) or name
    return "link" if el.tag in ("a", "mark", "button", "input", "select", "textarea") else None


def _ground_of(el: HtmlElement) -> Colour | str | None:
    """The colour behind an element; a text if it is a picture, or not known."""
    style = _declared(el.get("style") or "")
    value = _ground_in(style)
    if el.get("background") or re.search(r"url\(|gradient|var\(", value) or "background-image" in style:
        return "picture"
    if el.tag in ("mark", "button", "input", "select", "textarea"):
        return "control"
    value = value or el.get("bgcolor") or ""
    if value in ("none", "transparent", "inherit", "initial", "unset") or _alpha(value) == 0:
        return None
    return next(filter(None, map(_rgb, _COLOUR.findall(value))), value or None)


@lru_cache(1024)
def _rgb(name: str) -> Colour | None:
    from PIL import ImageColor

    try:
        red, green, blue, *alpha = ImageColor.getrgb(re.sub(r"(?<=\d)\.\d+", "", name.strip()))
    except ValueError:
        return None
    return (red, green, blue) if not alpha or alpha[0] == 255 else None


def _alpha(name: str) -> float | None:
    found = re.fullmatch(r"(?:rgb|hsl)a?\(.*[,/]\s*([\d.]+)\s*%?\s*\)", name.strip())
    return float(found[1]) if found and (name.count(",") == 3 or "/" in name) else None


_INVISIBLE = _Reason("", ("visibility",), lambda style, el: "visibility" in style)
_SMALL = _Reason(
    "text too small to read",
    ("font",),
    lambda style, el: (size := _size(style)) != "-" and not _RELATIVE.fullmatch(size),
)
_BLENDED = _Reason(
    "text in the colour of its ground",
    ("color", "background"),
    lambda style, el: bool("color" in style or el.get("color") or _ground_of(el) or _colour_of(el)),
    _is_blended,
)
