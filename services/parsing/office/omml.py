"""Office formulas (OMML, ECMA-376 part 1 §22.1) as TeX."""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree  # type: ignore[import-untyped]

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"

_GREEK = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "omicron",
    "pi",
    "rho",
    "varsigma",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
]
_SYMBOLS = {
    **{chr(0x3B1 + i): f"\\{name}" for i, name in enumerate(_GREEK)},
    **{chr(0x391 + i): f"\\{name.capitalize()}" for i, name in enumerate(_GREEK) if name in
       ("gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega")},
    "±": "\\pm", "∓": "\\mp", "×": "\\times", "÷": "\\div", "⋅": "\\cdot", "·": "\\cdot", "∗": "\\ast",
    "∘": "\\circ", "≤": "\\leq", "≥": "\\geq", "≠": "\\neq", "≈": "\\approx", "≡": "\\equiv", "∼": "\\sim",
    "≅": "\\cong", "∝": "\\propto", "→": "\\rightarrow", "←": "\\leftarrow", "↔": "\\leftrightarrow",
    "⇒": "\\Rightarrow", "⇔": "\\Leftrightarrow", "∞": "\\infty", "∂": "\\partial", "∇": "\\nabla",
    "∈": "\\in", "∉": "\\notin", "⊂": "\\subset", "⊆": "\\subseteq", "∪": "\\cup", "∩": "\\cap",
    "∅": "\\emptyset", "∀": "\\forall", "∃": "\\exists", "¬": "\\neg", "∧": "\\wedge", "∨": "\\vee",
    "∑": "\\sum", "∏": "\\prod", "∫": "\\int", "∬": "\\iint", "∮": "\\oint", "√": "\\surd", "…": "\\ldots",
    "⋯": "\\cdots", "ℝ": "\\mathbb{R}", "ℕ": "\\mathbb{N}", "ℤ": "\\mathbb{Z}", "ℂ": "\\mathbb{C}",
    "−": "-", "ϵ": "\\epsilon", "ϕ": "\\phi", "%": "\\%", "#": "\\#", "&": "\\&", "{": "\\{", "}": "\\}",
    "_": "\\_", "$": "\\$",
}  # fmt: skip
_FUNCTIONS = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "sinh",
        "cosh",
        "tanh",
        "arcsin",
        "arccos",
        "arctan",
        "log",
        "ln",
        "exp",
        "lim",
        "max",
        "min",
        "sup",
        "inf",
        "det",
    ]
)
_ACCENTS = {
    "̂": "\\hat",
    "̃": "\\tilde",
    "̅": "\\bar",
    "̄": "\\bar",
    "̇": "\\dot",
    "̈": "\\ddot",
    "⃗": "\\vec",
    "̌": "\\check",
}
_BRACES = {"{": "\\{", "}": "\\}", "|": "|", "‖": "\\|", "⌈": "\\lceil", "⌉": "\\rceil",
           "⌊": "\\lfloor", "⌋": "\\rfloor",
           "〈": "\\langle", "〉": "\\rangle", "⟨": "\\langle", "⟩": "\\rangle", "": "."}  # fmt: skip


def tex_of(math: etree._Element) -> str:
    """The TeX of an `m:oMath` element, without dollar signs."""
    return " ".join(_all(math).split())


def _all(element: etree._Element | None) -> str:
    if element is None:
        return ""
    return "".join(_one(child) for child in element if isinstance(child.tag, str))


def _one(element: etree._Element) -> str:
    name = element.tag.rsplit("}", 1)[-1]
    if name == "r":
        return "".join(_symbols(t.text or "") for t in element.iterchildren("{*}t"))
    if name.endswith("Pr") or name == "del":  # what was deleted under revision
        return ""
    handler = _HANDLERS.get(name)
    return handler(element) if handler else _all(element)


def _symbols(text: str) -> str:
    if text.strip() in _FUNCTIONS:
        return f"\\{text.strip()} "
    shown = []
    for char in text:
        tex = _SYMBOLS.get(char, char)
        # Without a blank, a letter after a command would become part of its name.
        shown.append(tex + " " if re.search(r"\\[A-Za-z]+$", tex) else tex)
    return "".join(shown)


