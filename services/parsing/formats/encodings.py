"""Guesses the encoding of a text from chardet's language models and the shape of its words."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

#: Number of bytes that are examined.
SAMPLE = 64 * 1024
#: Candidate encodings with their prior likelihood.
_PRIORS = {
    **dict.fromkeys(("cp1252", "cp1250", "cp1251"), 1.0),
    **dict.fromkeys(("cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874"), 0.7),
    **dict.fromkeys(("cp932", "gb18030", "big5hkscs", "cp949"), 0.9),
    **dict.fromkeys(("euc_jis_2004", "koi8-r", "koi8-u", "cp866", "iso8859-2"), 0.8),
    **dict.fromkeys(("iso8859-5", "iso8859-7", "iso8859-8", "iso8859-6", "iso8859-9", "iso8859-15"), 0.6),
    **dict.fromkeys(("cp850", "cp852", "cp437", "mac-roman", "mac-cyrillic"), 0.5),
    **dict.fromkeys(
        (
            "cp862",
            "cp737",
            "cp775",
            "cp857",
            "mac-latin2",
            "iso8859-13",
            "iso8859-1",
            "iso8859-4",
            "iso8859-10",
            "euc_kr",
        ),
        0.2,
    ),
    "kz1048": 0.8,
    **dict.fromkeys(("cp858", "cp861"), 0.3),
    **dict.fromkeys(("iso2022_jp_2", "iso2022_kr", "hz"), 1.0),
}
#: Python's names for the browser labels that chardetng returns.
_LABELS = {
    "Big5": "big5hkscs",
    "EUC-JP": "euc_jis_2004",
    "EUC-KR": "cp949",
    "GBK": "gb18030",
    "ISO-2022-JP": "iso2022_jp_2",
    "ISO-8859-8-I": "iso8859-8",
    "Shift_JIS": "cp932",
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac-cyrillic",
    **{f"windows-125{n}": f"cp125{n}" for n in range(10)},
}
#: Encodings that extend another one: browsers read the smaller one as the larger one.
_SUPERSETS = {"iso8859-9": "cp1254", "euc_kr": "cp949", "iso8859-1": "cp1252", "mac-roman": "mac_roman"}
_POWER, _VOTE = 3.0, 1.25
#: With a single non-ASCII letter, cp1252 is three times as likely; with many, as likely as the others.
_WESTERN = 4.0
#: Each fault (a symbol within a word, adjacent letters of two scripts) divides the likelihood by this.
_FAULT = 5.0
#: Symbols that occur between letters, or directly before or after them, in normal text.
_INSIDE = frozenset("'’‘´`·・-‐‑–—_/.,;:&@+*=|\\~^#\u00ad\u200c\u200d\u00a0\u3000")
_BEFORE = frozenset("([{<\"'“‘„‚«‹¿¡–—-©®°§¶•·*/\\.,:;!?&@#$€£¥%+=|~^_`´¨…") | _INSIDE
_AFTER = frozenset(")]}>\"'”’“»›–—-©®™°²³¹ªº…†*/\\.,:;!?&@#$%+=|~^_`´€£¥") | _INSIDE


#: Each letter that is missing in the language of the others divides the likelihood by this.
_FOREIGN = 2.5
#: Non-ASCII letters of languages in Latin script; English has those of its loanwords.
_ALPHABETS = tuple(
    frozenset(letters)
    for letters in (
        "áéíóúüñªº", "àâæçéèêëîïôœùûüÿñ", "äöüßé", "áâãàçéêíóôõúüªº", "àèéìíîòóùú", "éëïóöüèêàç", "åäöéüà",
        "æøåéóòâêô", "áéíóúýþæöð", "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű",
        "ăâîșțşţ", "čćđšž", "çğıöşüâîûi̇", "ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž", "àçèéíïòóúü", "ëç", "âêîôûŵŷ",
    )
)  # fmt: skip


#: Letters that Icelandic shares with no other language, and those without which it has none of them: Turkish
#: that is read as Icelandic has the former alone.
_ICELANDIC, _ICELANDIC_VOWELS = frozenset("þð"), frozenset("áéíóúæ")


#: A small letter beside one beyond ASCII.
_SMALL_BESIDE = re.compile("[^\x00-\x7f][a-z]|[a-z][^\x00-\x7f]")


@dataclass(frozen=True)
class Guess:
    """An encoding, its confidence relative to the second best (0.5 to 1), and the language that matched."""

    encoding: str
    confidence: float
    language: str | None


def guess(data: bytes) -> Guess | None:
    """The most likely encoding of a text that is not UTF-8; None if none fits."""
    sample = data[:SAMPLE]
    ranked = []
    for encoding, (likelihood, language) in _candidates(sample, len(data) <= SAMPLE).items():
        text = _decoded(sample, encoding)
        if text is not None:
            if _is_shouted(text):
                quiet = _likelihoods(text.lower().encode(encoding, "ignore"), encoding)
                likelihood, language = quiet.get(encoding, (likelihood, language))
            weight = likelihood * _prior(encoding, text) / _FAULT ** faults(text) / _FOREIGN ** _foreign(text)
            ranked.append((weight, encoding, language, text))
    if not ranked:
        return None
    ranked.sort(key=lambda one: -one[0])
    best = ranked[0]
    rival = next((weight for weight, _, _, text in ranked if text != best[3]), 0.0)
    return Guess(_SUPERSETS.get(best[1], best[1]), best[0] / (best[0] + rival), best[2])


def _is_shouted(text: str) -> bool:
    """Whether words are written in capitals beyond ASCII, about which language models know little."""
    letters = {c for c in text if c > "\x7f" and c.lower() != c.upper()}
    return bool(letters) and all(map(str.isupper, letters)) and _SMALL_BESIDE.search(text) is None


def _candidates(sample: bytes, whole: bool) -> dict[str, tuple[float, str | None]]:
    """Encodings with their likelihood (above 0) and the language whose model it comes from."""
    from chardetng_py import EncodingDetector  # type: ignore[import-untyped]

    found = _likelihoods(sample, *_PRIORS)
    detector = EncodingDetector()
    detector.feed(sample, last=whole)
    label = detector.guess(tld=None, allow_utf8=False)
    vote = _LABELS.get(label) or codecs.lookup(label).name
    likelihood, language = found.get(vote, (0.0, None))
    least = max((one for one, _ in found.values()), default=1.0) / 2
    found[vote] = (max(likelihood, least) * _VOTE, language)
    return found


def _likelihoods(sample: bytes, *encodings: str) -> dict[str, tuple[float, str | None]]:
    import chardet

    return {
        str(one["encoding"]): ((one["confidence"] + 0.002) ** _POWER, one["language"])
        for one in chardet.detect_all(
            # without cp1252 chardet warns that it has no answer for a text that nothing matches
            sample,
            ignore_threshold=True,
            compat_names=False,
            include_encodings=(*encodings, "cp1252"),
        )
    }


def _decoded(sample: bytes, encoding: str) -> str | None:
    """Decode the sample. Tolerates a truncated character at its end and one broken character in a hundred."""
    try:
        text = sample.decode(encoding, "replace")
    except LookupError:
        return None
    return text if fits(text) else None


def fits(text: str, one_in: int = 100) -> bool:
    """Whether at most one in `one_in` non-ASCII characters replaces undecodable bytes."""
    return text.count("\ufffd") * one_in <= sum(character > "\x7f" for character in text)


def _prior(encoding: str, text: str) -> float:
    prior = _PRIORS.get(encoding, _PRIORS.get(codecs.lookup(encoding).name, 0.3))
    others = sum(character > "\x7f" for character in text)
    if encoding == "cp1252":
        prior *= 1 + _WESTERN / (1 + others**2)
    return prior


def faults(text: str) -> float:
    """The weighted number of adjacent characters that form no word in any language, at most 40."""
    faults, others = 0.0, 0
    padded = f" {text[:8192]} "
    for at in range(1, len(padded) - 1):
        one = padded[at]
        if one < "\x80":
            continue
        others += 1
        faults += _fault(padded[at - 1], one, padded[at + 1])
    return min(faults, 40.0) if others else 0.0


def _foreign(text: str) -> int:
    """The number of letters outside of the language that has most of them, at most eight."""
    count = Counter(c for c in text[:8192].lower() if c > "\x7f" and c.isalpha() and _kind(c) == "L")
    known = [
        letters for letters in _ALPHABETS if not letters >= _ICELANDIC or count.keys() & _ICELANDIC_VOWELS
    ]
    return min(min(sum(n for c, n in count.items() if c not in letters) for letters in known), 8)


def _fault(before: str, one: str, after: str) -> float:
    kind = _kind(one)
    if kind == "C":
        return 2.0
    left, right = _kind(before), _kind(after)
    if kind == "S":
        if one == "¤":  # nobody writes this sign; where Latin-1 has it, Latin-9 has the euro
            return 1.0
        if "\u2500" <= one <= "\u259f":  # box drawing characters, which are adjacent to each other
            return 0.0 if "\u2500" <= before <= "\u259f" or "\u2500" <= after <= "\u259f" else 1.0
        if "\u3000" <= one <= "\u30ff" or one >= "\uff00":
            return 0.0 if left in "ESDC" and right in "ESDC" else 0.5
        if left not in "S" and right not in "S" and one not in _INSIDE:
            return 1.0
        if left not in "SDC" and one not in _AFTER:
            return 1.0
        return 0.5 if right not in "SDC" and one not in _BEFORE else 0.0
    if kind == "D":
        return 1.0 if (one in "¼½¾" and left not in "SDC") or (one in "¹²³" and right not in "SDC") else 0.0
    apart = sum(near not in "SDC" and near != kind for near in (left, right))
    if kind == "E":  # Chinese, Japanese and Korean may be next to Latin words, but not inside them
        return 1.0 if apart == 2 else 0.2 * apart
    if apart or before == one == after:
        return float(apart or 1)
    return float(one.isupper() and before.islower())


def is_coherent(text: str) -> bool:
    """Whether the letters of a text are of two scripts at most, as those of a text in one language are."""
    return len({kind for c in text if (kind := _kind(c)) not in "SD"}) <= 2


@lru_cache(maxsize=4096)
def _kind(character: str) -> str:
    """S for symbols and blanks, D for digits, C for control characters, E for East Asian letters, else a
    letter for the script."""
    category = unicodedata.category(character)
    if category in ("Cc", "Cn", "Co") and character not in "\t\n\r\f\x1b":
        return "C"
    if category[0] == "N":
        return "D"
    if category[0] in "LM":
        name = unicodedata.name(character, "")
        if re.match("CJK|HIRAGANA|KATAKANA|HANGUL|HALFWIDTH|FULLWIDTH|BOPOMOFO", name):
            return "E"
        return {"LATIN": "L", "CYRILLIC": "Y", "GREEK": "G", "HEBREW": "H", "ARABIC": "A", "THAI": "T"}.get(
            name.split(" ")[0], "L" if category[0] == "M" else "?"
        )
    return "S"
