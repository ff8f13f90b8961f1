# ruff: noqa: E501 (markup reads best on one line)
"""Texts in many encodings and languages, and files that say the wrong one or none."""

from __future__ import annotations

from tests.services.parsing.relatives.case import Case

_TEXTS = {
    "turkish cp1254": (
        "cp1254",
        "Şehrin ışıkları geceleri nehrin üzerinde güzel görünür; çocuklar köprüde oynar.",
    ),
    "greek cp1253": (
        "cp1253",
        "Η πύλη ανοίγει το πρωί και κλείνει το βράδυ, όταν ο φύλακας σημειώνει τη στάθμη.",
    ),
    "greek iso-8859-7": ("iso-8859-7", "Το ποτάμι ανέβηκε χθες το βράδυ και το νερό έφτασε στη γέφυρα."),
    "ukrainian cp1251": (
        "cp1251",
        "Вода в річці піднялася вночі, і сторож зачинив ворота. Їхній міст закрито.",
    ),
    "ukrainian koi8-u": (
        "koi8-u",
        "Вода в річці піднялася вночі, і сторож зачинив ворота. Її рівень записано в книзі.",
    ),
    "bulgarian cp1251": (
        "cp1251",
        "Водата в реката се покачи през нощта и пазачът затвори вратата на моста.",
    ),
    "russian iso-8859-5": (
        "iso-8859-5",
        "Сторож открывает ворота утром и закрывает их ночью, когда записывает уровень воды.",
    ),
    "serbian cp1251": (
        "cp1251",
        "Вода у реци је порасла током ноћи и чувар је затворио капију. Његова књига је пуна.",
    ),
    "hungarian cp852": (
        "cp852",
        "A folyó vízszintje éjszaka megemelkedett, ezért az őr bezárta a hídnál lévő kaput.",
    ),
    "slovak cp1250": (
        "cp1250",
        "Hladina rieky v noci stúpla, preto strážca zatvoril bránu a zapísal výšku vody do knihy.",
    ),
    "romanian iso-8859-2": (
        "iso-8859-2",
        "Apa râului a crescut în timpul nopþii, iar paznicul a închis poarta de la pod.".replace("þ", "ţ"),
    ),
    "croatian cp1250": (
        "cp1250",
        "Razina rijeke noću je porasla, pa je čuvar zatvorio vrata i upisao visinu vode u knjigu. Šuma je čista.",
    ),
    "lithuanian cp1257": (
        "cp1257",
        "Naktį upės vanduo pakilo, todėl sargas uždarė vartus ir įrašė lygį į knygą. Žmonės laukė.",
    ),
    "estonian cp1257": (
        "cp1257",
        "Öösel tõusis jõe vesi kõrgele ja valvur sulges värava ning märkis taseme raamatusse üles.",
    ),
    "swedish latin-1": (
        "latin-1",
        "Vattnet steg under natten och vakten stängde luckan vid älven. Åskan går.",
    ),
    "french cp850": (
        "cp850",
        "Le niveau de la rivière a monté pendant la nuit et le gardien a fermé l'écluse près du château.",
    ),
    "portuguese cp1252": (
        "cp1252",
        "“A água subiu” – disse o guarda; não há ligação até amanhã. São 25 € por pessoa.",
    ),
    "icelandic latin-1": (
        "latin-1",
        "Vatnið í ánni hækkaði um nóttina og vörðurinn lokaði hliðinu. Það er þungt.",
    ),
    "arabic cp1256": (
        "cp1256",
        "ارتفع منسوب النهر في الليل وأغلق الحارس البوابة عند الجسر وكتب المستوى في الدفتر.",
    ),
    "thai cp874": ("cp874", "ระดับน้ำในแม่น้ำสูงขึ้นในเวลากลางคืน และผู้ดูแลปิดประตูที่สะพาน"),
    "chinese big5": ("big5", "河水在夜裡上漲,守門人關上了橋邊的水閘,並在簿子裡記下水位。"),
    "korean cp949": ("cp949", "밤사이 강물이 불어나서 관리인이 다리 옆 수문을 닫고 수위를 기록했다."),
    "japanese iso-2022-jp": ("iso-2022-jp", "夜のうちに川の水位が上がり、番人は橋のそばの水門を閉めた。"),
    "german utf-16be without mark": (
        "utf-16-be",
        "Der Wärter schließt das Tor am Abend und schreibt den Pegel in das Buch.",
    ),
    "german utf-32le with mark": ("utf-32", "Der Wärter schließt das Tor am Abend und schreibt den Pegel."),
}

CASES = [
    *(Case(name, "note.txt", text.encode(encoding), exact=text) for name, (encoding, text) in _TEXTS.items()),
    Case("a utf-8 file that was cut within a letter", "cut.txt", "Der Pegel fällt, das Tor schließt sich für Gäste am Fluß".encode()[:-1],
         has=["Der Pegel fällt, das Tor schließt sich für Gäste am Flu"]),
    Case("a page that calls cp1252 iso-8859-1", "page.html",
         "<html><head><meta charset=iso-8859-1></head><body><p>“Too late” – 25 €</p></body></html>".encode("cp1252"), has=["“Too late” – 25 €"]),
    Case("a page that calls itself utf-8 and is not", "page.html",
         "<html><head><meta charset=utf-8></head><body><p>Das Tor schließt früh, sagt der Wärter am Fluß.</p></body></html>".encode("latin-1"),
         has=["Das Tor schließt früh, sagt der Wärter am Fluß."]),
    Case("a page whose transport knows better", "page.html", "<html><body><p>Žluťoučký kůň úpěl</p></body></html>".encode("cp1250"),
         has=["Žluťoučký kůň úpěl"], content_type="text/html; charset=windows-1250"),
    Case("a csv file in cp1250", "stav.csv", "Město;Hladina\r\nPlzeň;4,2\r\nČeské Budějovice;3,1\r\nÚstí nad Labem;2,8\r\n".encode("cp1250"),
         rows=[["České Budějovice", "3,1"]]),
    Case("subtitles in latin-1", "film.srt", "1\r\n00:00:01,000 --> 00:00:02,000\r\nOù étais-tu, mon frère?\r\n".encode("latin-1"), has=["Où étais-tu, mon frère?"]),
]  # fmt: skip
