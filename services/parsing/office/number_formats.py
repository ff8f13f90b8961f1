"""Spreadsheet number formats (ECMA-376 part 1 §18.8.31): formats a stored number as its cell shows it."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

_BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "$#,##0", 6: "$#,##0", 7: "$#,##0.00", 8: "$#,##0.00",
    9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 14: "yyyy-mm-dd", 15: "yyyy-mm-dd",
    16: "yyyy-mm-dd", 17: "yyyy-mm-dd", 18: "h:mm:ss", 19: "h:mm:ss", 20: "h:mm:ss", 21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm", 37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)", 41: "#,##0", 42: "$#,##0", 43: "#,##0.00", 44: "$#,##0.00", 45: "mm:ss",
    46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
    # Of Excel in East Asia:
    **dict.fromkeys((*range(27, 32), 36, *range(50, 59)), "yyyy-mm-dd"), 32: "h:mm:ss", 33: "h:mm:ss",
}  # fmt: skip
_EPOCHS = {False: datetime.datetime(1899, 12, 30), True: datetime.datetime(1904, 1, 1)}
_LAST_DAY = 2_958_466  # the day after 9999-12-31
_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|_.|\*.|\[\$([^\]-]*)(?:-[^\]]*)?\]|\[(h+|m+|s+)\]|\[[^\]]*\]'
    r"|(E[+-][0#?]+)|(AM/PM|A/P)|(General)|([0#?]+(?:,[0#?]+)*,*)|(.)",
    re.I | re.S,
)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)\]")


@dataclass(frozen=True)
class _Token:
    kind: str  # text, digits, point, exponent, elapsed, date, meridiem, percent, fraction, general, at
    text: str = ""


def code_of(number: int, code: str | None = None) -> str:
    """The format code of an id: the file's own, or the built-in one."""
    return code if code is not None else _BUILT_IN.get(number, "General")


def shown_number(value: float, code: str = "General", since_1904: bool = False, raw: str = "") -> str:
    """Format a number. Dates are always ISO 8601, whatever the format's order of day and month.

    `raw` is the number as written in the file, so that an integer keeps all of its digits.
    """
    section, tokens, negative = _section(code, value)
    if section == "General" or any(token.kind in ("general", "at") for token in tokens):
        shown = _general(-value if negative else value, raw.lstrip("-") if negative else raw)
        return "".join(shown if token.kind in ("general", "at") else token.text for token in tokens) or shown
    kinds = {token.kind for token in tokens}
    if "elapsed" in kinds:
        return _duration(value, tokens)
    if "date" in kinds:
        return _moment(value, tokens, since_1904) or _general(value, raw)
    if not kinds & {"digits", "fraction"}:  # only text, or empty
        return "".join(token.text for token in tokens) or ("" if section == "" else _general(value, raw))
    try:
        return _number(-value if negative else value, tokens).strip()
    except (InvalidOperation, OverflowError, ValueError):
        return _general(value, raw)


def shown_text(text: str, code: str) -> str:
    """A text between what its format sets around texts: the fourth section, or the last one with an `@`."""
    section = next((s for s in reversed(_sections(code)) if "@" in s), "@")
    tokens = _tokens(section)
    if any(token.kind not in ("at", "text") for token in tokens):
        return text
    return "".join(text if token.kind == "at" else token.text for token in tokens)


def _general(value: float, raw: str = "") -> str:
    if re.fullmatch(r"-?\d{1,40}", raw):
        return raw
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.15g}".upper()


def _section(code: str, value: float) -> tuple[str, tuple[_Token, ...], bool]:
    """The section of a format that applies to a value, and whether it shows the number without its sign."""
    sections = _sections(code)
    conditions = [_CONDITION.search(section) for section in sections[:3]]
    if any(conditions):
        for section, condition in zip(sections, conditions, strict=False):
            if condition is None or _holds(value, condition[1], float(condition[2])):
                return section, _tokens(section), value < 0 and condition is not None
        return "General", (), False
    if value < 0 and len(sections) > 1:
        return sections[1], _tokens(sections[1]), True
    if value == 0 and len(sections) > 2:
        return sections[2], _tokens(sections[2]), False
    return sections[0], _tokens(sections[0]), False


