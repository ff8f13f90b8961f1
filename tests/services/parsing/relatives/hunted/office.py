# ruff: noqa: E501 (markup reads best on one line)
"""Texts of Word and of other programs that write its formats."""

from __future__ import annotations

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.letters import field, para, style, styles
from tests.services.parsing.relatives.reported import run
from tests.services.parsing.samples import docx, listed, opendocument, paragraph

_ITEM = paragraph  # with the style of a list
_NESTED = [r"^- Fees are due$", r"^  - at once$", r"^    - in full$", r"^- Dogs stay on board$"]
_NUMBERED = '<w:pPr><w:numPr><w:numId w:val="{}"/></w:numPr></w:pPr>'
_STYLES = styles(
    style("List Bullet", "LB", _NUMBERED.format(1)), style("List Bullet 2", "LB2", _NUMBERED.format(1)),
    style("list bullet 3", "LB3", _NUMBERED.format(1)), style("Own", "Own", '<w:basedOn w:val="LB2"/>'),
)  # fmt: skip
_TEXTS = (("", "Fees are due"), ("_20_2", "at once"), ("_20_3", "in full"), ("", "Dogs stay on board"))
_RTF = (
    rb"{\rtf1\ansi{\stylesheet{\s20 List Bullet;}{\s21\sbasedon20 List Bullet 2;}{\s22 List Bullet 3;}}%s}"
    % b"".join(
        rb"\pard\s%d\ls1\ilvl0 %s\par" % (number, text)
        for number, text in (
            (20, b"Fees are due"),
            (21, b"at once"),
            (22, b"in full"),
            (20, b"Dogs stay on board"),
        )
    )
)

CASES = [
    Case("python-docx: lists whose depth their style names", "a.docx", docx("".join(_ITEM(text, key) for key, text in (("LB", "Fees are due"), ("Own", "at once"), ("LB3", "in full"), ("LB", "Dogs stay on board"))), _STYLES), matches=_NESTED),
    Case("python-docx: a list that has a depth of its own keeps it", "a.docx", docx(listed("Fees are due") + listed("at once", depth=1) + listed("Dogs stay on board")), matches=[r"^- Fees are due$", r"^  1\. at once$", r"^- Dogs stay on board$"]),
    Case("libreoffice: lists whose depth their style names, in OpenDocument", "a.odt", opendocument("text", "".join(f'<text:list text:style-name="L{at}"><text:list-item><text:p text:style-name="P{at}">{text}</text:p></text:list-item></text:list>' for at, (_, text) in enumerate(_TEXTS)), "".join(f'<style:style style:name="P{at}" style:family="paragraph" style:parent-style-name="List_20_Bullet{key}"/>' for at, (key, _) in enumerate(_TEXTS)) + "".join(f'<style:style style:name="List_20_Bullet{key}" style:family="paragraph"/>' for key in ("", "_20_2", "_20_3"))), matches=_NESTED),
    Case("libreoffice: lists whose depth their style names, in RTF", "a.rtf", _RTF, matches=_NESTED),
    Case("pandoc 10942: a link to a place within a document, in RTF", "a.rtf", rb'{\rtf1\ansi\trowd\cellx3000\cellx6000\pard\intbl Field\cell Value\cell\row\pard\intbl {\*\bkmkstart here}Source{\*\bkmkend here}\cell {\field{\*\fldinst{HYPERLINK "https://example.org/a" \\l "part2" }}{\fldrslt{\ul the second part}}}\cell\row\pard End.\par}', matches=[r"\| *Source *\| *\[the second part\]\(https://example\.org/a#part2\)"]),
    Case("pandoc 10942: a link to a place within a document, in Word", "a.docx", docx(para(field('HYPERLINK "https://example.org/a" \\o "hint" \\l "part2"', run("the second part")) + run(" and ") + field('HYPERLINK "https://example.org/b"', run("all of it")))), has=["[the second part](https://example.org/a#part2)", "[all of it](https://example.org/b)"]),
]  # fmt: skip
