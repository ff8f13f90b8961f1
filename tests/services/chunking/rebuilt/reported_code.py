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
    deep("codegraph 515.c", "AX_VIN_GLB_API AX_S32 AX_VIN_Init(AX_VOID)\n{\n", "    value_%i_ = gate(%i);\n", "}\n", "AX_VIN_Init"),
    deep("codegraph 1373.c", "#define NATIVE_FN(name) int name(void)\n\nNATIVE_FN(get_version)\n{\n", "    value_%i_ = gate(%i);\n", "    return 1;\n}\n", "get_version"),
    deep("vscode-cpptools 12509.c", "#ifndef A_H\n#define A_H\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\nint run(int arg)\n{\n", "    value_%i_ = gate(%i);\n", "    return 0;\n}\n#ifdef __cplusplus\n}\n#endif\n#endif\n", "run"),
    deep("tree-sitter-typescript 329.ts", "let sql: <T = unknown>(f: TemplateStringsArray, ...p: unknown[]) => T[];\n\nexport default {\n  abc: () => { fn(() => [fn(sql<never[]>`'[]'`)]); },\n  cde: fn(async ({ ctx, input }) => {\n", "    const value_%i_ = gate(%i);\n", "  }),\n};\n", "cde"),
    deep("go-tree-sitter 87.go", "package weir\n\nfunc Abcd[T DataType](result *BaseFileResult[T]) []T {\n", "\tvalue_%i_ := gate(%i)\n", "\treturn nil\n}\n", "func Abcd"),
    deep("llama_index 12066.py", "def foo():\n    \"\"\"Hello, world!\"\"\"\n    def bar(**x):\n", "        value_%i_ = gate(%i)\n", "    if bar:\n        baz(x=3)\n", "def foo", "def bar"),
    deep("heredoc.sh", "#!/bin/bash\ncat <<'EOF'\nfunction none() {\n  if true; then\nEOF\n\nrun_all() {\n", "  value_%i_=$(gate %i)\n", "}\n", "run_all"),
    deep("raw.cpp", "const char* s = R\"(class None { void x() {)\";\n\nclass Gate final : public Weir {\n public:\n  void run() override {\n", "    value_%i_ = gate(%i);\n", "  }\n};\n", "class Gate", "run"),
    deep("dsl.kt", "class Gate : Weir() {\n  override val name by lazy {\n", "    val value_%i_ = gate(%i)\n", "    \"x\"\n  }\n}\n", "class Gate", "name"),
    deep("trigger.sql", "CREATE TRIGGER gate_opened\nAFTER UPDATE ON gates\nFOR EACH ROW\nBEGIN\n", "  INSERT INTO log VALUES ('value_%i_', %i);\n", "END;\n", "gate_opened"),
    deep("playbook.yml", "- hosts: mills\n  tasks:\n    - name: Open the gate\n      ansible.builtin.shell: |\n", "        gate value_%i_ %i\n", "", "tasks", "Open the gate"),
    deep("gate_test.cc", "TEST_F(GateTest, OpensAtNoon) {\n", "  value_%i_(%i);\n", "}\n", "GateTest", "OpensAtNoon"),
    deep("wp.php", "<?php\nadd_action('init', function () {\n", "  value_%i_(%i);\n", "});\n", "add_action"),
    deep("mysql.sql", "DELIMITER //\nCREATE PROCEDURE open_gate(IN a INT)\nBEGIN\n", "  CALL value_%i_(%i);\n", "END //\nDELIMITER ;\n", "open_gate"),
    deep("pkg.sql", "CREATE OR REPLACE PACKAGE BODY weir AS\n  PROCEDURE open_gate(a IN NUMBER) IS\n  BEGIN\n", "    value_%i_(%i);\n", "  END open_gate;\nEND weir;\n/\n", "PACKAGE BODY weir"),
    deep("BOOST.cpp", "BOOST_AUTO_TEST_CASE(opens_at_noon)\n{\n", "  value_%i_(%i);\n", "}\n", "opens_at_noon"),
    deep("api.php", "Route::middleware('auth')->group(function () {\n", "    Route::get('value_%i_', %i);\n", "});\n"),
    deep("users.json", '{"users": [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob", "gates": [', '"value_%i_ %i", ', '"z"]}]}', "users", "Bob", "gates"),
    deep("azure-pipelines.yml", "stages:\n- stage: Build\n  jobs:\n  - job: Linux\n    steps:\n", "    - script: value_%i_ %i\n", "", "stages", "Build", "Linux"),
    deep("catch.cpp", "TEST_CASE(\"gates open\", \"[gate]\") {\n  SECTION(\"at noon\") {\n", "    value_%i_(%i);\n", "  }\n}\n", "gates open"),
    deep("raw.cs", "namespace Weir;\n\npublic partial class Gate(int level) : IGate\n{\n    const string S = \"\"\"\n        class None {\n        \"\"\";\n\n    public static int operator +(Gate a, Gate b)\n    {\n", "        var value_%i_ = gate(%i);\n", "        return 1;\n    }\n}\n", "class Gate", "operator"),
    deep("gate.groovy", "class GateSpec extends Specification {\n  def \"opens the gate\"() {\n    when:\n", "    def value_%i_ = gate(%i)\n", "  }\n}\n", "class GateSpec", "opens the gate"),
]  # fmt: skip
