"""Encodings are told by the likelihood of the language: whole paragraphs, lines and words."""

from __future__ import annotations

import pytest

from services.parsing import parse
from services.parsing.formats.encodings import guess
from services.parsing.formats.text import decode

PARAGRAPHS = [
    ("cp850", "Die Brücke über den Fluß wurde gestern geschlossen, weil das Geländer fehlt."),
    ("cp850", "Le pêcheur a relevé la hauteur de l'eau, puis il a fermé la vanne."),
    ("cp850", "El niño midió la altura del río y cerró la compuerta después."),
    ("cp437", "Straße\nMünchen\nKöln\n"),
    ("iso8859-2", "Řeka se včera zvedla o deset centimetrů, a proto hlídač otevřel stavidlo."),
    ("cp1250", "Řeka se včera zvedla o deset centimetrů, a proto hlídač otevřel stavidlo."),
    ("cp852", "Škoda, že žádný člověk už tu není."),
    ("iso8859-2", "A folyó szintje tegnap megemelkedett, ezért a zsilipőr kinyitotta a kaput."),
    ("cp1250", "A folyó szintje tegnap megemelkedett, ezért a zsilipőr kinyitotta a kaput."),
    ("iso8859-2", "Poziom wody wczoraj gwałtownie się podniósł, więc strażnik otworzył śluzę."),
    ("cp852", "Wysokość wody w Łodzi wzrosła o dziesięć centymetrów."),
    ("cp1250", "Ľudia šli po ceste k mlynu, ktorý už dávno nemlel."),
    ("cp1254", "Nehrin seviyesi dün yükseldi, çünkü yağmur yağdı."),
    ("cp1252", "Probar los términos: ñandú, índice, cargó"),
    ("iso8859-5", "Уровень воды вчера поднялся"),
    ("koi8-u", "Рівень води вчора піднявся"),
    ("iso8859-6", "ارتفع منسوب المياه أمس"),
    ("iso8859-8", "מפלס המים עלה אתמול"),
    ("iso2022_jp", "昨日、川の水位が上がった。"),
    ("iso2022_kr", "수위가 올라갔습니다"),
    ("mac_roman", "L'été dernier, la rivière était très basse à Orléans."),
]
WORDS = [
    *(
        ("cp1252", word)
        for word in ("Größe", "Ä", "año,mes\n2020,ñandú\n", "Blåbærgrød på øen", "città", "Barça")
    ),
    *(("cp850", word) for word in ("Größe", "Müller", "información", "café")),
    *(("cp932", word) for word in ("日本語", "テスト", "品名,数量\nポンプ,2\n")),
    *(("koi8-r", word) for word in ("Привет", "Москва")),
    ("gb18030", "你好"),
    ("cp1250", "Česká republika"),
    ("cp1254", "Şişli İstanbul'da"),
]


@pytest.mark.parametrize(("encoding", "text"), PARAGRAPHS)
def test_a_sentence_is_read_in_the_encoding_that_makes_it_one(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize(("encoding", "text"), WORDS)
def test_a_word_is_read_as_a_word(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding))[0] == text


def test_a_guess_is_said_with_its_confidence() -> None:
    sure, unsure = (
        ("Řeka se včera zvedla o deset centimetrů. " * 20).encode("cp1250"),
        "Žilina".encode("cp1250"),
    )

    assert parse(sure, "a.txt").warnings[0].startswith("encoding: cp1250 (detected, by its language ")
    found, doubtful = guess(sure), guess(unsure)
    assert found is not None
    assert doubtful is not None
    assert found.confidence > doubtful.confidence


@pytest.mark.parametrize(
    ("data", "text", "places"),
    [
        ("Größe ok\n".encode() + "dann: Übermaß\n".encode("cp1252"), "Größe ok\ndann: Übermaß\n", 2),
        ("Maß: ".encode() + b"\xe2\x80 cut", "Maß: \ufffd cut", 1),
        ("naïve – ok; ".encode() + "créée à Paris".encode("cp1252"), "naïve – ok; créée à Paris", 3),
    ],
)
def test_stray_bytes_in_utf8_cost_no_other_letter(data: bytes, text: str, places: int) -> None:
    assert decode(data) == (text, (f"encoding: utf-8, not followed at {places} places",))
