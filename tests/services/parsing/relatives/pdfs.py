"""PDFs with text that a reader of the page does not see, and one that was cut."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

from reportlab.lib.colors import black, white  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from services.parsing import Choices
from tests.services.parsing.relatives.case import Case

_SHOWN = "The gate opens at seven in the morning and closes in the evening."


def _pdf(draw: Callable[[Canvas], None]) -> bytes:
    held = io.BytesIO()
    canvas = Canvas(held, pagesize=(612, 792))
    canvas.drawString(72, 700, _SHOWN)
    draw(canvas)
    canvas.save()
    return held.getvalue()


def _white(canvas: Canvas) -> None:
    canvas.setFillColor(white)
    canvas.drawString(72, 650, "Ghostly words on the page.")


def _nearly_white(canvas: Canvas) -> None:
    canvas.setFillColorRGB(0.98, 0.98, 0.97)
    canvas.drawString(72, 650, "Ghostly words on the page.")


def _transparent(canvas: Canvas) -> None:
    canvas.setFillAlpha(0)
    canvas.drawString(72, 650, "Ghostly words on the page.")


def _tiny(canvas: Canvas) -> None:
    canvas.setFont("Helvetica", 0.5)
    canvas.drawString(72, 650, "Ghostly words on the page.")


def _blackened(canvas: Canvas) -> None:
    canvas.drawString(72, 650, "Ghostly words on the page.")
    canvas.setFillColor(black)
    canvas.rect(60, 640, 300, 30, fill=1, stroke=0)


def _on_dark(canvas: Canvas) -> None:
    canvas.setFillColorRGB(0.1, 0.1, 0.4)
    canvas.rect(60, 600, 400, 40, fill=1, stroke=0)
    canvas.setFillColor(white)
    canvas.drawString(72, 615, "Bright words on a dark band.")


def _on_a_gradient(canvas: Canvas) -> None:
    canvas.saveState()
    path = canvas.beginPath()
    path.rect(60, 600, 400, 40)
    canvas.clipPath(path, stroke=0)
    canvas.linearGradient(60, 600, 460, 640, (black, black))
    canvas.restoreState()
    canvas.setFillColor(white)
    canvas.drawString(72, 615, "Bright words on a dark band.")


def _cut_with_packed_objects() -> bytes:
    """Catalog, pages and font lie in a compressed stream; the table that says where is lost."""
    inside = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 5 0 R/Resources<</Font<</F 4 0 R>>>>>>",
        4: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    }
    places, objects = b"", b""
    for number, content in inside.items():
        places += b"%d %d " % (number, len(objects))
        objects += content + b" "
    packed = zlib.compress(places + objects)
    text = b"BT /F 11 Tf 72 700 Td (The packed page.) Tj ET"
    return (
        b"%%PDF-1.5\n5 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n" % (len(text), text)
        + b"6 0 obj\n<</Type/ObjStm/N %d/First %d/Filter/FlateDecode" % (len(inside), len(places))
        + b"/Length %d>>\nstream\n%s\nendstream\nendobj\n7 0 obj\n<</Type/XR" % (len(packed), packed)
    )


def _layered() -> bytes:
    """Two layers with a line each; the second is off."""
    parts = [
        "<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[6 0 R 7 0 R]/D<</OFF[7 0 R]>>>>>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        "/Resources<</Font<</F1 5 0 R>>/Properties<</A 6 0 R/B 7 0 R>>>>>>",
        "",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        "<</Type/OCG/Name(on)>>",
        "<</Type/OCG/Name(off)>>",
    ]
    text = "".join(
        f"/OC /{layer} BDC BT /F1 11 Tf 72 {y} Td ({words}) Tj ET EMC "
        for layer, y, words in (("A", 700, "The layer that is on."), ("B", 650, "Ghostly words of a layer."))
    )
    parts[3] = f"<</Length {len(text)}>>\nstream\n{text}\nendstream"
    data = b"%PDF-1.5\n" + "".join(f"{n} 0 obj\n{part}\nendobj\n" for n, part in enumerate(parts, 1)).encode()
    return data + b"trailer\n<</Size 8/Root 1 0 R>>\nstartxref\n0\n%%EOF\n"


CASES = [
    Case(
        "a cut file with packed objects",
        "a.pdf",
        _cut_with_packed_objects(),
        exact="The packed page.",
        told="end is missing",
    ),
    Case(
        "a layer that is off",
        "a.pdf",
        _layered(),
        exact="The layer that is on.",
        told="hidden: text on page 1",
    ),
    *(
        Case(
            f"{name} text",
            "a.pdf",
            _pdf(draw),
            has=[_SHOWN],
            lacks=["Ghostly"],
            told="hidden: text on page 1",
        )
        for name, draw in (
            ("white", _white),
            ("nearly white", _nearly_white),
            ("transparent", _transparent),
            ("tiny", _tiny),
            ("blackened", _blackened),
        )
    ),
    Case("white text that is wanted", "a.pdf", _pdf(_white), has=["Ghostly"], choices=Choices(hidden=True)),
    Case("white on dark", "a.pdf", _pdf(_on_dark), has=["Bright words on a dark band."]),
    Case("white on a gradient", "a.pdf", _pdf(_on_a_gradient), has=["Bright words on a dark band."]),
]
