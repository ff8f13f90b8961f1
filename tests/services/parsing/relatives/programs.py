# ruff: noqa: E501 (markup reads best on one line)
"""Files of less common programs, pictures of all kinds, and files that are no documents."""

from __future__ import annotations

import io

from PIL import Image

from tests.services.parsing import samples
from tests.services.parsing.pdf.conftest import Sheet
from tests.services.parsing.relatives.case import Case

_TYPES = {"[Content_Types].xml": "<Types/>"}
_HP = "xmlns:hp='http://www.hancom.co.kr/hwpml/2011/paragraph'"


def _picture(kind: str) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (64, 32), (200, 10, 10)).save(held, kind)
    return held.getvalue()


def _preview() -> bytes:
    sheet = Sheet()
    sheet.text(72, 100, "Words of the preview")
    return sheet.data()


def _hp(text: str) -> str:
    return f"<hp:p><hp:run><hp:t>{text}</hp:t></hp:run></hp:p>"


CASES = [
    Case("a drawing of Visio", "p.vsdx",
         samples.zipped({**_TYPES, "visio/document.xml": "<x/>", "visio/pages/page2.xml": "<PageContents><Shape><Text>Second</Text></Shape></PageContents>",
                         "visio/pages/page1.xml": "<PageContents><Shape><Text>Plan of <cp IX='0'/>the gate</Text></Shape></PageContents>"}), order=["Plan of the gate", "Second"]),
    Case("pages of XPS", "p.xps",
         samples.zipped({**_TYPES, "FixedDocSeq.fdseq": "<x/>", "Documents/1/Pages/1.fpage":
                         "<FixedPage><Glyphs UnicodeString='below' OriginX='10' OriginY='40'/><Glyphs UnicodeString='right' OriginX='90' OriginY='20'/><Glyphs UnicodeString='left' OriginX='10' OriginY='20'/></FixedPage>"}),
         order=["left right", "below"]),
    Case("a text of Hancom", "h.hwpx",
         samples.zipped({"mimetype": "application/hwp+zip", "META-INF/container.xml": "<container/>", "Contents/section0.xml":
                         f"<hs:sec xmlns:hs='s' {_HP}>{_hp('수문 규칙')}<hp:p><hp:run><hp:tbl><hp:tr><hp:tc>{_hp('문')}</hp:tc><hp:tc>{_hp('회')}</hp:tc></hp:tr><hp:tr><hp:tc>{_hp('북')}</hp:tc><hp:tc>{_hp('17')}</hp:tc></hp:tr></hp:tbl></hp:run></hp:p></hs:sec>"}),
         has=["수문 규칙"], rows=[["문", "회"], ["북", "17"]]),
    Case("the preview of Pages", "p.pages", samples.zipped({"Index/Document.iwa": b"\0\x10", "QuickLook/Preview.pdf": _preview()}), has=["Words of the preview"], told="preview"),
    Case("Pages without a preview", "p.pages", samples.zipped({"Index/Document.iwa": b"\0\x10", "preview.jpg": _picture("JPEG")}), refused="export it as PDF"),
    Case("Pages of 2009", "p.pages",
         samples.zipped({"buildVersionHistory.plist": "<plist/>", "index.xml": "<sl:document xmlns:sl='l' xmlns:sf='f'><sf:p>Old words</sf:p></sl:document>"}), exact="Old words"),
    Case("a formula of OpenDocument", "f.odf",
         samples.zipped({"mimetype": "application/vnd.oasis.opendocument.formula", "content.xml": "<math xmlns='http://www.w3.org/1998/Math/MathML'><mfrac><mi>a</mi><mi>b</mi></mfrac></math>"}), exact=r"$\frac{a}{b}$"),
    Case("an encrypted text of OpenDocument", "e.odt",
         samples.zipped({"mimetype": "application/vnd.oasis.opendocument.text", "META-INF/manifest.xml": "<m:manifest xmlns:m='m'><m:encryption-data/></m:manifest>", "content.xml": b"\x93\x12\xff"}), refused="encrypted with a password"),
    *(Case(f"a picture in {kind}", f"a.{suffix}", _picture(kind), has=[f"{kind}, 64 × 32"])
      for kind, suffix in (("JPEG2000", "jp2"), ("PPM", "ppm"), ("PCX", "pcx"), ("AVIF", "avif"))),
    *(Case(f"{name} is named", f"a.{suffix}", data + b"\0" * 100, refused=name)
      for name, suffix, data in (("MP3 audio", "mp3", b"ID3\3"), ("WAV audio", "wav", b"RIFF\x24\0\0\0WAVEfmt "), ("MP4 audio or video", "mp4", b"\0\0\0\x18ftypisom"), ("7-Zip archive", "7z", b"7z\xbc\xaf\x27\x1c"),
                                 ("RAR archive", "rar", b"Rar!\x1a\x07\1"), ("SQLite database", "db", b"SQLite format 3"), ("OneNote", "one", b"\xe4\x52\x5c\x7b"), ("Windows icon", "ico", b"\0\0\1\0"), ("Kindle book", "mobi", b"\0" * 60 + b"BOOKMOBI"))),
]  # fmt: skip
