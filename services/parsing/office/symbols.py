"""Converts characters of symbol fonts (Symbol, Wingdings), which have codes of their own, to Unicode."""

from __future__ import annotations

#: Adobe's Symbol encoding from 0x20 and from 0xA0.
_LOW = " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
_HIGH = "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪ 〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"
_SYMBOL = {**dict(enumerate(_LOW, 0x20)), **dict(enumerate(_HIGH, 0xA0))}
_WINGDINGS = {
    0x20: " ", 0x22: "✂", 0x28: "☎", 0x29: "✆", 0x2A: "✉", 0x3C: "💾", 0x41: "✌", 0x4A: "☺", 0x4B: "😐",
    0x4C: "☹", 0x4F: "⚐", 0x51: "✈", 0x52: "☼", 0x54: "❄", 0x58: "✠", 0x6C: "●", 0x6D: "❍", 0x6E: "■",
    0x6F: "☐", 0x70: "☐", 0x71: "❑", 0x72: "❒", 0x73: "⬧", 0x74: "⧫", 0x75: "◆", 0x76: "❖", 0x77: "⬥",
    0x78: "☒", 0x9E: "·", 0x9F: "•", 0xA1: "○", 0xA7: "▪", 0xA8: "☐", 0xAA: "✦", 0xAB: "★", 0xD5: "⌫",
    0xD8: "➢", 0xDC: "➲", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xEF: "⇦", 0xF0: "⇨",
    0xF1: "⇧", 0xF2: "⇩", 0xF3: "⬄", 0xF4: "⇳", 0xFB: "✘", 0xFC: "✔", 0xFD: "☒", 0xFE: "☑",
    **dict(enumerate("⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿", 0x80)),
}  # fmt: skip
_WINGDINGS_2 = {0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA3: "☐", 0x95: "•"}
_FONTS = {"symbol": _SYMBOL, "wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2}


def symbol(code: int, font: str) -> str:
    """The Unicode character of a font's code (with or without the added U+F000); empty if unknown."""
    known = _FONTS.get(font.lower(), _SYMBOL)
    if 0xF000 <= code <= 0xF0FF or (code < 0x100 and is_symbol_font(font)):
        return known.get(code & 0xFF, "")
    return "" if 0xE000 <= code <= 0xF8FF or not code else chr(code)


def from_symbol_font(text: str, font: str) -> str:
    """Convert text in a symbol font to the characters that it shows; other text stays unchanged."""
    if not is_symbol_font(font):
        return text
    return "".join(
        (symbol(ord(c), font) or c) if ord(c) < 0x100 or "\uf000" <= c <= "\uf0ff" else c for c in text
    )


def is_symbol_font(font: str) -> bool:
    return font.lower() in _FONTS
