"""Formulas of web pages as TeX: MathML, and the output of KaTeX and MathJax."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from lxml.html import HtmlElement  # type: ignore[import-untyped]

#: Classes of rendered formulas that the page also contains as text.
_DRAWN = frozenset(("katex-html", "mathjax_preview", "mjx-math-glyphs"))
_MATHJAX = frozenset(("mathjax", "mathjax_display", "mathjax_svg", "mathjax_chtml", "mathjax_svg_display",
                      "mathjax_chtml_display", "mjx-chtml"))  # fmt: skip
_FORMULAS = _DRAWN | _MATHJAX | {"katex"}
_TEX_SCRIPT = re.compile(r"math/(?:tex|latex)\s*(;\s*mode\s*=\s*display)?", re.I)
_NAMED = """
    sin cos tan cot sec csc sinh cosh tanh arcsin arccos arctan log ln exp lim max min sup inf det
"""
_FUNCTIONS = frozenset(_NAMED.split())
_SPACED = frozenset("=<>≤≥≠≈→⇒+−-∈·×")
_ACCENTS = {"^": "\\hat", "ˆ": "\\hat", "~": "\\tilde", "˜": "\\tilde", "¯": "\\bar", "ˉ": "\\bar",
            "→": "\\vec", "‾": "\\overline", "⃗": "\\vec", "˙": "\\dot", "¨": "\\ddot"}  # fmt: skip
_SIGNS = {"{": "\\{", "}": "\\}", "\u2061": "", "\u2062": " ", "\u2063": ",", "\u2064": ""}


def is_drawn(el: HtmlElement) -> bool:
    """Whether an element is a rendered formula that another element contains as text."""
    if el.tag == "mjx-math":
        return True
    classes = el.get("class")
    if not classes or not (names := _formula_classes(classes)):
        return False
    if names & _DRAWN or ("katex" in names and el.get("aria-hidden") == "true"):
        return True
    if not names & _MATHJAX or el.find(".//math") is not None:
        return False
    after = el.getnext()
    while after is not None and after.tag == "span":
        after = after.getnext()
    return after is not None and is_tex_script(after)


@lru_cache(1024)  # a page has few classes and many elements
def _formula_classes(classes: str) -> frozenset[str]:
    """Those of an element's classes that rendered formulas have."""
    return frozenset(classes.lower().split()) & _FORMULAS


def is_tex_script(el: HtmlElement) -> bool:
    return el.tag == "script" and _TEX_SCRIPT.match((el.get("type") or "").strip()) is not None


def script_text(el: HtmlElement) -> str:
    """The TeX in a MathJax script."""
    match = _TEX_SCRIPT.match((el.get("type") or "").strip())
    tex = " ".join((el.text or "").split())
    return _dollars(tex, bool(match and match[1])) if tex else ""


def math_text(el: HtmlElement) -> str:
    """A `math` element as TeX: the author's if the page contains it, otherwise derived from its structure."""
    classes = (up.get("class") or "" for up in el.iterancestors())
    display = el.get("display") == "block" or any("katex-display" in names for names in classes)
    for note in el.iter("{*}annotation"):
        if "tex" in (note.get("encoding") or "").lower() and note.text:
            return _dollars(" ".join(note.text.split()), display)
    tex = el.get("alttext") or " ".join(tex_of(el).split())
    return _dollars(tex, display) if tex else ""


def _dollars(tex: str, display: bool) -> str:
    tex = re.sub(r"^\\displaystyle\s+", "", tex.strip())
    return f"\n\n$${tex}$$\n\n" if display else f"${tex}$"


def tex_of(el: HtmlElement) -> str:
    name = el.tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(el.tag, str) else ""
    if name in ("annotation", "annotation-xml", ""):
        return ""
    handler = _HANDLERS.get(name)
    return handler(el) if handler else _row(el)


def _row(el: HtmlElement) -> str:
    return "".join(tex_of(child) for child in el) if len(el) else _leaf(el)


def _leaf(el: HtmlElement) -> str:
    text = " ".join((el.text or "").split())
    return "".join(_SIGNS.get(c, c) for c in text)


def _identifier(el: HtmlElement) -> str:
    text = _leaf(el)
    if text in _FUNCTIONS:
        return f"\\{text} "
    return f"\\mathrm{{{text}}}" if len(text) > 1 and text.isalpha() else text


def _operator(el: HtmlElement) -> str:
    text = _leaf(el)
    return f" {text} " if text in _SPACED else text


def _text(el: HtmlElement) -> str:
    text = "".join(el.itertext())
    return f"\\text{{{text}}}" if text.strip() else " "


def _arguments(el: HtmlElement, count: int) -> list[str]:
    parts = [tex_of(child).strip() for child in el if isinstance(child.tag, str)]
    return [*parts, *[""] * count][:count]


def _grouped(text: str) -> str:
    return "{" + text + "}"


def _scripts(*marks: str) -> Callable[[HtmlElement], str]:
    def tex(el: HtmlElement) -> str:
        base, *parts = _arguments(el, len(marks) + 1)
        base = base if re.fullmatch(r"\\?\w+|\\?.|[(\[].*[)\]]|\\\w+\{[^{}]*\}", base) else _grouped(base)
        return base + "".join(mark + _grouped(part) for mark, part in zip(marks, parts, strict=True) if part)

    return tex


def _over(el: HtmlElement) -> str:
    base, mark = _arguments(el, 2)
    return f"{_ACCENTS[mark]}{{{base}}}" if mark in _ACCENTS else f"{base}^{{{mark}}}"


def _fraction(el: HtmlElement) -> str:
    above, below = _arguments(el, 2)
    return f"\\frac{{{above}}}{{{below}}}"


def _root(el: HtmlElement) -> str:
    inside, degree = _arguments(el, 2)
    return f"\\sqrt[{degree}]{{{inside}}}"


def _fenced(el: HtmlElement) -> str:
    separators = el.get("separators", ",").strip()
    inside = separators[:1].join(_arguments(el, len(el)))
    return f"{el.get('open', '(')}{inside}{el.get('close', ')')}"


def _table(el: HtmlElement) -> str:
    rows = [row for row in el if isinstance(row.tag, str)]
    lines = [" & ".join(tex_of(cell).strip() for cell in row) for row in rows]
    return "\\begin{matrix} " + " \\\\ ".join(lines) + " \\end{matrix}"


_HANDLERS: dict[str, Callable[[HtmlElement], str]] = {
    "mi": _identifier,
    "mn": _leaf,
    "mo": _operator,
    "mtext": _text,
    "ms": _text,
    "mspace": lambda el: " ",
    "mphantom": lambda el: "",
    "msup": _scripts("^"),
    "msub": _scripts("_"),
    "msubsup": _scripts("_", "^"),
    "munder": _scripts("_"),
    "munderover": _scripts("_", "^"),
    "mover": _over,
    "mfrac": _fraction,
    "msqrt": lambda el: f"\\sqrt{{{_row(el).strip()}}}",
    "mroot": _root,
    "mfenced": _fenced,
    "mtable": _table,
}
