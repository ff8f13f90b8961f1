# ruff: noqa: E501 (content streams read best on one line)
"""PDFs whose words stand in unusual parts of the file: patterns, fields, remarks, odd boxes and streams."""

from __future__ import annotations

import base64
import zlib

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.neighbours.drawing import SENTENCES
from tests.services.parsing.relatives.neighbours.streams import form
from tests.services.parsing.relatives.rebuilt.fonts import show, stream
from tests.services.parsing.relatives.rebuilt.prints import raw

_FONT = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
_RES = f"/Font<</F {_FONT}>>"
_WIDGET = "/Type/Annot/Subtype/Widget/F 4/DA(/F 10 Tf)"
_BODY = show(*SENTENCES)


def _noted(*notes: str, objects: list[str | bytes] | None = None) -> bytes:
    return raw(
        _BODY,
        _RES,
        page="/Annots[" + "".join(f"<</Type/Annot/Rect[72 500 272 540]{note}>>" for note in notes) + "]",
        objects=objects or [],
    )


def _filtered(filters: str, content: bytes) -> bytes:
    """A page whose content is packed more than once."""
    plain = raw("", _RES)
    return plain.replace(
        b"<</Length 0>>\nstream\n\nendstream",
        f"<</Filter{filters}/Length {len(content)}>>\nstream\n".encode() + content + b"\nendstream",
    )


_A85 = base64.a85encode(zlib.compress(_BODY.encode())) + b"~>"
_APPEARANCE = stream(
    show("Approved by the council", x=5, y=12).encode(),
    f"/Type/XObject/Subtype/Form/BBox[0 0 200 40]/Resources<<{_RES}>>",
)

