"""Word's list definitions, counters, and labels: `2.1.`, `(b)`, `iv.`, `第3条`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lxml import etree  # type: ignore[import-untyped]

from services.parsing.formats.docx.styles import W, switched_on, value

_CJK_DIGITS = "〇一二三四五六七八九"
_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"
_HANGUL = "가나다라마바사아자차카타파하"
_STEMS = {
    "ideographTraditional": "甲乙丙丁戊己庚辛壬癸",
    "ideographZodiac": "子丑寅卯辰巳午未申酉戌亥",
    "aiueoFullWidth": _KANA,
    "irohaFullWidth": _IROHA,
    "aiueo": _KANA,
    "iroha": _IROHA,
    "russianLower": _RUSSIAN,
    "russianUpper": _RUSSIAN.upper(),
    "ganada": _HANGUL,
    "chosung": "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ",
}
_COUNTING = ("chineseCounting", "chineseCountingThousand", "japaneseCounting", "ideographDigital",
             "taiwaneseCounting", "taiwaneseCountingThousand", "japaneseDigitalTenThousand",
             "chineseLegalSimplified")  # fmt: skip
_CIRCLED = ("decimalEnclosedCircle", "decimalEnclosedCircleChinese")


@dataclass(frozen=True)
class Level:
    kind: str = "bullet"
    text: str = ""
    start: int = 1
    legal: bool = False  # shows the numbers of all levels as digits
    restarts: bool = True  # begins again below each item of the level above

    @property
    def plain(self) -> bool:
        """Whether markdown can express the label: `3.` or `3)`."""
        return self.kind == "decimal" and re.fullmatch(r"%\d[.)]?", self.text.strip()) is not None


class Numbering:
    """List definitions, and the counters of a document, whose paragraphs must be read in order."""

    def __init__(self, root: etree._Element | None) -> None:
        self._abstract: dict[str, dict[int, Level]] = {}
        self._lists: dict[str, tuple[str, dict[int, Level], dict[int, int]]] = {}
        self._counters: dict[str, dict[int, int]] = {}
        if root is None:
            return
        defined = {
            name: _levels(element)
            for element in root.iterchildren(W + "abstractNum")
            if (name := value(element, W + "styleLink"))
        }
        for element in root.iterchildren(W + "abstractNum"):
            levels = defined.get(value(element, W + "numStyleLink") or "") or _levels(element)
            self._abstract[element.get(W + "abstractNumId", "")] = levels
        for element in root.iterchildren(W + "num"):
            abstract = value(element, W + "abstractNumId") or ""
            self._lists[element.get(W + "numId", "")] = (abstract, *_overrides(element))

    def level(self, number: str, depth: int) -> Level | None:
        """The format of a list at a depth; None for an undefined list (or the id 0: no list)."""
        if number not in self._lists:
            return None
        abstract, overrides, starts = self._lists[number]
        level = overrides.get(depth) or self._abstract.get(abstract, {}).get(depth) or Level()
        return replace(level, start=starts[depth]) if depth in starts else level

    def count(self, number: str, depth: int) -> tuple[int, str]:
        """Count one item. Returns its number at this depth, and its label as Word shows it (`2.1.`)."""
        abstract, overrides, starts = self._lists[number]
        counters = self._counters.setdefault(number if overrides or starts else abstract, {})
        level = self.level(number, depth) or Level()
        counters[depth] = counters.get(depth, level.start - 1) + 1
        for deeper in [d for d in counters if d > depth]:
            if (self.level(number, deeper) or level).restarts:
                del counters[deeper]

        def shown(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            above = self.level(number, at) or Level()
            return ordinal(counters.get(at, above.start), "decimal" if level.legal else above.kind)

        return counters[depth], re.sub(r"%(\d)", shown, level.text)


def labelled(label: str, text: str) -> str:
    """A text after its label; `一、` needs no space."""
    return (label + text if label.endswith(("、", "，", "．", "）")) else f"{label} {text}").strip()


def _levels(element: etree._Element) -> dict[int, Level]:
    return {int(lvl.get(W + "ilvl") or 0): _level(lvl) for lvl in element.iterchildren(W + "lvl")}


def _level(element: etree._Element) -> Level:
    start = value(element, W + "start") or "1"
    return Level(
        value(element, W + "numFmt") or "decimal",
        value(element, W + "lvlText") or "",
        int(start) if start.isdigit() else 1,
        switched_on(element, "isLgl"),
        value(element, W + "lvlRestart") != "0",
    )


def _overrides(element: etree._Element) -> tuple[dict[int, Level], dict[int, int]]:
    """Levels that a list redefines, and those that it only restarts."""
    levels: dict[int, Level] = {}
    starts: dict[int, int] = {}
    for override in element.iterchildren(W + "lvlOverride"):
        depth = int(override.get(W + "ilvl") or 0)
        level = override.find(W + "lvl")
        if level is not None:
            levels[depth] = _level(level)
        start = value(override, W + "startOverride")
        if start and start.isdigit():
            starts[depth] = int(start)
    return levels, starts


def ordinal(number: int, kind: str) -> str:
    """A counter as Word writes it: 3, c, iii, 三, ③."""
    if kind in ("lowerLetter", "upperLetter") and number > 0:
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter if kind == "lowerLetter" else letter.upper()
    if kind in ("lowerRoman", "upperRoman") and 0 < number < 4000:
        roman = _roman(number)
        return roman if kind == "lowerRoman" else roman.upper()
    if kind == "decimalZero":
        return f"{number:02d}"
    if kind == "ordinal":
        last = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{last}"
    if kind in _COUNTING and 0 <= number < 10_000:
        return _digital(number) if kind == "ideographDigital" else _counted(number)
    if kind in _CIRCLED and 0 < number <= 20:
        return chr(0x2460 + number - 1)
    if kind in _STEMS and number > 0:
        return _STEMS[kind][(number - 1) % len(_STEMS[kind])]
    return str(number)


def _digital(number: int) -> str:
    return "".join(_CJK_DIGITS[int(digit)] for digit in str(number))


def _counted(number: int) -> str:
    """23 is 二十三."""
    if number == 0:
        return "零"
    text, rest = "", number
    for size, sign in ((1000, "千"), (100, "百"), (10, "十")):
        digit, rest = divmod(rest, size)
        if digit:
            text += ("" if digit == 1 and sign == "十" and not text else _CJK_DIGITS[digit]) + sign
    return text + (_CJK_DIGITS[rest] if rest else "")


def _roman(number: int) -> str:
    signs = zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ["m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"],
        strict=True,
    )
    text = ""
    for worth, sign in signs:
        text += sign * (number // worth)
        number %= worth
    return text
