"""Possible cuts of running text: paragraphs, lines, sentences, words, and finally characters."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby, pairwise

from services.chunking.chunk import Scope
from services.chunking.packing import BLOCK, CHARACTER, GLUED, INNER, PAGE, SENTENCE, WORD, Cuts

# Every pattern starts with plain characters, so the search skips at the speed of `memchr`. Repetitions are
# possessive (`*+`), so no text takes quadratic time.

#: Titles, references and measures that a full stop shortens, mostly before a name or a number.
_SHORTENED = """
    Mr Dr St Mrs Ms Prof Jr Sr Gen Rev Hon vs cf Fig Figs No Nos Eq Eqs Sec Ch Vol pp approx al Jan Feb
    Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Tab Suppl Ref vol ed ch no Nr Hr Hrn Fr bzw vgl ca Abs Art Bd
    Mme Mlle art Sra Dra núm pág sig dott prof hab godz por nast Dhr mevr blz nr kl ing jfr
    ул пл пр просп им тов инж проф акад см стр рис гл табл ред изд
"""
#: What stands before an ordinal number in German, and behind one: `am 14. Mai`, `die 12. Etage`.
_BEFORE_ORDINAL = "am im ab dem den der die das des vom zum zur bis"
_BEHIND_ORDINAL = """
    Januar Februar März April Mai Juni Juli August September Oktober November Dezember Jahrhundert
