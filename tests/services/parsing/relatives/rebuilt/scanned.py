# ruff: noqa: E501 (content streams read best on one line)
"""Pictures and scans in odd formats."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.fonts import show, stream
from tests.services.parsing.relatives.rebuilt.prints import raw

_WORDS = ("Harbour office", "The gate opens at seven", "and closes at nine")
_RIGHT = ["Harbour office", "gate opens at seven", "closes at nine"]
_FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
_HELVETICA = "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"


def drawn(
    mode: str = "L",
    ink: Any = 0,
    ground: Any = 255,
    words: tuple[str, ...] = _WORDS,
    size: int = 40,
    wide: int = 900,
) -> Image.Image:
    picture = Image.new(mode, (wide, 110 * len(words) * size // 40 + 40), ground)
    pen = ImageDraw.Draw(picture)
    for n, line in enumerate(words):
        pen.text((40, 30 + n * 110 * size // 40), line, fill=ink, font=ImageFont.truetype(_FONT, size))
    return picture


def saved(picture: Image.Image, kind: str, **more: Any) -> bytes:
    held = io.BytesIO()
    picture.save(held, kind, **more)
    return held.getvalue()


def _turned(orientation: int, back: Image.Transpose) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(drawn("RGB", (0, 0, 0), (255, 255, 255)).transpose(back), "JPEG", exif=exif)


def _black_in_cmyk() -> bytes:
    none = Image.new("L", drawn().size, 0)
    return saved(Image.merge("CMYK", (none, none, none, ImageOps.invert(drawn()))), "JPEG")


def _deep() -> bytes:
    return saved(drawn().convert("I").point(lambda v: v * 200).convert("I;16"), "PNG")


def _frames(kind: str, **more: Any) -> bytes:
    first, *rest = (
        drawn(words=(word,), wide=700).convert("RGB")
        for word in ("First slide of all", "Second slide of all")
    )
    return saved(first, kind, save_all=True, append_images=rest, **more)


def _fax() -> bytes:
    wide = drawn(size=48)
    return saved(
        wide.resize((wide.width, wide.height // 2)).convert("1"), "TIFF", compression="group4", dpi=(204, 98)
    )


def _on_clear(ink: tuple[int, int, int], hidden: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    return saved(drawn("RGBA", (*ink, 255), (*hidden, 0)), "PNG")


def _palette() -> bytes:
    picture = drawn().convert("P")
    picture.info["transparency"] = picture.getpixel((1, 1))
    return saved(picture, "PNG", transparency=picture.getpixel((1, 1)))


def _image(
    picture: Image.Image,
    more: str = "",
    data: bytes | None = None,
    kind: str = "DCTDecode",
    space: str = "DeviceRGB",
    bits: int = 8,
) -> bytes:
    content = saved(picture, "JPEG") if data is None else data
    return stream(
        content,
        f"/Type/XObject/Subtype/Image/Width {picture.width}/Height {picture.height}/ColorSpace/{space}/BitsPerComponent {bits}/Filter/{kind}{more}",
    )


def _scan(picture: bytes, place: str = "515 0 0 220 40 560", text: str = "", page: str = "") -> bytes:
    return raw(
        f"q {place} cm /I Do Q {text}", f"{_HELVETICA}/XObject<</I 5 0 R>>", page=page, objects=[picture]
    )


def _page() -> Image.Image:
    lines = ["The harbour office"] + [f"Line {n} of the page tells of the weir" for n in range(1, 13)]
    return drawn("RGB", (0, 0, 0), (255, 255, 255), tuple(lines), 30, 1000)


def _strips() -> bytes:
    page = _page()
    high = 60
    cuts = [page.crop((0, y, page.width, min(y + high, page.height))) for y in range(0, page.height, high)]
    content, y = "", 800.0
    for n, cut in enumerate(cuts):
        tall = cut.height * 0.5
        y -= tall
        content += f"q {page.width * 0.5} 0 0 {tall} 40 {y} cm /I{n} Do Q "
    names = "".join(f"/I{n} {5 + n} 0 R" for n in range(len(cuts)))
    return raw(content, f"/XObject<<{names}>>", objects=[_image(cut) for cut in cuts])


def _fax_page() -> bytes:
    page = _page().convert("1", dither=Image.Dither.NONE)
    tiff = Image.open(io.BytesIO(saved(page, "TIFF", compression="group4")))
    tags = tiff.tag_v2  # type: ignore[attr-defined]
    data = saved(page, "TIFF", compression="group4", tiffinfo={278: page.height})
    again = Image.open(io.BytesIO(data)).tag_v2  # type: ignore[attr-defined]
    at, count = again[273][0], again[279][0]
    black = "true" if tags.get(262) == 1 else "false"
    return _scan(
        _image(
            page,
            f"/DecodeParms<</K -1/Columns {page.width}/Rows {page.height}/BlackIs1 {black}>>",
            data[at : at + count],
            "CCITTFaxDecode",
            "DeviceGray",
            1,
        ),
        "500 0 0 650 40 100",
    )


def _mask() -> bytes:
    import zlib

    page = _page().convert("1", dither=Image.Dither.NONE)
    content = stream(
        zlib.compress(page.tobytes()),
        f"/Type/XObject/Subtype/Image/ImageMask true/Width {page.width}/Height {page.height}/BitsPerComponent 1/Filter/FlateDecode",
    )
    return _scan(content, "500 0 0 650 40 100")


def _layered() -> bytes:
    page = drawn("RGB", (0, 0, 0), (255, 255, 255))
    text = (
        "3 Tr " + "".join(show(line, x=63, y=755 - 70 * n, size=22) for n, line in enumerate(_WORDS)) + "0 Tr"
    )
    return _scan(_image(page), "515 0 0 210 40 580", text)


def _negative_cmyk() -> bytes:
    none = Image.new("L", _page().size, 0)
    page = Image.merge("CMYK", (none, none, none, ImageOps.invert(_page().convert("L"))))
    return _scan(
        _image(page, "/Decode[1 0 1 0 1 0 1 0]", saved(page, "JPEG"), space="DeviceCMYK"),
        "500 0 0 650 40 100",
    )


def _both() -> bytes:
    return _scan(
        _image(_page()),
        "500 0 0 650 40 100",
        show("Case 1:23-cv-00456 Document 4 Filed 03/12/24 Page 1 of 1", x=100, y=820, size=9),
    )


_T = Image.Transpose
_DARK = ((230, 230, 230), (30, 30, 40))

CASES = [
    Case("ocrmypdf 668: a photo that its camera turned", "a.jpg", _turned(6, _T.ROTATE_90), has=_RIGHT),
    Case("rapidocr 564: a photo on its head", "a.jpg", _turned(3, _T.ROTATE_180), has=_RIGHT),
    Case("MinerU 4283: a photo in a mirror", "a.jpg", _turned(2, _T.FLIP_LEFT_RIGHT), has=_RIGHT),
    Case("tesseract: black alone of four inks", "a.jpg", _black_in_cmyk(), has=_RIGHT),
    Case("paperless: sixteen bits of grey", "a.png", _deep(), has=_RIGHT),
    Case("tesseract: black on nothing", "a.png", _on_clear((0, 0, 0)), has=_RIGHT),
    Case("tesseract: white on nothing", "a.png", _on_clear((255, 255, 255), (255, 255, 255)), has=_RIGHT),
    Case("pillow: a palette one colour of which is clear", "a.png", _palette(), has=_RIGHT),
    Case("pillow: grey with a clear ground", "a.png", saved(drawn("LA", (0, 255), (0, 0)), "PNG"), has=_RIGHT),
    Case("easyocr: light on dark", "a.png", saved(drawn("RGB", *_DARK), "PNG"), has=_RIGHT),
    Case("easyocr: grey on light grey", "a.png", saved(drawn("L", 170, 225), "PNG"), has=_RIGHT),
    Case("tesseract: letters of nine pixels", "a.png", saved(drawn(size=12, wide=300), "PNG"), has=_RIGHT),
    Case("markitdown: a moving picture", "a.gif", _frames("GIF"), has=["First slide of all"]),
    Case("markitdown: a moving picture of the web", "a.webp", _frames("WEBP", lossless=True), has=["First slide of all"]),
    Case("markitdown: a moving PNG", "a.png", _frames("PNG"), has=["First slide of all"]),
    Case("tika: a fax whose dots are high", "a.tif", _fax(), has=_RIGHT),
    Case("tika: frames of many kinds", "a.tif", _frames("TIFF", compression="tiff_lzw"), has=["First slide of all", "Second slide of all"]),
    Case("libheif: AVIF", "a.avif", saved(drawn("RGB", (0, 0, 0), (255, 255, 255)), "AVIF"), has=_RIGHT),
    Case("pillow: a photo of which the end is missing", "a.jpg", saved(drawn(), "JPEG")[:-1500], has=["Harbour office"], told="end of the picture is missing"),
    Case("pillow: a picture of one dot", "a.png", saved(Image.new("1", (1, 1)), "PNG"), lacks=["error"]),
    Case("pillow: a picture that is 12,000 dots wide", "a.png", saved(drawn("L", wide=12000, size=240), "PNG"), has=_RIGHT),
    Case("docling: a scan in strips", "a.pdf", _strips(), has=["The harbour office", "Line 7 of the page tells of the weir", "Line 11 of the page"]),
    Case("pdf.js: a fax in a page", "a.pdf", _fax_page(), has=["The harbour office", "Line 7 of the page", "Line 12 of the page"]),
    Case("docling: a scan as a mask for ink", "a.pdf", _mask(), has=["The harbour office", "Line 7 of the page", "Line 12 of the page"]),
    Case("pdf.js: a scan in four inks that are turned round", "a.pdf", _negative_cmyk(), has=["The harbour office", "Line 7 of the page"]),
    Case("paperless: a scan with a stamp of text at its top", "a.pdf", _both(), has=["Case 1:23-cv-00456", "The harbour office", "Line 12 of the page"]),
    Case("ocrmypdf: a scan that has been read before", "a.pdf", _layered(), has=_RIGHT, lacks=["Harbour office Harbour office"]),
    Case("docling: a scan on a turned page", "a.pdf", _scan(_image(_page().transpose(_T.ROTATE_90)), "650 0 0 500 100 40", page="/Rotate 90"), has=["The harbour office", "Line 7 of the page"]),
]  # fmt: skip
