# ruff: noqa: E501 (markup reads best on one line)
"""E-books."""

from __future__ import annotations

from tests.services.parsing import samples
from tests.services.parsing.relatives.case import Case

_SPACES = "xmlns='http://www.w3.org/1999/xhtml' xmlns:epub='http://www.idpf.org/2007/ops'"


def page(body: str) -> str:
    return f"<html {_SPACES}><head><title>t</title></head><body>{body}</body></html>"


def book(
    chapters: dict[str, str], kind: str = "application/xhtml+xml", more: dict[str, str | bytes] | None = None
) -> bytes:
    items = "".join(f'<item id="c{n}" href="{name}" media-type="{kind}"/>' for n, name in enumerate(chapters))
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    parts: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="OEBPS/c.opf"/></rootfiles></container>',
        "OEBPS/c.opf": f"<package><metadata/><manifest>{items}</manifest><spine>{spine}</spine></package>",
        **{f"OEBPS/{name}": content for name, content in chapters.items()},
        **(more or {}),
    }
    return samples.zipped(parts)


_FICTION = """<?xml version="1.0" encoding="windows-1251"?><FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0" xmlns:l="http://www.w3.org/1999/xlink">
<description><title-info><author><last-name>Чехов</last-name></author><book-title>Паром</book-title><lang>ru</lang></title-info></description>
<body><title><p>Паром</p></title><section><title><p>Глава</p><p>первая</p></title><epigraph><p>Вода.</p></epigraph><p>Слова <emphasis>важные</emphasis>.<a l:href="#n1" type="note">[1]</a></p>
<section><title><p>Часть</p></title><poem><stanza><v>строка один</v><v>строка два</v></stanza></poem><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table></section></section></body>
<body name="notes"><section id="n1"><title><p>1</p></title><p>Сноска.</p></section></body><binary id="i" content-type="image/png">AAAA</binary></FictionBook>"""
_KEYS = "<encryption><EncryptedData><CipherData><CipherReference URI='OEBPS/{}'/></CipherData></EncryptedData></encryption>"

CASES = [
    Case("pages of pictures with words", "b.epub", book({"a.xhtml": page("<svg xmlns='http://www.w3.org/2000/svg'><text>Words in the picture</text></svg>")}), has=["Words in the picture"]),
    Case("a spine of drawings", "b.epub", book({"a.svg": "<svg xmlns='http://www.w3.org/2000/svg'><text>Page one</text></svg>"}, "image/svg+xml"), has=["Page one"]),
    Case("marks of notes that are not raised", "b.epub", book({"a.xhtml": page("<p>Text<a epub:type='noteref' href='#n'>1</a> goes on.</p><aside epub:type='footnote' id='n'><p>The note.</p></aside>")}),
         order=["Text[1] goes on.", "The note."]),
    Case("numbers of printed pages", "b.epub", book({"a.xhtml": page("<p>one <span epub:type='pagebreak' title='5'>5</span>two</p>")}), exact="one two"),
    Case("entities of its own", "b.epub", book({"a.xhtml": f"<?xml version='1.0'?><!DOCTYPE html [<!ENTITY mill 'Upper Mill'> <!ENTITY nbsp '&#160;'>]><html {_SPACES}><body><p>The &mill; &mdash; 1&nbsp;km</p></body></html>"}),
         exact="The Upper Mill — 1 km"),
    Case("entities that explode", "a.xhtml", ("<!DOCTYPE html [<!ENTITY a '" + "x" * 190 + "'>]><html><body><p>" + "&a;" * 9000 + "end</p></body></html>").encode(), has=["end"]),
    Case("a name with signs of percent", "b.epub", book({"Kapitel%201.xhtml": page("<h1>Eins</h1>")}), exact="# Eins"),
    Case("a FictionBook", "b.fb2", _FICTION.encode("cp1251"), order=["# Паром", "## Глава первая", "> Вода.", "Слова *важные*.", "### Часть", "строка один", "строка два", "Сноска."], rows=[["a", "b"], ["1", "2"]], lacks=["AAAA", "Чехов"]),
    Case("a FictionBook that is packed", "b.fb2.zip", samples.zipped({"b.fb2": _FICTION.encode("cp1251")}), has=["Слова"]),
    Case("an encrypted chapter", "b.epub", book({"a.xhtml": "\1\2\3"}, more={"META-INF/encryption.xml": _KEYS.format("a.xhtml")}), refused="encrypted (DRM)"),
    Case("encrypted fonts alone", "b.epub", book({"a.xhtml": page("<p>Open words</p>")}, more={"META-INF/encryption.xml": _KEYS.format("font.otf")}), exact="Open words"),
    Case("a FictionBook that says what it is about", "b.fb2", b"<FictionBook xmlns='http://www.gribuser.ru/xml/fictionbook/2.0'><description><title-info><book-title>Weirs</book-title><annotation><p>On <strong>gates</strong>.</p></annotation></title-info></description><body><section><title><p>One</p></title><p>It opens.</p></section></body></FictionBook>", order=["On **gates**.", "# One", "It opens."]),
]  # fmt: skip
