# ruff: noqa: E501 (markup reads best on one line)
"""E-books, notebooks and pictures."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from schemas.errors import CorruptDocument, DocumentTooLarge
from services.parsing import parse
from services.parsing.images import pictures
from services.parsing.images.pictures import Looked
from tests.services.parsing import samples


def book(chapters: dict[str, str], spine: list[str]) -> bytes:
    items = "".join(f'<item id="{n}" href="{n}.xhtml" media-type="application/xhtml+xml"/>' for n in chapters)
    order = "".join(f'<itemref idref="{n}"/>' for n in spine)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Book</dc:title>'
        f"<dc:language>en</dc:language></metadata><manifest>{items}</manifest><spine>{order}</spine></package>"
    )
    return samples.zipped({
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="o/b.opf"/></rootfiles></container>',
        "o/b.opf": package,
        **{f"o/{n}.xhtml": f"<html><body>{content}</body></html>" for n, content in chapters.items()},
    })  # fmt: skip


def test_chapters_come_in_the_order_of_the_spine() -> None:
    document = parse(book({"a": "<h1>A</h1>", "b": "<h1>B</h1><p>x</p>"}, ["b", "a", "gone"]), "a.epub")

    assert document.markdown == "# B\n\nx\n\n# A\n"
    assert (document.title, document.language) == ("Book", "en")


def test_notebooks_keep_text_code_and_results() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "text"]},
        {
            "cell_type": "code",
            "source": "1 + 1",
            "outputs": [
                {"data": {"text/plain": ["2"]}},
                {"output_type": "error", "ename": "E", "evalue": "v"},
            ],
        },
    ]
    document = parse(
        json.dumps(
            {"cells": cells, "nbformat": 4, "metadata": {"language_info": {"name": "python"}}}
        ).encode(),
        "a.ipynb",
    )

    assert document.markdown == "# Title\ntext\n\n```python\n1 + 1\n```\n\n```\n2\n```\n\n```\nE: v\n```\n"
    assert document.title == "Title"


def test_a_broken_notebook_is_corrupt() -> None:
    with pytest.raises(CorruptDocument, match="JSON"):
        parse(b"{", "a.ipynb")


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40)) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", size, "white").save(held, kind)
    return held.getvalue()


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without OCR, which loads its models for seconds and has tests of its own."""
    monkeypatch.setattr(pictures, "looked_at", lambda picture: Looked("a white square", "words in it"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
@pytest.mark.usefixtures("unread")
def test_a_picture_is_described_by_kind_size_and_words(kind: str) -> None:
    document = parse(picture(kind), "scans/square.bin")

    assert document.markdown == f'![a white square](square.bin "{kind}, 60 × 40")\n\nwords in it\n'


def test_too_many_pixels_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 1000)

    with pytest.raises(DocumentTooLarge, match="60 × 40 pixels"):
        parse(picture(), "a.png")


@pytest.mark.usefixtures("unread")
def test_a_picture_in_a_document_stands_where_it_was_with_its_alternative_text() -> None:
    body = (
        '<w:p><w:r><w:t>before </w:t><w:drawing><wp:docPr descr="A duck"/><a:blip r:embed="i"/></w:drawing>'
        "<w:t> after</w:t></w:r></w:p>"
    )
    data = samples.docx(body, {"word/media/i.png": picture(size=(300, 200))}, {"i": ("image", "media/i.png")})

    assert (
        parse(data, "a.docx").markdown
        == 'before ![A duck](i.png "PNG, 300 × 200; text: words in it") after\n'
    )
