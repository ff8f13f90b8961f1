# ruff: noqa: E501 (a text reads best on one line)
"""Sentences that do not end, and what must stay whole within a line."""

from __future__ import annotations

from tests.services.chunking.rebuilt.text import Text, many

CASES = [
    Text("corenlp 380 german.txt", many(20, "Die Mannschaft stieg am %i. Mai in die 1. Bundesliga auf, wie der FC im 19. Jahrhundert. "), size=400, not_after=["1.", "19.", *[f"{n}." for n in range(10, 30)]]),
    Text("textlint 6.txt", many(20, "this is a 33.%i pct. pen. cool? cool... He paid 1.000.%i,50 EUR for it at 10.30 h. "), size=400, not_after=["33.", "1.", "1.000.", "10."]),
    Text("italian.txt", many(24, "Il sig. Rossi e la dott.ssa Bianchi aprirono la chiusa n. %i, cfr. p. %i, alle ore 7.30. "), not_after=["sig.", "n.", "cfr.", "p.", "7."], size=300),
    Text("polish.txt", many(24, "Dr hab. Jan Kowalski otworzył śluzę nr %i o godz. 7.30, por. s. %i i nast. w książce. "), not_after=["hab.", "godz.", "por.", "s.", "nast.", "7."], size=300),
    Text("russian.txt", many(24, "Шлюз № %i по ул. Ленина, д. %i, открыл в 1911 г. инж. И. И. Иванов, см. стр. 12 и т. д. "), not_after=["ул.", "д.", "г.", "инж.", "И.", "см.", "стр.", "т."], size=300),
    Text("chunkdown links.md", "# Top\n\n"+" and then ".join(f"see [the gate {n} of the mill](https://e.org/gates/{n}/the-long-name-of-it) for more" for n in range(10, 30))+".\n", whole=[f"[the gate {n} of the mill](https://e.org/gates/{n}/the-long-name-of-it)" for n in range(10, 30)], size=300),
    Text("formulas in line.md", "# Top\n\n"+" and then ".join(f"it is $x_{{{n}}} = a + b \\cdot c + d$ there" for n in range(10, 30))+".\n", whole=[f"$x_{{{n}}} = a + b \\cdot c + d$" for n in range(10, 30)], size=300),
    Text("bold words.md", "# Top\n\n"+" and then ".join(f"it is **the very important gate {n} of all** there" for n in range(10, 30))+".\n", whole=[f"**the very important gate {n} of all**" for n in range(10, 30)], size=300),
    Text("languagetool 4005.txt", many(20, "Other good editions are in vol. %i and pp. 12, ed. Miller, cf. ch. %i of it. "), size=400, not_after=["vol.", "pp.", "ed.", "cf.", "ch."]),
    Text("dutch.txt", many(24, "Dhr. Jansen en mevr. De Vries openden sluis nr. %i om 7.30 uur, zie blz. %i e.v. van het boek, d.w.z. 's morgens. "), not_after=["Dhr.", "mevr.", "nr.", "blz.", "d.w.z."], size=300),
    Text("swedish.txt", many(24, "Luckan nr %i öppnas bl.a. kl. 7.30 av ing. Svensson, jfr s. %i, dvs. på morgonen. "), not_after=["bl.a.", "kl.", "ing.", "jfr", "s."], size=300),
    Text("code spans.md", "# Top\n\n" + " and then ".join(f"run `gate --open {n} --wait 2 --log gate.log` there" for n in range(10, 30))+".\n", whole=[f"`gate --open {n} --wait 2 --log gate.log`" for n in range(10, 30)], size=300),
]  # fmt: skip
