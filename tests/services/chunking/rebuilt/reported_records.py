# ruff: noqa: E501 (a text reads best on one line)
"""Records that other tools cut apart."""

from __future__ import annotations

from tests.services.chunking.rebuilt.text import SENTENCE, Text, records

CASES = [
    records("sematext 46.log", "18/07/18 20:57:%i,248 ERROR [Thread-11] Events - failed on event:Eve\nnt [id=null, company=%i, data\n=null]\njava.lang.NullPointerException: null\n        at com.a.B.evaluate(B.java:%i) ~[app.jar:?]\n", count=20),
    records("webvtt-py 74.vtt", "00:02:%i.420 --> 00:02:%i.699\n\ncongratulations number %i\n\n", "00:02:%i.420 --> 00:02:%i.699\n\ncongratulations number %i", around=("WEBVTT\n\n", ""), count=40),
    records("Memento 68.srt", "%i\n00:02:%i,990 --> 00:03:%i,370\nboku ga koko ni wasureta mono %i\n\n\n", "%i\n00:02:%i,990 --> 00:03:%i,370\nboku ga koko ni wasureta mono %i", count=30),
    records("a.http", "### Open gate %i\nPOST https://e.org/gates/%i\nContent-Type: application/json\n\n{\"open\": true}\n\n", "### Open gate %i\nPOST https://e.org/gates/%i\nContent-Type: application/json\n\n{\"open\": true}", count=24),
    records("details.md", "<details><summary>Gate %i?</summary>\n\nIt opens at %i.\n\n</details>\n\n", "<details><summary>Gate %i?</summary>\n\nIt opens at %i.\n\n</details>", count=30),
    records("a.obo", "[Term]\nid: GO:00000%i\nname: gate %i\nis_a: GO:0000001 ! part\n\n", around=("format-version: 1.2\n\n", ""), count=30),
    records("quiz.txt", "%i. What opens gate %i?\nA) A key\nB) A wheel\nC) The keeper\nAnswer: C\n\n", "%i. What opens gate %i?\nA) A key\nB) A wheel\nC) The keeper\nAnswer: C", count=30),
    records("functions.rst", ".. function:: open_gate%i(level)\n\n   Open gate %i.\n\n   :param level: of the water\n\n", ".. function:: open_gate%i(level)\n\n   Open gate %i.\n\n   :param level: of the water", count=24, around=("API\n===\n\n", "")),
    records("workflow.yml", "      - name: Open gate %i\n        uses: mill/gate@v%i\n        with:\n          level: %i\n\n", around=("on: push\njobs:\n  build:\n    steps:\n", ""), count=24),
    records("k8s docs.yaml", "apiVersion: v1\nkind: Service\nmetadata:\n  name: gate-%i\nspec:\n  ports:\n    - port: 80%i\n---\n", "apiVersion: v1\nkind: Service\nmetadata:\n  name: gate-%i\nspec:\n  ports:\n    - port: 80%i", count=24),
    records("nginx.conf", "    location /gate%i {\n        proxy_pass http://mill:80%i;\n        proxy_set_header Host $host;\n    }\n\n", around=("http {\n  server {\n", "  }\n}\n"), count=20),
    records("reducer.js", "    case 'OPEN_%i':\n      state.level = %i;\n      return state;\n", around=("function reduce(state, action) {\n  switch (action.type) {\n", "  }\n}\n"), count=30),
    records("Api.java", "    @GetMapping(\n        value = \"/gates/%i\",\n        produces = \"text/plain\")\n    @PreAuthorize(\"keeper\")\n    public Gate gate%i() { return gates.get(%i); }\n\n", around=("@RestController\nclass Api {\n", "}\n"), count=20),
    records("requirements.txt", "# gate %i\nweir%i==1.%i \\\n    --hash=sha256:abc%i\n", count=40),
    records("endpoint.md", "**GET** `/gates/%i`\n\n| name | type |\n|---|---|\n| id%i | int |\n\n", count=24),
    records("options.txt", "  --open-%i LEVEL   Open gate %i at once,\n                    and wait for it.\n", count=40),
    records("steps.md", "1. Open gate %i:\n   ```sh\n   gate --open %i\n   ```\n   Then wait.\n", "1. Open gate %i:\n   ```sh\n   gate --open %i\n   ```\n   Then wait.", count=24),
    Text("access.log", "".join(f'10.0.0.{n} - - [06/May/2024:10:{n}:00 +0000] "GET /gates/{n} HTTP/1.1" 200 512 "-" "Mozilla/5.0 (X11; Linux)"\n' for n in range(10, 60)), whole=[f'"GET /gates/{n} HTTP/1.1" 200 512 "-" "Mozilla/5.0 (X11; Linux)"' for n in range(10, 60)]),
    Text("faq.html", "<h1>FAQ</h1>"+"".join(f"<details><summary>Is gate {n} open?</summary><p>It opens at {n}.</p></details>" for n in range(10, 40)), whole=[f"Is gate {n} open?**\n\nIt opens at {n}." for n in range(10, 40)]),
    Text("interview.md", "".join(f"**Mill Times: Is gate {n} open?**\n\nAnn Miller: It is. {SENTENCE}\n\n" for n in range(10, 26)), whole=[f"**Mill Times: Is gate {n} open?**\n\nAnn Miller: It is." for n in range(10, 26)]),
    records("node-webvtt 29.vtt", "00:%i:00.180 --> 00:%i:03.760 line:63% position:72%\nThanks to number %i for\nits support.\n\n", "00:%i:00.180 --> 00:%i:03.760 line:63% position:72%\nThanks to number %i for\nits support.", around=("WEBVTT\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nNOTE none\n\n", ""), count=30),
    records("gates_test.go", "\t\t{\n\t\t\tname: \"gate %i\",\n\t\t\tlevel: %i,\n\t\t},\n", around=("package weir\n\nfunc TestGates(t *testing.T) {\n\ttests := []struct{ name string; level int }{\n", "\t}\n}\n"), count=24),
    records("callouts.md", "> [!NOTE] Gate %i\n> It opens at %i by hand,\n> and shuts by itself.\n\n", "> [!NOTE] Gate %i\n> It opens at %i by hand,\n> and shuts by itself.", count=30),
    records("a.ris", "TY  - BOOK\nAU  - Miller, Ann\nTI  - The mill %i\nPY  - 20%i\nER  - \n\n", "TY  - BOOK\nAU  - Miller, Ann\nTI  - The mill %i\nPY  - 20%i", count=30),
    records("detect-exceptions 56.log", "[2019-03-14 09:%i:44,381] ERROR: 'NoneType' object has no attribute 'options%i'\n\nTraceback (most recent call last):\n\n  File \"a.py\", line %i, in <module>\n\n    my_var = options.option\n\nAttributeError: 'NoneType'\n", "[2019-03-14 09:%i:44,381] ERROR: 'NoneType' object has no attribute 'options%i'\n\nTraceback (most recent call last):\n\n  File \"a.py\", line %i, in <module>", count=16),
]  # fmt: skip