def _holds(value: float, operator: str, limit: float) -> bool:
    return {
        "<": value < limit,
        ">": value > limit,
        "=": value == limit,
        "<=": value <= limit,
        ">=": value >= limit,
        "<>": value != limit,
    }[operator]


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[str, ...]:
    parts, start, quoted, at = [], 0, False, 0
    while at < len(code):
        if code[at] == "\\" and not quoted:
            at += 1
        elif code[at] == '"':
            quoted = not quoted
        elif code[at] == ";" and not quoted:
            parts.append(code[start:at])
            start = at + 1
        at += 1
    return (*parts, code[start:])


@lru_cache(maxsize=4096)
def _tokens(section: str) -> tuple[_Token, ...]:
    tokens: list[_Token] = []
    for match in _TOKEN.finditer(section):
        quoted, escaped, currency, elapsed, exponent, meridiem, general, digits, other = match.groups()
        if quoted is not None or escaped is not None or currency is not None:
            tokens.append(_Token("text", quoted or escaped or currency or ""))
        elif match[0][0] in "_*":
            tokens.append(_Token("text", " " if match[0][0] == "_" else ""))
        elif elapsed:
            tokens.append(_Token("elapsed", elapsed.lower()))
        elif exponent:
            tokens.append(_Token("exponent", exponent))
        elif meridiem:
            tokens.append(_Token("meridiem"))
        elif general:
            tokens.append(_Token("general"))
        elif digits:
            tokens.append(_Token("digits", digits))
        elif other:
            tokens.append(_other(other, tokens))
    return tuple(tokens)


def _other(character: str, before: list[_Token]) -> _Token:
    if character in "ymdhseYMDHSE" or (character in "gGbB" and any(t.kind == "date" for t in before)):
        return _Token("date", character.lower())
    kinds = {".": "point", "%": "percent", "@": "at"}
    if character == "/" and before and before[-1].kind == "digits":
        return _Token("fraction", "/")
    return _Token(kinds.get(character, "text"), character)