CASES = [
    Case("pdf.js: words in the cell of a pattern", "a.pdf", raw(_BODY + "/Pattern cs /P scn 72 400 300 60 re f", f"{_RES}/Pattern<</P 5 0 R>>", objects=[stream(show("Words in the pattern", x=5, y=20).encode(), f"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 300 60]/XStep 300/YStep 60/Matrix[1 0 0 1 72 400]/Resources<<{_RES}>>")]), has=["rebuilt twice"]),
    Case("pdf-lib: a field of which only the parent has a value", "a.pdf", raw(_BODY, _RES, page="/Annots[6 0 R]", catalog=f"/AcroForm<</Fields[5 0 R]/DR<<{_RES}>>/DA(/F 10 Tf)>>", objects=["<</FT/Tx/T(owner)/V(Marigold of Lowmoor)/Kids[6 0 R]>>", f"<<{_WIDGET}/Parent 5 0 R/Rect[72 560 272 580]>>"]), has=["Marigold of Lowmoor"]),
    Case("hexapdf: a value in a stream", "a.pdf", form([f"<<{_WIDGET}/FT/Tx/Ff 4096/T(note)/V 6 0 R/Rect[72 500 372 580]>>", stream(b"The pump is old.\nThe seal leaks.")]), has=["The pump is old.", "The seal leaks."]),
    Case("pypdf: a field that the list of fields lacks", "a.pdf", raw(_BODY, _RES, page="/Annots[5 0 R]", catalog=f"/AcroForm<</Fields[]/DR<<{_RES}>>>>", objects=[f"<<{_WIDGET}/FT/Tx/T(lost)/V(Value of the lost field)/Rect[72 560 272 580]/AP<</N 6 0 R>>>>", stream(show("Value of the lost field", x=2, y=5).encode(), f"/Type/XObject/Subtype/Form/BBox[0 0 200 20]/Resources<<{_RES}>>")]), has=["Value of the lost field"]),
    Case("pdf-lib: a text in UTF-16 in a field", "a.pdf", form([f"<<{_WIDGET}/FT/Tx/T(name)/V<FEFF{'Žofie Müllerová'.encode('utf-16-be').hex()}>/Rect[72 560 272 580]>>"]), has=["Žofie Müllerová"]),
    Case("documentcloud 292: a remark on a line", "a.pdf", _noted("/Subtype/Line/L[72 500 272 540]/T(Ann)/Contents(Move the wall to here)"), has=["Move the wall to here"]),
    Case("documentcloud 292: a remark for words that are missing", "a.pdf", _noted("/Subtype/Caret/T(Ann)/Contents(insert: at noon)"), has=["insert: at noon"]),
    Case("pdf_oxide 92: a stamp with its drawing", "a.pdf", _noted("/Subtype/Stamp/AP<</N 5 0 R>>", objects=[_APPEARANCE]), has=["Approved by the council"]),
    Case("pdf.js: what covers a text that is to be taken out", "a.pdf", _noted("/Subtype/Redact/OverlayText(SECRET)/QuadPoints[72 715 440 715 72 695 440 695]"), has=["rebuilt twice"]),
    Case("pdfbox: content that is packed twice", "a.pdf", _filtered("[/ASCII85Decode/FlateDecode]", _A85), has=["rebuilt twice"]),
    Case("pypdf: content in hexadecimal", "a.pdf", _filtered("/ASCIIHexDecode", _BODY.encode().hex().encode() + b">"), has=["rebuilt twice"]),
    Case("pdfminer: a page whose box is given from the other corner", "a.pdf", raw(_BODY, _RES, box="595 842 0 0"), order=["The weir", "its water", "is kept"]),
    Case("pdfminer: a page whose box begins below zero", "a.pdf", raw("1 0 0 1 -300 -400 cm " + _BODY, _RES, box="-300 -400 295 442"), order=["The weir", "its water", "is kept"]),
    Case("pdf.js: a state that is never given back", "a.pdf", raw("q q q 1 0 0 1 0 0 cm " + _BODY + " Q Q Q Q Q " + show("After all of it.", y=500), _RES), has=["rebuilt twice", "After all of it."]),
    Case("pdf.js: a font that is not there", "a.pdf", raw("BT /Gone 11 Tf 72 700 Td (The gate opens at noon.) Tj ET", "/Font<<>>"), has=["The gate opens at noon."]),
    Case("pdf.js: names and texts with escapes", "a.pdf", raw("BT /F#31 11 Tf 72 700 Td (The \\147ate \\(north\\) is \\\n open.) Tj ET", f"/Font<</F1 {_FONT}>>"), has=["The gate (north) is open."]),
    Case("pdf.js: remarks within the content", "a.pdf", raw("% a remark (with words) Tj\nBT % another\n/F 11 Tf 72 700 Td (The gate opens.) Tj ET", _RES), exact="The gate opens."),
    Case("qpdf: a version of two", "a.pdf", raw(_BODY, _RES).replace(b"%PDF-1.7", b"%PDF-2.0"), has=["rebuilt twice"]),
    Case("pdfbox: objects whose ends are missing", "a.pdf", raw(_BODY, _RES).replace(b"\nendobj\n", b"\n"), has=["rebuilt twice"]),
    Case("pypdf: spaces that do not break and marks of no width", "a.pdf", raw("BT /F 11 Tf 72 700 Td (The\\240gate of 5\\240m opens at noon.) Tj ET", _RES), has=["The gate of 5 m opens at noon."]),
    Case("pdf.js: a hyphen that is soft within a line", "a.pdf", raw("BT /F 11 Tf 72 700 Td (The water\\255 course is kept by the council.) Tj ET", _RES), has=["is kept by the council."]),
    Case("pypdf: letters of an accent each behind a back step", "a.pdf", raw("BT /F 11 Tf 72 700 Td [(Se)-0(n)-0(or Nu)]TJ (\\361ez) Tj ( opens the gate.) Tj ET", _RES), has=["Senor Nuñez opens the gate."]),
    Case("pdf_oxide: text whose matrix is turned over twice", "a.pdf", raw("q 1 0 0 -1 0 842 cm q 1 0 0 -1 0 842 cm " + _BODY + " Q Q", _RES), order=["The weir", "its water", "is kept"]),
    Case("pdfminer: a text of size one in a matrix of twelve", "a.pdf", raw("BT /F 1 Tf 12 0 0 12 72 700 Tm (The gate opens at noon,) Tj 0 -1.2 TD (and shuts at six.) Tj T* (Nobody else has the key.) Tj ET", _RES), has=["The gate opens at noon, and shuts at six. Nobody else has the key."]),
]  # fmt: skip
