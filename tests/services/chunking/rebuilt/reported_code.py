# ruff: noqa: E501 (a text reads best on one line)
"""Source files that other indexers cut badly; each is named by the report that it comes from."""

from __future__ import annotations

from tests.services.chunking.rebuilt.text import Text, deep, many, records

CASES = [
    deep("tree-sitter-analyzer 746.js", "class ModernComponent {\n  #secretKey = 1;\n  state = {};\n  handleClick = (event) => {\n", "    const value_%i_ = gate(%i);\n", "  };\n}\n", "class ModernComponent", "handleClick"),
    deep("tree-sitter-analyzer 890.ts", "export class Modern {\n  static async #logActivity(a: number): Promise<void> {\n", "    const value_%i_ = gate(%i);\n", "  }\n}\n", "class Modern", "#logActivity"),
    deep("aimee 775.ts", "export default async function* (a: number) {\n", "  yield value_%i_(%i);\n", "}\n", "function"),
    deep("bounty-challenge 10609.rs", "impl<T: Clone> MyStruct<T> {\n    pub(crate) unsafe fn process(&self) -> T {\n", "        let value_%i_ = gate(%i);\n", "    }\n}\n", "impl<T: Clone> MyStruct", "fn process"),
    Text("bounty-challenge 18278.py", "class MyClass:\n    def method(self):\n        pass\n\n\ndef outer():\n    def inner():\n" + many(40, "        value_%i_ = gate(%i)\n"), head=("value_49_", "def outer"), never=["MyClass"]),
    deep("Agent-Fusion 42.kt", "// Größe und 水車 – ein Kommentar\ninterface Gate {\n  fun run(a: Int): Int {\n", "    val value_%i_ = gate(%i) // Größe\n", "    return 1\n  }\n}\n", "interface Gate", "fun run"),
    deep("tree-sitter-c 12.h", "#include <sys/cdefs.h>\n__BEGIN_DECLS\n\nstruct gate {\n", "  int value_%i_; /* %i */\n", "};\n\n__END_DECLS\n", "struct gate"),
    deep("tree-sitter-cpp 308.cpp", "#define ONE\n\nint run()\n{\n  int x =\n#ifdef ONE\n  1\n#else\n  2\n#endif\n  ;\n", "  value_%i_ = gate(%i);\n", "  return 0;\n}\n", "int run"),
    deep("tree-sitter-bash 159.sh", ": <<'END_COMMENT'\nThe quotes around END_COMMENT are important,\nany $() `` would run.\nEND_COMMENT\n\nrun_all() {\n", "  value_%i_=$(gate %i)\n", "}\n", "run_all"),
    deep("tree-sitter-bash 61.sh", "open() {\n  if true; then\n    cat <<XXX\n${a_string}\nXXX\n  fi\n}\n\nrun_all() {\n", "  value_%i_=$(gate %i)\n", "}\n", "run_all"),
    deep("CodeNib 233.java", "package x;\n\npublic record Gate(int level, String name) {\n  public Gate {\n", "    value_%i_(%i);\n", "  }\n}\n", "record Gate"),
    deep("uteke 334.dart", "class GatePage extends StatefulWidget {\n  Future<void> run() async {\n", "    final value_%i_ = gate(%i);\n", "  }\n}\n", "class GatePage", "run"),
    deep("codegraph 18.ts", "export const schema = z.object({\n  gates: z.object({\n", "    value_%i_: z.number().min(%i),\n", "  }),\n});\n", "schema", "gates"),
    records("bounty-challenge 10648.rs", "/// Level %i.\n#[derive(Debug)]\npub struct Level%i {\n    pub gate: u32,\n}\n\nconst MAX_%i: u32 = %i;\n\n", "/// Level %i.\n#[derive(Debug)]\npub struct Level%i {\n    pub gate: u32,\n}"),
    deep("tree-sitter-c 209.c", "#define FOO static int x = 10;\n\nFOO\n\nint run(int a)\n{\n", "  int value_%i_ = gate(%i);\n", "  return 0;\n}\n", "int run"),
    deep("tree-sitter-ruby 140.rb", "class Cop\n  def_node_matcher :example?, <<~PATTERN\n    {\n      #{block_pattern(\n        '{#Examples.all}'\n      )}\n    }\n  PATTERN\n\n  def run(a)\n", "    value_%i_ = gate(%i)\n", "  end\nend\n", "class Cop", "def run"),
    deep("llama_index 7418.py", "class Gate:\n    def run(self):\n        for a in self.parts:\n            if a.open:\n", "                value_%i_ = gate(%i)\n", "", "class Gate", "def run"),
    records("cocoindex 26.go", "// Level%i tells it.\n//\n// It is slow.\nfunc (g *Gate) Level%i() (int, error) {\n\treturn g.level + %i, nil\n}\n\n", "// Level%i tells it.\n//\n// It is slow.\nfunc (g *Gate) Level%i() (int, error) {\n\treturn g.level + %i, nil\n}"),
]  # fmt: skip
