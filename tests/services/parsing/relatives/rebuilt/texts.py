# ruff: noqa: E501 (a text reads best on one line)
"""Texts in many encodings, tables and notebooks that other programs read wrong."""

from __future__ import annotations

import json
from typing import Any

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.reported import code


def case(name: str, data: str | bytes, file: str = "a.html", **right: Any) -> Case:
    return Case(name, file, data if isinstance(data, bytes) else data.encode(), **right)


def _text(name: str, data: str | bytes, file: str = "a.txt", **right: Any) -> Case:
    return case(name, data, file, **right)


def _in(language: str, text: str, encoding: str) -> Case:
    return _text(f"{language} in {encoding}", text.encode(encoding), has=[text])


def _same(file: str, text: str) -> Case:
    """A text that stays as it is."""
    return _text(f"unchanged {file}", text, file, exact=text)


def _notebook(*cells: dict[str, Any], **metadata: Any) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}).encode()


def _markdown(source: str | list[str]) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def _shows(**data: Any) -> dict[str, Any]:
    """An output; `text_html` stands for the type `text/html`."""
    forms = {name.replace("_", "/", 1).replace("plus", "+"): value for name, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": forms}


_ENCODINGS = [
    _in("French", "Bonjour, ça va très bien. Le café est déjà prêt.", "latin-1"),
    _in("short French", "café très à Paris", "latin-1"),
    _in("short German", "Schütz größer, Übermaß", "cp1252"),
    _in("Turkish", "Su değirmeninin kapağı her sabah yedide açılır ve akşam kapatılır. Bekçi suyun yüksekliğini deftere yazar.", "cp1254"),
    _in("Turkish old", "İstanbul'da güneşli bir gün; değirmen çalışıyor, kapı açık.", "iso8859-9"),
    _in("Greek", "Ο νερόμυλος ανοίγει κάθε πρωί στις επτά και κλείνει το βράδυ.", "cp1253"),
    _in("Greek old", "Η πύλη είναι ανοιχτή. Ο φύλακας γράφει τη στάθμη του νερού στο βιβλίο.", "iso8859-7"),
    _in("Hungarian", "A zsilipet minden reggel hét órakor nyitják, és este zárják. Az őr a vízállást egy könyvbe írja, űrhajó.", "cp1250"),
    _in("Hungarian old", "A zsilipet minden reggel hétkor nyitják. Az őr könyvbe írja a víz szintjét, fűrész.", "iso8859-2"),
    _in("Romanian", "Stăvilarul se deschide în fiecare dimineață la ora șapte și se închide seara.".replace("ț", "ţ").replace("ș", "ş"), "cp1250"),
    _in("Croatian", "Zapornica se otvara svako jutro u sedam sati, a zatvara navečer. Čuvar bilježi razinu vode u knjigu. Đak uči.", "cp1250"),
    _in("Slovak", "Stavidlo sa otvára každé ráno o siedmej a večer sa zatvára. Strážca zapisuje výšku vody do knihy. Ľudia, ŕ.", "cp1250"),
    _in("Latvian", "Slūžas atver katru rītu septiņos un aizver vakarā. Sargs ieraksta ūdens līmeni grāmatā, ķēde, ģimene.", "cp1257"),
    _in("Lithuanian", "Šliuzas atidaromas kiekvieną rytą septintą valandą ir uždaromas vakare. Sargas įrašo vandens lygį į knygą, ąžuolas.", "cp1257"),
    _in("Estonian", "Lüüs avatakse igal hommikul kell seitse ja suletakse õhtul. Valvur kirjutab veetaseme raamatusse; šokolaad.", "cp1257"),
    _in("Ukrainian", "Шлюз відчиняють щоранку о сьомій і зачиняють увечері. Сторож записує рівень води в книгу. Її ґанок є тут.", "cp1251"),
    _in("Bulgarian", "Шлюзът се отваря всяка сутрин в седем часа и се затваря вечер. Пазачът записва нивото на водата.", "cp1251"),
    _in("Russian KOI8", "Шлюз открывают каждое утро в семь часов и закрывают вечером.", "koi8-r"),
    _in("Ukrainian KOI8", "Шлюз відчиняють щоранку о сьомій, його зачиняють увечері. Є їжа.", "koi8-u"),
    _in("Russian of the Mac", "Шлюз открывают каждое утро в семь часов и закрывают вечером. Сторож записывает уровень воды.", "mac-cyrillic"),
    _in("Russian ISO", "Шлюз открывают каждое утро в семь часов и закрывают вечером. Сторож записывает уровень воды.", "iso8859-5"),
    _in("Arabic", "تفتح البوابة كل صباح في الساعة السابعة وتغلق في المساء. يكتب الحارس مستوى الماء في الكتاب.", "cp1256"),
    _in("Arabic ISO", "تفتح البوابة كل صباح في الساعة السابعة وتغلق في المساء.", "iso8859-6"),
    _in("Persian", "دروازه هر روز صبح ساعت هفت باز می شود و شب بسته می شود. نگهبان سطح آب را در کتاب می نویسد. پنج چهار گاو.".replace("ی", "ي"), "cp1256"),
    _in("Hebrew ISO", "השער נפתח בכל בוקר בשעה שבע ונסגר בערב.", "iso8859-8"),
    _in("Thai", "ประตูน้ำเปิดทุกเช้าเวลาเจ็ดนาฬิกาและปิดในตอนเย็น", "cp874"),
    _in("Japanese", "水門は毎朝七時に開けられ、夕方に閉められる。ｶﾀｶﾅも。", "cp932"),
    _in("Japanese short EUC", "会議室を予約した。", "euc-jp"),
    _in("Chinese short", "水闸已打开。", "gbk"),
    _in("Chinese traditional", "水閘每天早上七點打開，晚上關閉。", "big5"),
    _in("Korean", "수문은 매일 아침 일곱 시에 열리고 저녁에 닫힌다.", "cp949"),
    _in("DOS German", "Das Schütz wird um sieben geöffnet, größer als früher, über Nacht geschlossen.", "cp850"),
    _in("DOS French", "La vanne est ouverte à sept heures, fermée le soir; l'été dernier, ça a marché, même très bien.", "cp850"),
    _in("Mac French", "La vanne est ouverte à sept heures et fermée le soir; l’été dernier, ça a marché.", "mac-roman"),
    _in("Mac German", "Das Schütz wird um sieben geöffnet. Größere Fehler gab es nie, über Jahre.", "mac-roman"),
    _in("Polish DOS", "Śluzę otwiera się każdego ranka o siódmej, a zamyka wieczorem. Dozorca zapisuje poziom wody w księdze.", "cp852"),
    _in("Icelandic", "Lokunni er lokað á kvöldin og hún opnuð á morgnana klukkan sjö. Það er gott, þú ættir að sjá.", "cp1252"),
    _in("Euro and quotes", "He said “the gate” costs €5 – it’s open… ™", "cp1252"),
    _in("Portuguese", "A comporta é aberta às sete da manhã. Não há erros; avó e avô, coração.", "latin-1"),
    _in("Polish Windows", "Śluzę otwiera się każdego ranka o siódmej, a zamyka wieczorem; źdźbło, łąka.", "cp1250"),
]  # fmt: skip
_TEXTS = [
    _text("twice encoded", "Größe über alles, naïve café".encode().decode("cp1252").encode(), has=["GrÃ¶ÃŸe"]),
    _text("a mark in each part", "\ufeffOne\n\ufeffTwo\n".encode(), has=["One", "Two"]),
    _text("UTF-16 with a mark and odd length", "\ufeffThe gate is open.\n".encode("utf-16-le") + b"\n", has=["The gate is open."]),
    _text("UTF-16 of Chinese with a mark", "\ufeff水闸已打开。\n".encode("utf-16-be"), has=["水闸已打开。"]),
    _text("UTF-16 of Russian without a mark", ("Шлюз открывают утром. " * 5).encode("utf-16-le"), has=["Шлюз открывают утром."]),
    _text("UTF-16 of Japanese without a mark", ("水門は毎朝七時に開けられ、\n" * 5).encode("utf-16-le"), has=["水門は毎朝七時に"]),
    _text("surrogates as bytes", b"Smile \xed\xa0\xbd\xed\xb8\x80 here, gr\xc3\xb6\xc3\x9fer\n", has=["Smile", "here, größer"]),
    _text("a single bad byte in Japanese", "水門は毎朝七時に開けられる。".encode() + b"\xff" + "夕方に閉められる。".encode(), has=["水門は毎朝七時に開けられる。", "夕方に閉められる。"]),
    _text("two encodings in one log", "Größe\n".encode() * 3 + "Größe\n".encode("cp1252"), has=["Größe Größe Größe Größe"]),
    _text("NEL and line separators", "One\u0085Two\u2028Three\u2029Four\n", has=["One", "Two", "Three", "Four"]),
    _text("vertical tabs and form feeds", "One\x0bTwo\x0cThree\n", has=["One", "Two", "Three"]),
    _text("spaces after commas and quotes", 'a, b, c\n1, "x, y", 3\n', "a.csv", rows=[["a", "b", "c"], ["1", "x, y", "3"]]),
    _text("tabs in a csv", "a\tb\n1,5\t2,5\n3,5\t4,5\n", "a.csv", rows=[["1,5", "2,5"]]),
    _text("quoted lines with semicolons", 'id;note\n1;"line one\nline two, with, commas"\n2;"x"\n', "a.csv", rows=[["id", "note"], ["2", "x"]], has=["line two, with, commas"]),
    _text("comments before a table", "# Levels of 2024\n# Source: the mill\ngate,level\nupper,2.1\nlower,1.4\n", "a.csv", rows=[["gate", "level"], ["upper", "2.1"]], has=["Levels of 2024"]),
    _text("a carriage return in a head", 'id,"a\rb"\n1,2\n', "a.csv", rows=[["1", "2"]], has=["a", "b"]),
    _text("lines that end with CR alone", "a,b\r1,2\r3,4\r", "a.csv", rows=[["a", "b"], ["1", "2"], ["3", "4"]]),
    _text("a table in UTF-16 with tabs", "\ufeffName\tLevel\nMüller\t2,1\n".encode("utf-16-le"), "a.csv", rows=[["Name", "Level"], ["Müller", "2,1"]]),
    _text("quotes in the midst of a cell", 'a,b\n5" pipe,7\n6" pipe,8\n', "a.csv", rows=[['5" pipe', "7"], ['6" pipe', "8"]]),
    _text("blank columns and thousands", 'a,,c\n"1,234",,x\n"5,678",,y\n', "a.csv", rows=[["1,234", "", "x"]]),
    _text("colons as delimiters", "root:x:0\nann:x:1\nbob:x:2\n", "a.csv", has=["root", "ann"]),
    _text("markup in cells", "a,b\n<b>x</b>,* y\n[l](u),# z\n", "a.csv", has=["<b>x</b>", "# z"], rows=[["a", "b"]]),
    _text("po in its own charset", 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=ISO-8859-2\\n"\n\nmsgid "gate"\nmsgstr "Śluza"\n'.encode("iso-8859-2"), "a.po", has=["Śluza"]),
    _text("a declaration of Python", "# -*- coding: latin-1 -*-\nname = 'Größe'\n".encode("latin-1"), "a.py", has=["Größe"]),
    _text("a declaration of Python in Japanese", "# coding: cp932\nname = '門'\n".encode("cp932"), "a.py", has=["'門'"]),
    _text("a declaration of a sheet of style", "@charset \"windows-1251\";\n.a::before { content: 'шлюз' }\n".encode("cp1251"), "a.css", has=["шлюз"]),
    _text("a declaration of XML", "<?xml version=\"1.0\" encoding=\"ISO-8859-2\"?>\n<gate name=\"Śluza\"/>\n".encode("iso-8859-2"), "a.xml", has=["Śluza"]),
    _text("a declaration of LaTeX", "\\usepackage[latin2]{inputenc}\nŚluza\n".encode("iso-8859-2"), "a.tex", has=["Śluza"]),
    _text("a mode line of an editor", "Śluza\nłąka\n# vim: set fileencoding=iso-8859-2 :\n".encode("iso-8859-2"), "a.txt", has=["Śluza łąka"]),
]  # fmt: skip
_NOTEBOOKS = [
    _text("a traceback", _notebook(code("f()", {"output_type": "error", "ename": "ValueError", "evalue": "gate 7 is shut", "traceback": ["\x1b[0;31mTraceback\x1b[0m", "  File a.py, line 3, in deep_call"]})), "a.ipynb", has=["ValueError: gate 7 is shut"], lacks=["\x1b"]),
    _text("a picture of SVG with words", _notebook(code("g", _shows(image_svgplusxml=["<svg><text>Weir level</text></svg>"], text_plain="<Figure size 1x1>"))), "a.ipynb", lacks=["<svg"], has=["g"]),
    _text("pages with words and script", _notebook(code("g", _shows(text_html="<script>var a=1</script><p>Shown words</p>", text_plain="<IPython.core.display.HTML object>"))), "a.ipynb", has=["Shown words"], lacks=["var a"]),
    _text("cells that are switched off", _notebook(_markdown("# Top"), {"cell_type": "raw", "metadata": {"format": "text/latex"}, "source": "\\section{x}"}, _markdown(["a\n", "b"])), "a.ipynb", order=["# Top", "\\section{x}", "a b"]),
    _text("magic and a shell", _notebook(code("%%bash\nls -l\n"), code("!pip install weir"), kernelspec={"language": "python"}), "a.ipynb", has=["%%bash", "!pip install weir"]),
    _text("a notebook of Colab with a form", _notebook({"cell_type": "code", "metadata": {"cellView": "form"}, "source": ["#@title Gates { run: \"auto\" }\n", "x = 1 #@param"], "outputs": [], "execution_count": None}), "a.ipynb", has=["Gates", "x = 1"]),
    _text("a table as markdown and page", _notebook(code("t", _shows(text_markdown="| a | b |\n|---|---|\n| 1 | 2 |", text_html="<table><tr><td>1</td></tr></table>", text_plain="Table"))), "a.ipynb", rows=[["1", "2"]]),
    _text("latex and plain", _notebook(code("t", _shows(text_latex="$\\frac{1}{2}$", text_plain="1/2"))), "a.ipynb", has=["\\frac{1}{2}"]),
    _text("json data of a display", _notebook(code("t", _shows(application_json={"gate": "upper", "level": 2.1}, text_plain="<IPython.core.display.JSON object>"))), "a.ipynb", has=["upper"]),
    _text("javascript only", _notebook(code("t", _shows(application_javascript="alert('x')", text_plain="<IPython.core.display.Javascript object>")), _markdown("After.")), "a.ipynb", has=["After."], lacks=["alert"]),
]  # fmt: skip
_UNCHANGED = [
    _same("a.srt", "1\r\n00:00:01,000 --> 00:00:05,000\r\n<i>Größe</i>\r\n\r\n"),
    _same("a.vtt", "WEBVTT\n\nNOTE x\n\n00:01.000 --> 00:05.000\n<v Ann>Größe</v>\n"),
    _same("a.po", 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "gate"\nmsgstr "Tor größe"\n'),
    _same("a.bib", "@book{a, title={Größe}}\n"),
    _same("a.xliff", "<?xml version='1.0'?><xliff><trans-unit id='1'><source>Gate</source><target>Größe</target></trans-unit></xliff>\n"),
    _same("a.mustache", "<!DOCTYPE html><html><body>{{#gates}}<li>{{name}} Größe</li>{{/gates}}</body></html>\n"),
    _same("a.rst", "Größe\n=====\n\n.. note:: x\n"),
    _same("a.opml", "<?xml version='1.0'?><opml><body><outline text='Gates'/></body></opml>\n"),
    _same("a.ass", "[Events]\nDialogue: 0,0:00:01.00,0:00:05.00,Default,,0,0,0,,Größe\n"),
    _same("README", "# Top\n\nGröße\n"),
    _same("LICENSE", "Copyright Größe\n"),
    _same("a.jsonl", '{"a": "Größe"}\n{"a": 2}\n'),
    _same("a.svg", "<svg xmlns='http://www.w3.org/2000/svg'><text>Größe</text></svg>\n"),
]  # fmt: skip
CASES = [*_ENCODINGS, *_TEXTS, *_NOTEBOOKS, *_UNCHANGED]