"""
#: Small letters of Latin, Greek and Cyrillic script.
_SMALL = rb"[a-z]|\xc3[\x9f-\xbf]|\xce[\xac-\xbf]|\xcf[\x80-\x8f]|\xd0[\xb0-\xbf]|\xd1[\x80-\x9f]"


def _never_behind(words: str, number: bytes = b"") -> bytes:
    """A pattern of what is not behind one of the words, a number and a full stop."""
    coded = sorted(map(str.encode, words.split()), key=len)
    return b"".join(
        rb"(?<!(?<![\w\x80-\xff])(?:%b)%b\.)" % (b"|".join(same), number) for _, same in groupby(coded, len)
    )


#: The end of a sentence: a mark, closing quotes or brackets, and white space; but not before a small letter,
#: or after an initial, a shortened word, an ordinal number or one of one digit. What follows is looked at
#: first, because most marks are within numbers and names.
_SENTENCE = re.compile(
    rb"""[.!?](?=[.!?"')\]*_\xe2\xc2\s])(?<![.!?]{2})(?<![\s(][A-Za-z0-9]\.)(?<!e\.g\.)(?<!i\.e\.)(?<!\.[A-Z]\.)"""
    rb"(?<![\s(](?:\xd0[\x90-\xbf]|\xd1[\x80-\x8f])\.)(?!\s'[a-z]\s)"
    + _never_behind(_SHORTENED)
    + _never_behind(_BEFORE_ORDINAL, rb"[ ]\d\d")
    + rb"(?:(?<!\d\.)|(?!\s(?:%b)\b))" % "|".join(_BEHIND_ORDINAL.split()).encode()
    + rb"""[.!?]*+(?:["')\]*_]|\xe2\x80[\x99\x9d]|\xc2\xbb)*+\s++(?=\S)(?!%b)""" % _SMALL
)
#: The full stops of scripts without spaces, and the ellipsis: `。` `！` `？` `।` `؟` `۔` `…` in UTF-8.
_SENTENCE_WIDE = re.compile(
    rb"(?:\xe3\x80\x82|\xef\xbc\x81|\xef\xbc\x9f|\xe0\xa5\xa4|\xd8\x9f|\xdb\x94|\xe2\x80\xa6)"
    rb"(?:\xe3\x80[\x8d\x8f]|\xe2\x80[\x99\x9d])*+\s*+(?=\S)"
)
#: The end of a line that ends like a paragraph, and of any other line.
_PARAGRAPH = re.compile(rb"""[.!?:;"'\])][ \t\r]*\n(?=[^\n])""")
_LINE = re.compile(rb"\n(?=[^\n])")
#: Before a comment; before a line that continues the one above.
_COMMENT = re.compile(rb"(?<!\\)\n(?=# )")
_CONTINUED = re.compile(rb"(?<=\\)\r?\n(?=[^\n])|\n(?=[ \t]+[^\s])")
#: Before a line that begins with a date, a time or a level, as the records of logs and of chats do, or before
#: the number above it, as in subtitles.
_STAMP = re.compile(
    rb"\n(?=\d{1,4}\r?\n\d\d:\d\d:|(?<!\n\d\n)(?<!\n\d\d\n)(?<!\n\d{3}\n)(?<!\n\d{4}\n)"
    rb"[\[(<]?(?:\d{1,4}[-/.:]\d{1,2}[-/.:]\d{1,4}|[A-Z][a-z]{2} [ \d]\d \d\d:|\d{1,2}:\d\d[ \])]"
    rb"|(?:[^\n]{0,60}\d\d:\d\d:\d\d[^\n]{0,40})?\b(?:DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b))"
)
#: Before a cue of subtitles, with its name or number.
_CUE = re.compile(rb"(?<=\n)\r?\n(?=(?:[^\r\n]{1,80}\r?\n)?(?:\d{1,3}:)?\d\d:\d\d[.,]\d{1,3}[ \t]*-->)")
#: Fewer are no records; the bytes in which they are looked for; how many paragraphs one has at most.
_FEW_RECORDS, _RECORDS_SAMPLE, _BLOCKS_A_RECORD = 5, 16_384, 8
#: Before a form feed.
_PAGE = re.compile(rb"\n(?=\f)")
#: A question at the start of a paragraph, or who speaks: `Ann Miller:`, `**Bob** (00:12):`, `[00:12] Bob:`.
_SPEAKER = re.compile(
    rb"[ \t>]*(?:[-*+][ \t]+)?(?:(?:Q\w{0,10}[ ]?\d*[:.)][ ]*)?(?P<question>[^\n]{3,160}\?)[ \t]*\r?\n"
    rb"|(?:\[[\d:., -]{4,20}\][ ]*)?(?:\*\*|__)?"
    rb"(?P<name>[^\s:.,;!?<>|{}\[\]#*=`][^\n:.,;!?<>|{}\[\]#*=`]{0,40}(?<!\s))"
    rb"(?:\*\*|__)?(?:(?:[ ][(\[][\d:.]+[)\]])?:(?:\*\*|__)?[ \t\r\n]"
    rb"|[ ]{1,4}[(\[]?\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?:[ ]?[AaPp]\.?[Mm]\.?)?[)\]]?[ \t]*\r?\n))"
)
#: Between records and between escaped paragraphs of serialised data, as in a log of messages.
_RECORD = re.compile(rb"[}\]][,;] ?(?=[{\[])")
_ESCAPED = re.compile(rb"\\n\\n(?:\\n)*(?=\S)")
_CLAUSE = re.compile(rb"[,;:)}\]]\s++(?=\S)|\xe3\x80\x81|\xef\xbc[\x8c\x9b\x9a]")
#: Code, a formula, a tag, bold words or a link within a line.
_SPAN = re.compile(
    rb"`[^`\n]{1,200}+`|\$[^$\n]{1,200}+\$|\*\*[^*\n]{1,200}+\*\*|<[^<>\n]{1,300}+>"
    rb"|\[[^\[\]\n]{1,200}+\]\([^()\n]{1,300}+\)"
)
_WORD = re.compile(rb"\s++(?=\S)|\xe3\x80\x80|\xc2\xa0|\xe2\x80\x83")

#: Letters that form flags in pairs, at the end of a text; the class of marks that join letters of India.
_FLAGS, _VIRAMA = re.compile("[\U0001f1e6-\U0001f1ff]*$"), 9

#: Rounds of patterns with their prices; each round cuts what is still too long after the one before. All but
#: the first and the last leave code, links and the like whole.
Patterns = tuple[tuple[re.Pattern[bytes], int], ...]
_ROUNDS: tuple[Patterns, ...] = (
    (
        (_STAMP, BLOCK),
        (_PARAGRAPH, INNER),
        (_RECORD, INNER),
        (_ESCAPED, INNER),
        (_SENTENCE, SENTENCE),
        (_SENTENCE_WIDE, SENTENCE),
        (_COMMENT, SENTENCE + 100),
        (_CONTINUED, SENTENCE + 500),
        (_LINE, SENTENCE + 200),
    ),
    ((_CLAUSE, WORD - 4_000),),
    ((_WORD, WORD),),
    ((_WORD, WORD),),
)


def refine(source: bytes, cuts: Cuts, limit: int) -> None:
    """Add cuts until no more than `limit` bytes that are not blank lie between two of them."""
    for start, end in _stretches(source, cuts):
        if end - start > limit and _content(source, start, end) > limit:
            _refine_stretch(source, start, end, cuts, limit)


def keep_records(source: bytes, cuts: Cuts) -> None:
    """Where a line begins with a date or time again and again, paragraphs go on with the record above."""
    first = _CUE if b"-->" in source[:_RECORDS_SAMPLE] else _STAMP
    if len(first.findall(source, 0, _RECORDS_SAMPLE)) < _FEW_RECORDS:
        return
    records = {match.end() for match in first.finditer(source)}
    blocks = [position for position, price in cuts.items() if price == BLOCK]
    if len(records) >= max(_FEW_RECORDS, len(blocks) / _BLOCKS_A_RECORD):
        cuts |= {position: INNER for position in blocks if position not in records}
        cuts |= {position: BLOCK for position in records if position not in cuts}


def speakers(source: bytes, cuts: Cuts, limit: int) -> Iterator[Scope]:
    """Paragraphs that are too long, with who speaks or the question that is answered."""
    for start, end in _stretches(source, cuts):
        if end - start > limit and (found := _SPEAKER.match(source, start)):
            yield Scope(start, end, (found["question"] or found["name"]).decode(errors="ignore").strip())


def loosen(source: bytes, cuts: Cuts, limit: int) -> None:
    """Add cuts between pages, and between sentences where text that belongs together is too long.

    Without the latter a paragraph that fits into a chunk would be separated from its heading.
    """
    cuts |= {page.end(): PAGE for page in _PAGE.finditer(source)}
    positions = _borders(source, cuts)
    group = 0  # index of the position where the running group starts
    for index in range(1, len(positions)):
        last = index + 1 == len(positions)
        if not last and cuts[positions[index]] >= GLUED:
            continue
        if index - group > 1 and _content(source, positions[group], positions[index]) > limit:
            for start, end in pairwise(positions[group : index + 1]):
                _cut_stretch(source, start, end, cuts, _ROUNDS[0])
        group = index


def _stretches(source: bytes, cuts: Cuts) -> Iterator[tuple[int, int]]:
    """What lies between the cuts."""
    return pairwise(_borders(source, cuts))


def _borders(source: bytes, cuts: Cuts) -> list[int]:
    return [0, *sorted(position for position in cuts if position < len(source)), len(source)]


def cut_lines(source: bytes, start: int, end: int, cuts: Cuts) -> None:
    """Add cuts to a block of code: after blank lines, else between lines, never before the first or last."""
    position = source.find(b"\n", start, end) + 1
    while 0 < position < end:
        after = source.find(b"\n", position, end) + 1
        blank = not source[position : after or end].strip()
        cuts[position] = SENTENCE + 200
        if blank and after:
            cuts[after] = SENTENCE
            after = source.find(b"\n", after, end) + 1
        position = after


def _refine_stretch(source: bytes, start: int, end: int, cuts: Cuts, limit: int) -> None:
    todo = [(start, end)]
    for number, patterns in enumerate(_ROUNDS):
        spanned = 0 < number < len(_ROUNDS) - 1
        rest: list[tuple[int, int]] = []
        for first, last in todo:
            found = _cut_stretch(source, first, last, cuts, patterns, spanned)
            stretches = pairwise([first, *found, last])
            rest += [(a, b) for a, b in stretches if b - a > limit and _content(source, a, b) > limit]
        if not rest:
            return
        todo = rest
    for first, last in todo:
        _cut_characters(source, first, last, cuts, limit)


def _cut_stretch(
    source: bytes, start: int, end: int, cuts: Cuts, patterns: Patterns, spanned: bool = False
) -> list[int]:
    """Add the cuts that the patterns find in a range, the first pattern first; returns their positions.

    With `spanned`, none is within code, a link or the like.
    """
    end = start + len(source[start:end].rstrip())
    found: Cuts = {}
    for pattern, price in patterns:
        for match in pattern.finditer(source, start, end):
            found.setdefault(match.end(), price)
    for span in _SPAN.finditer(source, start, end) if spanned else ():
        for position in range(span.start() + 1, span.end()):
            found.pop(position, None)
    for position, price in found.items():
        cuts.setdefault(position, price)
    return sorted(found)


def _content(source: bytes, start: int, end: int) -> int:
    """Number of bytes without blank edges."""
    return len(source[start:end].strip())


def _cut_characters(source: bytes, start: int, end: int, cuts: Cuts, limit: int) -> None:
    """Cut text without white space every `limit` bytes, never inside a character."""
    start = end - len(source[start:end].lstrip())
    while start + limit < end:
        start = _character_start(source, start, start + limit)
        cuts.setdefault(start, CHARACTER)


def _character_start(source: bytes, start: int, position: int) -> int:
    """Where the character at `position` begins; accents and parts of an emoji belong to it."""
    while source[position] & 0xC0 == 0x80:
        position -= 1
    before = source[start:position].decode()
    first, at = source[position : position + 4].decode(errors="ignore")[:1], position
    while before and _belongs(before, first):
        before, first = before[:-1], before[-1]
        at -= len(first.encode())
    return at if before else position


def _belongs(before: str, one: str) -> bool:
    """Whether a code point belongs to the character before it (a short form of Unicode's annex 29)."""
    if _FLAGS.match(one):
        return len(_FLAGS.search(before)[0]) % 2 == 1  # type: ignore[index]
    return (
        unicodedata.category(one)[0] == "M"
        or before[-1] == "\u200d"
        or one == "\u200d"
        or "\u1160" <= one <= "\u11ff"
        or "\U0001f3fb" <= one <= "\U0001f3ff"
        or unicodedata.combining(before[-1]) == _VIRAMA
    )
