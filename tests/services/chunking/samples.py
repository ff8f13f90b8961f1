"""A little program in every language: definitions with comments in front, one of them too big."""

from services.chunking.languages import GRAMMARS

__all__ = ["FILENAMES", "SAMPLES", "repeated"]

#: One file name for every language that is cut by a grammar.
FILENAMES = {grammar.language: f"source.{grammar.extensions.split()[0]}" for grammar in GRAMMARS}

_BRACES = """// Adds {n}.
{head} {{
    {let}a{n} = {n};
    {let}b{n} = a{n} + {n};
}}
"""


def _braces(head: str, let: str = "", opening: str = "", closing: str = "") -> str:
    """`@@` in the head stands for the number of the function."""
    body = "\n".join(_BRACES.format(n=n, head=head.replace("@@", f"add_{n}"), let=let) for n in range(12))
    return opening + body + closing


def repeated(template: str, count: int = 12) -> str:
    return "\n".join(template.replace("@@", str(n)) for n in range(count))


#: Language -> source in which nothing is a syntax error.
SAMPLES = {
    "python": repeated("# Adds @@.\n@cached\ndef add_@@(x):\n    y = x + @@\n    return y\n"),
    "javascript": _braces("function @@(x)", "const "),
    "typescript": _braces("export function @@(x: number): void", "const "),
    "tsx": _braces("export function @@(x: number): void", "const "),
    "go": "package main\n\n" + _braces("func @@(x int)", "var "),
    "rust": _braces("pub fn @@(x: i32)", "let "),
    "java": _braces("    int @@(int x)", "int ", "class Adder {\n", "}\n"),
    "kotlin": _braces("fun @@(x: Int)", "val "),
    "scala": _braces("def @@(x: Int): Unit =", "val ", "object Adder {\n", "}\n"),
    "c": _braces("void @@(int x)", "int "),
    "cpp": _braces("void @@(int x)", "int ", "namespace adder {\n", "}\n"),
    "csharp": _braces("    void @@(int x)", "int ", "class Adder {\n", "}\n"),
    "swift": _braces("func @@(x: Int)", "let "),
    "php": "<?php\n" + repeated("// Adds @@.\nfunction add_@@($x) {\n    $y = $x + @@;\n    return $y;\n}\n"),
    "ruby": repeated("# Adds @@.\ndef add_@@(x)\n  y = x + @@\n  y\nend\n"),
    "bash": repeated("# Adds @@.\nadd_@@() {\n  y=$1\n  echo @@\n}\n"),
    "lua": repeated("-- Adds @@.\nfunction add_@@(x)\n  local y = x + @@\n  return y\nend\n"),
    "zig": _braces("pub fn @@(x: i32) void", "const "),
    "julia": repeated("# Adds @@.\nfunction add_@@(x)\n  y = x + @@\n  y\nend\n"),
    "perl": repeated("# Adds @@.\nsub add_@@ {\n  my $y = @@;\n  return $y;\n}\n"),
}
