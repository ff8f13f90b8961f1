from __future__ import annotations

from services.parsing import parse


def markdown(body: bytes, fonts: bytes = rb"{\f0 Arial;}") -> str:
    return parse(rb"{\rtf1\ansi{\fonttbl" + fonts + b"}" + body + b"}", "a.rtf").markdown.rstrip("\n")


def test_notes_stand_at_the_end_and_not_in_the_sentence() -> None:
    note = rb"{\super\chftn}{\footnote\pard\plain {\super\chftn} Measured {\i twice}.\par Both times.}"

    text = markdown(rb"The level" + note + rb" rose.\par Next.\par")
    assert text == "The level[^1] rose.\n\nNext.\n\n[^1]: Measured *twice*. Both times."


def test_bullets_and_numbers_of_old_programs_are_lists() -> None:
    bullet = rb"\pard{\pntext\f1\'b7\tab}{\*\pn\pnlvlblt\pnf1{\pntxtb\'b7}}\fi-360 "
    number = rb"\pard{\pntext\f0 %d.\tab}{\*\pn\pnlvlbody\pndec}\fi-360 "

    text = markdown(bullet + rb"one\par " + bullet + rb"two\par\pard plain\par " + number % 3 + rb"three\par")
    assert text == "- one\n- two\n\nplain\n\n3. three"


def test_labels_of_lists_are_kept() -> None:
    item = rb"\pard\ls1{\listtext %s\tab}"

    assert markdown(item % b"1." + rb"one\par " + item % b"b)" + rb"two\par") == "1. one\n- b) two"


def test_symbols_and_struck_text() -> None:
    fonts = rb"{\f0 Arial;}{\f3\froman\fcharset2\fprq2 Symbol;}"

    assert markdown(rb"a {\f3 \'b3} 4 {\strike 10} 12\par", fonts) == "a ≥ 4 ~~10~~ 12"


def test_comments_follow_their_paragraph() -> None:
    comment = rb"{\*\atnid AB}{\*\atnauthor Ann}\chatn{\*\annotation{\*\atndate 1}\pard Since when?\par}"

    assert markdown(rb"Old" + comment + rb".\par Next.\par") == "Old.\n\nComment: Since when?\n\nNext."