def _duration(value: float, tokens: tuple[_Token, ...]) -> str:
    """`[h]:mm` of 1.0868 days is 26:05."""
    units = [t for t in tokens if t.kind == "elapsed" or (t.kind == "date" and t.text in "hms")]
    seconds = abs(round(value * 86400)) if any("s" in t.text for t in units) else abs(value * 86400)
    whole = round(seconds) if any("s" in t.text for t in units) else round(seconds / 60) * 60
    first = next(t.text[0] for t in tokens if t.kind == "elapsed")
    size = {"h": 3600, "m": 60, "s": 1}
    parts = [str(whole // size[first])]
    rest = whole % size[first]
    for unit in "hms"["hms".index(first) + 1 :]:
        if any(unit in t.text for t in units):
            parts.append(f"{rest // size[unit]:02d}")
            rest %= size[unit]
    return ("-" if value < 0 and whole else "") + ":".join(parts)


def _moment(value: float, tokens: tuple[_Token, ...], since_1904: bool) -> str:
    letters = {t.text for t in tokens if t.kind == "date"}
    day = bool(letters & {"y", "d", "e"}) or ("m" in letters and not letters & {"h", "s"})
    clock = bool(letters & {"h", "s"})
    if not 0 <= value < _LAST_DAY:
        return ""
    early = 1 <= value < 60 and not since_1904  # Excel counts a 29th of February in 1900
    moment = _EPOCHS[since_1904] + datetime.timedelta(days=value + early)
    moment = (moment + datetime.timedelta(microseconds=500_000)).replace(microsecond=0)
    return shown_date(moment, "datetime" if day and clock else "date" if day else "time")


def shown_date(moment: datetime.datetime, kind: str = "datetime") -> str:
    if kind == "time":
        return moment.strftime("%H:%M:%S")
    midnight = moment.time() == datetime.time()
    return (
        moment.date().isoformat()
        if kind == "date" or midnight
        else moment.isoformat(sep=" ", timespec="seconds")
    )


def _number(value: float, tokens: tuple[_Token, ...]) -> str:
    percents = sum(token.kind == "percent" for token in tokens)
    exact = Decimal(repr(value)) * 100**percents
    if any(token.kind == "fraction" for token in tokens):
        return _fraction(exact, tokens)
    whole, places, scale = _digits(tokens)
    exact /= Decimal(1000) ** scale
    sign = "-" if exact < 0 else ""
    exact, power = abs(exact), 0
    if any(token.kind == "exponent" for token in tokens) and exact:
        step = max(sum(c in "0#?" for c in whole), 1)
        power = exact.adjusted() // step * step
        exact = exact.scaleb(-power)
    rounded = exact.quantize(Decimal(1).scaleb(-len(places)), ROUND_HALF_UP)
    left, _, right = f"{rounded:f}".partition(".")
    shortest = places.rstrip("#?") if places else ""
    while len(right) > len(shortest) and right.endswith("0"):
        right = right[:-1]
    left = left.lstrip("0").rjust(sum(c == "0" for c in whole), "0")
    if "," in whole.strip(","):
        left = _grouped(left)
    if not (left + right).strip("0,."):
        sign = ""
    return sign + _assembled(tokens, left, right, power)


def _digits(tokens: tuple[_Token, ...]) -> tuple[str, str, int]:
    """Placeholders before and after the point, and the number of trailing commas (each divides by 1,000)."""
    whole, places, after = "", "", False
    for token in tokens:
        if token.kind == "point":
            after = True
        elif token.kind == "digits":
            if after:
                places += token.text
            else:
                whole += token.text
        elif token.kind == "exponent":
            break
    last = places or whole
    return whole.rstrip(","), places.replace(",", ""), len(last) - len(last.rstrip(","))


def _grouped(digits: str) -> str:
    return re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", digits)


def _assembled(tokens: tuple[_Token, ...], left: str, right: str, power: int) -> str:
    """Insert digits into a format: placeholders with text between them (`000-00`) share the digits."""
    out: list[str] = []
    after = False
    groups = [t for t in _before_point(tokens) if t.kind == "digits"]
    for token in tokens:
        if token.kind == "digits":
            if after:
                out.append(right)
                right = ""
            else:
                groups.pop(0)
                rest = sum(len(t.text) for t in groups)
                cut = max(len(left) - rest, 0)
                out.append(left[:cut])
                left = left[cut:]
        elif token.kind == "point":
            out.append(("." if right else "") if not after else ".")
            after = True
        elif token.kind == "exponent":
            width = sum(c == "0" for c in token.text)
            sign = "-" if power < 0 else "+" if token.text[1] == "+" else ""
            out.append(f"E{sign}{abs(power):0{width}d}")
        else:
            out.append(token.text)
    return "".join(out)


def _before_point(tokens: tuple[_Token, ...]) -> tuple[_Token, ...]:
    at = next((n for n, t in enumerate(tokens) if t.kind in ("point", "exponent")), len(tokens))
    return tokens[:at]


def _fraction(value: Decimal, tokens: tuple[_Token, ...]) -> str:
    """`# ?/?` of 1.5 is 1 1/2, `# ?/16` of 5.3125 is 5 5/16."""
    at = next(n for n, token in enumerate(tokens) if token.kind == "fraction")
    mixed = sum(token.kind == "digits" for token in tokens[:at]) > 1
    below = re.match(r"[\d?#]*", "".join(token.text for token in tokens[at + 1 :]).strip())
    parts = below[0] if below else ""
    fixed = int(parts) if parts.isdigit() else 0
    part = Fraction(abs(value))
    whole = int(part) if mixed else 0
    rest = part - whole
    near = (
        Fraction(round(rest * fixed), fixed)
        if fixed
        else rest.limit_denominator(max(10 ** len(parts) - 1, 1))
    )
    if near == 1 and mixed:
        whole, near = whole + 1, Fraction(0)
    shown = f"{near.numerator}/{near.denominator}" if near or not whole else ""
    sign = "-" if value < 0 else ""
    return f"{sign}{whole or ''} {shown}".replace("- ", "-").strip() or "0"
