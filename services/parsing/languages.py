"""Names of text files: their media types and their programming languages."""

from __future__ import annotations

from pathlib import PurePosixPath

PLAIN = "text/plain"

#: Suffixes of texts that stay unchanged and are not in a programming language.
TEXT_TYPES = {
    ".txt": PLAIN,
    ".text": PLAIN,
    ".log": PLAIN,
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".mdx": "text/markdown",
    ".rst": "text/x-rst",
    ".org": "text/org",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".toml": "application/toml",
    ".xml": "application/xml",
    ".tex": "text/x-tex",
}

_LANGUAGES = {
    "bash": "sh bash zsh ksh",
    "c": "c h",
    "cpp": "cc cpp cxx c++ hh hpp hxx ipp tpp",
    "csharp": "cs csx",
    "clojure": "clj cljs cljc edn",
    "cmake": "cmake",
    "css": "css",
    "cuda": "cu cuh",
    "dart": "dart",
    "dockerfile": "dockerfile",
    "elixir": "ex exs",
    "elm": "elm",
    "erlang": "erl hrl",
    "fish": "fish",
    "fortran": "f f90 f95 f03",
    "fsharp": "fs fsx fsi",
    "go": "go",
    "graphql": "graphql gql",
    "groovy": "groovy gradle",
    "haskell": "hs lhs",
    "hcl": "tf hcl tfvars",
    "ini": "ini cfg conf properties",
    "java": "java",
    "javascript": "js mjs cjs jsx",
    "json": "json jsonl ndjson json5 jsonc",
    "julia": "jl",
    "kotlin": "kt kts",
    "latex": "tex sty cls",
    "less": "less",
    "lisp": "lisp el scm rkt",
    "lua": "lua",
    "markdown": "md markdown mdx",
    "nim": "nim",
    "nix": "nix",
    "objective-c": "m mm",
    "ocaml": "ml mli",
    "pascal": "pas pp",
    "perl": "pl pm",
    "php": "php phtml",
    "powershell": "ps1 psm1",
    "protobuf": "proto",
    "python": "py pyi pyx pyw",
    "r": "r",
    "rst": "rst",
    "ruby": "rb rake gemspec erb",
    "rust": "rs",
    "scala": "scala sc",
    "scss": "scss sass",
    "solidity": "sol",
    "sql": "sql",
    "svelte": "svelte",
    "swift": "swift",
    "template": "jinja jinja2 j2 hbs mustache ejs tmpl tpl liquid jsp asp aspx cshtml",
    "toml": "toml",
    "tsx": "tsx",
    "typescript": "ts mts cts",
    "verilog": "v sv svh",
    "vhdl": "vhd vhdl",
    "vue": "vue",
    "xml": "xml xsd xsl xslt svg plist",
    "yaml": "yaml yml",
    "zig": "zig",
}
_BY_SUFFIX = {
    f".{suffix}": language for language, suffixes in _LANGUAGES.items() for suffix in suffixes.split()
}
_BY_NAME = {
    "dockerfile": "dockerfile",
    "containerfile": "dockerfile",
    "makefile": "make",
    "gnumakefile": "make",
    "cmakelists.txt": "cmake",
    "gemfile": "ruby",
    "rakefile": "ruby",
    "jenkinsfile": "groovy",
    "build": "starlark",
    "workspace": "starlark",
}


def language_of(filename: str | None) -> str | None:
    """The programming or data language of a file name."""
    path = PurePosixPath((filename or "").replace("\\", "/"))
    return _BY_NAME.get(path.name.lower()) or _BY_SUFFIX.get(path.suffix.lower())
