"""Parts of a page that a click unfolds: panels of tabs, answers below a question, pages of a gallery.

They are opened before hidden elements are removed. Menus, dialogs and notices stay hidden, and so does what
nothing on the page unfolds.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from services.parsing.formats.html.tags import Holders

_HIDDEN = Holders(
    "//@hidden", "//@style[contains(., 'isplay') or contains(., 'ISPLAY') or contains(., 'eight')]"
)
_CONTROLS = Holders("//@aria-expanded", "//@data-toggle", "//@data-bs-toggle", "//@role[. = 'tab']")
#: Styles that fold a part. What is moved out of the window or cut is text for other programs.
_FOLD = re.compile(r"display\s*:\s*none|(?:max-)?height\s*:\s*0(?![.\d])\w*", re.I)
_TARGETS = ("aria-controls", "data-target", "data-bs-target", "href")
_TOGGLES = ("collapse", "tab", "pill")
_TOGGLE_NAME = re.compile(r"toggl|accord|collaps|expand|spoiler|faq", re.I)
_NO_FOLD_NAME = re.compile(
    r"menu|nav|drop-?down|modal|dialog|pop-?up|pop-?over|overlay|canvas|drawer|lightbox|tooltip|cookie|consent"
    r"|gdpr|search|login|sign-?up|newsletter|share|sharing|comment",
    re.I,
)
_NO_FOLD_TAGS = ("nav", "form", "dialog", "ul", "ol", "footer")
_NO_FOLD_ROLES = (
    "alert",
    "alertdialog",
    "dialog",
    "listbox",
    "menu",
    "menubar",
    "navigation",
    "search",
    "tooltip",
)
#: A question is no longer.
_QUESTION = 200


def unfold(root: HtmlElement) -> None:
    """Show what a click would show, in place."""
    hidden = [el for el in _HIDDEN(root) if _is_folded(el)]
    if hidden:
        controlled, pages = _controlled(root), _pages(hidden)
        for el in [el for el in hidden if _opens(el, controlled, pages) and not _is_furniture(el)]:
            _open(el)


def _is_folded(el: HtmlElement) -> bool:
    return el.get("hidden") is not None or _FOLD.search(el.get("style") or "") is not None


def _opens(el: HtmlElement, controlled: set[str], pages: set[HtmlElement]) -> bool:
    return el.get("role") == "tabpanel" or el.get("id") in controlled or el in pages or _follows_toggle(el)


def _controlled(root: HtmlElement) -> set[str]:
    """The ids of what the controls of a page unfold."""
    found: set[str] = set()
    for control in _CONTROLS(root):
        if _is_control(control):
            for name in _TARGETS:
                found.update(target.removeprefix("#") for target in (control.get(name) or "").split())
    return found


def _is_control(el: HtmlElement) -> bool:
    if el.get("aria-haspopup") not in (None, "false"):
        return False
    toggle = el.get("data-toggle") or el.get("data-bs-toggle")
    return not toggle or toggle in _TOGGLES


def _follows_toggle(el: HtmlElement) -> bool:
    """Whether the element before is a question or a title that unfolds this one."""
    before = el.getprevious()
    if before is None or _is_folded(before) or not 0 < len(before.text_content().strip()) <= _QUESTION:
        return False
    return _TOGGLE_NAME.search(before.get("class") or "") is not None or any(
        part.get("aria-expanded") is not None for part in before.iter("a", "button", "div", "span")
    )


def _pages(hidden: list[HtmlElement]) -> set[HtmlElement]:
    """The elements of which there are several of a kind side by side, and the page shows one."""
    kinds: dict[tuple[HtmlElement, str, str], list[HtmlElement]] = defaultdict(list)
    for el in hidden:
        if (above := el.getparent()) is not None and (name := _first_name(el)):
            kinds[above, el.tag, name].append(el)
    names = {
        above: Counter((el.tag, _first_name(el)) for el in above)
        for above in {above for above, _, _ in kinds}
    }
    return {
        el
        for (above, tag, name), alike in kinds.items()
        if len(alike) >= 2 and names[above][tag, name] == len(alike) + 1
        for el in alike
    }


def _first_name(el: HtmlElement) -> str:
    return next(iter((el.get("class") or "").split()), "")


def _is_furniture(el: HtmlElement) -> bool:
    """Whether this is, or stands in, a menu, a dialog, a form or a notice."""
    return any(
        part.tag in _NO_FOLD_TAGS
        or part.get("role") in _NO_FOLD_ROLES
        or _NO_FOLD_NAME.search(f"{part.get('class') or ''} {part.get('id') or ''}")
        for part in (el, *el.iterancestors())
        if part.tag not in ("body", "html")
    )


def _open(el: HtmlElement) -> None:
    el.attrib.pop("hidden", None)
    if style := el.get("style"):
        el.set("style", _FOLD.sub("", style))
