"""What the style sheets in a page hide: elements whose class or id they give no display.

Such an element gets the style itself, so it is removed, or unfolded, as if the page had written it there.
Only rules count that hold for a class or an id alone, on any screen, and that no other rule and no script in
the page is seen to lift.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

_SHEETS = etree.XPath(
    "//style[not(ancestor::noscript) and (not(@media) or @media = 'all' or @media = 'screen')]"
)
_SCRIPTS = etree.XPath("//script/text()")
_LINKED = etree.XPath("//link[contains(@rel, 'stylesheet')]")
_CONTENT, _NO_TEXT = ("main", "article", "h1"), ("a", "script", "style")
_CLASSES, _IDS = etree.XPath("//@class"), etree.XPath("//@id")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
#: A rule for some screens or some browsers, with the rules in it.
_CONDITION = re.compile(r"@[^{};@]{1,200}+\{(?:[^{}]++|\{[^{}]*+\})*+\}")
_DISPLAY = re.compile(r"(?:^|[;\s])display\s*:\s*([a-z-]+)", re.I)
#: What is hidden and longer waits for a script of another file that shows it.
_LONG = 1000
_NAME = re.compile(r"[.#](?:[\w-]|\\.)+")
_WORD = re.compile(r"[\w-]+")
_ALONE = re.compile(rf"[a-z0-9]*({_NAME.pattern})", re.I)


def hide_by_sheets(root: HtmlElement) -> None:
    """Set `display: none` on the elements that the style sheets in a page hide."""
    sheets = _COMMENT.sub("", "\n".join(sheet.text or "" for sheet in _SHEETS(root)))
    hidden, shown = set[str](), set[str]()
    for selectors, display in _rules(_CONDITION.sub("", sheets)):
        if display == "none":
            alone = (_ALONE.fullmatch(one.strip()) for one in selectors.split(","))
            hidden.update(match[1] for match in alone if match)
    if not hidden:
        return
    for selectors, display in _rules(sheets):
        if display != "none":
            shown.update(name.replace("\\", "") for name in _NAME.findall(selectors))
    hidden -= shown
    classes = {name[1:] for name in hidden if name[0] == "."}
    found = [name.getparent() for name in _CLASSES(root) if not classes.isdisjoint(name.split())]
    found += [name.getparent() for name in _IDS(root) if f"#{name}" in hidden]
    if not found:
        return
    scripts = {word for script in _SCRIPTS(root) for word in _WORD.findall(script)}
    linked, contents = bool(_LINKED(root)), _contents(root)
    for el in found:
        names = {f".{name}" for name in (el.get("class") or "").split()} | {f"#{el.get('id') or ''}"}
        # Rules of a sheet that is elsewhere may show what has more names.
        may_show = el in contents or not shown.isdisjoint(names) or (linked and len(names) > 2)
        if not may_show and any(name[1:] not in scripts for name in names & hidden):
            el.set("style", f"{el.get('style') or ''};display:none")


def _rules(sheets: str) -> Iterator[tuple[str, str]]:
    """The selectors and the display of the rules that set one."""
    for rule in sheets.split("}"):
        selectors, _, style = rule.rpartition("{")
        if "display" in style and (found := _DISPLAY.findall(style)):
            yield selectors, found[-1].lower()


def _contents(root: HtmlElement) -> set[HtmlElement]:
    """The elements that hold what the page calls its content, or much text outside of links."""
    contents, chars = set[HtmlElement](), dict[HtmlElement, int]()
    for el in reversed([*root.iter()]):
        held = 0 if el.tag in _NO_TEXT else chars.pop(el, 0) + len((el.text or "").strip())
        above = el.getparent()
        if held > _LONG or el.tag in _CONTENT or el in contents:
            contents |= {el, above}
        chars[above] = chars.get(above, 0) + held + len((el.tail or "").strip())
    return contents
