"""What the style sheets in a page hide: elements whose class or id they give no display.

Such an element gets the style itself, so it is removed, or unfolded, as if the page had written it there.
Only rules count that hold for a class or an id alone, on any screen, and that no other rule and no script in
the page is seen to lift.
"""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from services.parsing.formats.html.tags import Holders

_SHEETS = etree.XPath(
    "//style[not(ancestor::noscript) and (not(@media) or @media = 'all' or @media = 'screen')]"
)
_SCRIPTS = etree.XPath("//script/text()")
_LINKED = etree.XPath("//link[contains(@rel, 'stylesheet')]")
_CONTENT = etree.XPath("boolean(descendant-or-self::*[self::main or self::article or self::h1])")
_OUTSIDE_LINKS = etree.XPath(".//text()[not(ancestor::a)]")
_NAMED = Holders("//@class", "//@id")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
#: A rule for some screens or some browsers, with the rules in it.
_CONDITION = re.compile(r"@[^{};@]{1,200}+\{(?:[^{}]++|\{[^{}]*+\})*+\}")
_DISPLAY = re.compile(r"(?:^|[;\s])display\s*:\s*([a-z-]+)", re.I)
#: What is hidden and longer waits for a script of another file that shows it.
_LONG = 1000
_NAME = r"[.#](?:[\w-]|\\.)+"
_ALONE = re.compile(rf"[a-z0-9]*({_NAME})", re.I)


def hide_by_sheets(root: HtmlElement) -> None:
    """Set `display: none` on the elements that the style sheets in a page hide."""
    sheets = _COMMENT.sub("", "\n".join(sheet.text or "" for sheet in _SHEETS(root)))
    hidden, shown = set[str](), set[str]()
    for rule in _CONDITION.sub("", sheets).split("}"):
        selectors, _, style = rule.rpartition("{")
        if _display(style) == "none":
            hidden.update(
                found[1] for one in selectors.split(",") if (found := _ALONE.fullmatch(one.strip()))
            )
    if not hidden:
        return
    for rule in sheets.split("}"):
        selectors, _, style = rule.rpartition("{")
        if _display(style) not in ("", "none"):
            shown.update(name.replace("\\", "") for name in re.findall(_NAME, selectors))
    scripts = "\n".join(_SCRIPTS(root))
    hidden = {name for name in hidden - shown if name[1:] not in scripts}
    linked = bool(_LINKED(root))
    for el in _NAMED(root):
        names = {f".{name}" for name in (el.get("class") or "").split()} | {f"#{el.get('id')}"}
        by = names & hidden
        # Rules of a sheet that is elsewhere may show what has more names.
        if by and not names & shown and not (linked and len(names) > 2) and not _is_content(el):
            el.set("style", f"{el.get('style') or ''};display:none")


def _is_content(el: HtmlElement) -> bool:
    """Whether an element holds what the page calls its content, or much text."""
    return bool(_CONTENT(el)) or sum(len(text.strip()) for text in _OUTSIDE_LINKS(el)) > _LONG


def _display(style: str) -> str:
    """The last display that a rule sets, or nothing."""
    found = [match[1].lower() for match in _DISPLAY.finditer(style)]
    return found[-1] if found else ""
