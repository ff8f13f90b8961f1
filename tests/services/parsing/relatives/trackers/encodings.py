# ruff: noqa: E501 (a text reads best on one line)
"""Short texts whose encoding other programs guess wrong."""

from __future__ import annotations

from tests.services.parsing.relatives.case import Case


def _in(number: str, encoding: str, text: str, file: str = "a.txt") -> Case:
    return Case(f"{number} in {encoding}", file, text.encode(encoding), exact=text)


_STRAY = b"A" * 2048 + b"\n\x81 \xfe\n" + b"A" * 2048 + b"\n\x9d \xff \x8f \xfc\n"

CASES = [
    _in("charset_normalizer 12", "utf-8", "héllo world!\n"),
    _in("charset_normalizer 371", "cp1251", "Bсеки човек има право на образование."),
    _in("charset_normalizer 633", "utf-8", "▶hello"),
    _in("charset_normalizer 633", "utf-16", "▶hello"),
    _in("charset_normalizer 62", "ascii", "g4UsPJdfzNkGW2jwmKDGDilKGKYtpF2X.mx3MaTWL1tL7CNn5U7DeCcodKX7S3lwwJPKNjBT8etY"),
    Case("charset_normalizer 32: one letter in a long table", "a.csv", ("id,place,note\n" + "1,Abidjan,quiet\n" * 200 + "2,Côte,loud\n").encode(), rows=[["2", "Côte", "loud"]]),
    _in("charset_normalizer 672", "cp1250", "Ovo je tekst na srpskom jeziku. Čuvar otvara branu svakog jutra u sedam časova i beleži nivo vode; šuma, đak, ćup, žaba."),
    _in("charset_normalizer 571", "iso8859-2", "Výška vody v řece stoupla během noci a hlídač zavřel šoupě. Kůň běžel přes most; žádná škoda nevznikla."),
    _in("troubadix 595", "latin-1", "Das Paket wurde geprüft.\n"),
    _in("UTF-unknown 42", "cp1252", "Ålesund og Åsane ligger ved kysten, og Ås ligger lenger inne."),
    _in("chardet 185", "utf-8", "Carter’s Janitorial"),
    _in("chardet 96", "latin-1", "(le 8 mars), la séance est levée à midi et demi \npassée de peu.\n\n- les membres présents : le maire, à droite, et la secrétaire\n\n- les décisions prises : le budget est voté\n"),
    _in("cChardet 24", "cp1251", "@1 = ~Привет, путник!~\n@2 = ~Что тебе нужно?~\n@3 = ~Уходи.~\n", "dialog.tra"),
    _in("cChardet 101", "cp1250", "ŚLIMOK idzie do lasu. ŚWIAT jest duży, a źródło czyste; Święto trwa."),
    _in("jschardet 48", "utf-8", '#!/bin/sh\n\nfoo() {\n\techo "starting …"\n}\n', "a.sh"),
    _in("vscode 131258", "latin-1", "Se você não souber, peça ajuda. Você pode também ligar amanhã.\n"),
    _in("vscode 24195", "iso8859-15", "Le prix est de 12 € l'unité, livré à domicile; la main d'œuvre n'est pas comprise.\n"),
    _in("jschardet 34", "gbk", "你好，世界"),
    _in("Notepad3 5365", "gb18030", "破解说明\r\n一、安装原版软件，先不要运行。\r\n二、复制文件到安装目录，覆盖即可。\r\n"),
    _in("SMB-Utility 1", "cp932", "// ビューで敵を表示するためにスプライトRAMにデータを書き込むルーチン\nint main(void) { return 0; }\n", "a.c"),
    Case("openclaw 92687: stray bytes in a long line", "a.txt", _STRAY, has=["A" * 2048]),
    _in("vscode 27419", "utf-8", 'property:\n  summary: "Spécifications Swagger"\n', "a.yaml"),
    Case("html: a charset by an old name", "a.html", "<meta charset='iso-8859-9'><p>Şehrin ışıkları güzel görünür.</p>".encode("cp1254"), has=["Şehrin ışıkları güzel görünür."]),
    Case("html: Japanese with the letters of Windows", "a.html", "<meta charset='windows-31j'><p>髙橋さんの水車は①番です。</p>".encode("cp932"), has=["髙橋さんの水車は①番です。"]),
    _in("one letter", "cp1252", "naïve"),
    _in("signs alone", "cp1252", "Temperature: 20°C ± 2"),
    _in("a price", "gbk", "价格：￥100"),
    _in("a box", "cp437", "┌──────┐\n│ Gate │\n└──────┘\n"),
    _in("charset_normalizer 371", "cp1252", "Bonjour, je suis à la recherche d'une aide sur les étoiles"),
    _in("charset_normalizer 633", "utf-32", "▶hello"),
    _in("charset_normalizer 477", "latin-1", "Maintainer: Jürgen Klöster <jk@example.org>\nDescription: opens the gate\n"),
    _in("charset_normalizer 365", "gbk", "下载说明：请先解压缩，再运行安装程序。如有问题请联系管理员。"),
    _in("uchardet 40", "utf-8", "English text with a right single quote (U+2019) instead of an apostrophe shouldn’t\r\nbe mistaken for something else."),
    _in("chardet 132", "cp1251", "заказ 1\nШлюзовая плита, 2 шт.\nДоставка до склада\n"),
    _in("vscode 33720", "utf-8", "Created on: 2017年9月2日\n测\n"),
    _in("vscode 172798", "cp852", "Příliš žluťoučký kůň úpěl ďábelské ódy. Hlídač zavírá stavidlo každý večer.\n"),
    _in("UTF-unknown 143", "gb2312", "中文编码检测测试文件。"),
    _in("fresh 947", "gb18030", "水闸每天早上七点打开，晚上关闭。\n" * 600 + "骑🚲来的人㐀。\n"),
    _in("charset_normalizer 174", "utf-8", 'msgid "Save the settings of this page"\nmsgstr "Uložit nastavení"\n\nmsgid "Name"\nmsgstr "Jméno"\n', "a.po"),
    Case("obscura 565: a charset of data", "a.html", '<html><head><meta data-charset="shift_jis" name=x></head><body><p>Größe der Mühle</p></body></html>'.encode("cp1252"), has=["Größe der Mühle"]),
    Case("FlexSlider 1759: a meta that says it wrong", "a.html", '<meta content="charset=utf-8"><p>Größe – “quoted”</p>'.encode("cp1252"), has=["Größe – “quoted”"]),
    Case("vscode 22564: a table in UTF-16 without a mark", "a.csv", "Ort\tPegel\r\nGröße\t2,1\r\nMühle\t3,4\r\n".encode("utf-16-le"), rows=[["Ort", "Pegel"], ["Mühle", "3,4"]]),
    Case("genoffice 438: Chinese in UTF-16 without a mark", "a.csv", "名称,水位\r\n上闸,2.1\r\n下闸,3.4\r\n".encode("utf-16-be"), rows=[["名称", "水位"], ["上闸", "2.1"]]),
    Case("hledger 2189: a mark within a table", "a.csv", ("\ufeffdate,amount\n2024-01-01,5\n\ufeff2024-01-02,7\n").encode(), rows=[["date", "amount"], ["2024-01-01", "5"], ["2024-01-02", "7"]], lacks=["\ufeff"]),
    Case("xml: says UTF-8 and is Latin-1", "a.xml", '<?xml version="1.0" encoding="UTF-8"?>\n<a><b>Größe der Mühle über dem Fluß</b></a>\n'.encode("latin-1"), has=["Größe der Mühle über dem Fluß"]),
    Case("Chrome-Charset 19: a page that is not what it says", "a.html", '<html><head><meta charset="utf-8"></head><body><p>Příliš žluťoučký kůň úpěl ďábelské ódy, řekl hlídač.</p></body></html>'.encode("cp1250"), has=["Příliš žluťoučký kůň"]),
    _in("capitals", "cp1251", "ПРИВЕТ МИР"),
    _in("capitals", "koi8-r", "ВНИМАНИЕ: ШЛЮЗ ЗАКРЫТ"),
    _in("Hebrew", "cp862", "הסכר נפתח בכל בוקר בשעה שבע ונסגר בערב. השומר רושם את גובה המים."),
    _in("jschardet 100", "cp1252", "ça me fait rire"),
    _in("charlock_holmes 141", "utf-16-le", "Шлюз открывают утром и закрывают вечером.\nУровень записывают в книгу.\n"),
    _in("Persian", "cp1256", "صبح بخير، پدر"),
    _in("French", "mac-roman", "name;note\n1;Réponse envoyée hier\n2;plain words of it\n3;more\n"),
]  # fmt: skip