def _part(element: etree._Element, name: str) -> str:
    return _all(element.find(M + name)).strip()


def _property(element: etree._Element, name: str, default: str = "") -> str:
    found = next(element.iterfind(f"*/{M}{name}"), None)
    return default if found is None else (found.get(M + "val") or "")


def _group(text: str) -> str:
    return "{" + text + "}"


def _fraction(e: etree._Element) -> str:
    if _property(e, "type") == "lin":
        return f"{_part(e, 'num')}/{_part(e, 'den')}"
    return f"\\frac{_group(_part(e, 'num'))}{_group(_part(e, 'den'))}"


def _scripts(e: etree._Element) -> str:
    sub, sup = e.find(M + "sub"), e.find(M + "sup")
    lower = f"_{_group(_all(sub).strip())}" if sub is not None else ""
    upper = f"^{_group(_all(sup).strip())}" if sup is not None else ""
    return f"{_part(e, 'e')}{lower}{upper}"


def _prescript(e: etree._Element) -> str:
    return f"{{}}_{_group(_part(e, 'sub'))}^{_group(_part(e, 'sup'))}{_part(e, 'e')}"


def _radical(e: etree._Element) -> str:
    degree = _part(e, "deg")
    return f"\\sqrt{f'[{degree}]' if degree else ''}{_group(_part(e, 'e'))}"


def _nary(e: etree._Element) -> str:
    sign = _symbols(_property(e, "chr", "∫")).strip()
    sub, sup = _part(e, "sub"), _part(e, "sup")
    return f"{sign}{f'_{_group(sub)}' if sub else ''}{f'^{_group(sup)}' if sup else ''} {_part(e, 'e')}"


def _delimited(e: etree._Element) -> str:
    left, right = _property(e, "begChr", "("), _property(e, "endChr", ")")
    inner = _property(e, "sepChr", "|").join(_all(child).strip() for child in e.iterchildren(M + "e"))
    if (left, right) in (("(", ")"), ("[", "]"), ("|", "|")) and "\\frac" not in inner:
        return f"{left}{inner}{right}"
    return f"\\left{_BRACES.get(left, left)} {inner} \\right{_BRACES.get(right, right)}"


def _function(e: etree._Element) -> str:
    return f"{_part(e, 'fName')} {_part(e, 'e')}"


def _limit(e: etree._Element) -> str:
    mark = "_" if e.tag.endswith("limLow") else "^"
    return f"{_part(e, 'e')}{mark}{_group(_part(e, 'lim'))}"


def _accent(e: etree._Element) -> str:
    return f"{_ACCENTS.get(_property(e, 'chr', '̂'), chr(92) + 'hat')}{_group(_part(e, 'e'))}"


def _bar(e: etree._Element) -> str:
    return f"\\{'underline' if _property(e, 'pos') == 'bot' else 'overline'}{_group(_part(e, 'e'))}"


def _matrix(e: etree._Element) -> str:
    rows = [
        " & ".join(_all(cell).strip() for cell in row.iterchildren(M + "e"))
        for row in e.iterchildren(M + "mr")
    ]
    return "\\begin{matrix} " + " \\\\ ".join(rows) + " \\end{matrix}"


def _array(e: etree._Element) -> str:
    return (
        "\\begin{aligned} "
        + " \\\\ ".join(_all(row).strip() for row in e.iterchildren(M + "e"))
        + " \\end{aligned}"
    )


_HANDLERS: dict[str, Callable[[etree._Element], str]] = {
    "f": _fraction,
    "sSup": _scripts,
    "sSub": _scripts,
    "sSubSup": _scripts,
    "sPre": _prescript,
    "rad": _radical,
    "nary": _nary,
    "d": _delimited,
    "func": _function,
    "limLow": _limit,
    "limUpp": _limit,
    "acc": _accent,
    "bar": _bar,
    "m": _matrix,
    "eqArr": _array,
}
