"""The language of a document, and its grammar."""

import importlib
import re
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

from tree_sitter import Language


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language of the wheel `tree-sitter-<package>`: its names, and whether it has functions.

    `data` is true for formats without definitions (JSON, HTML, CSS): all their nesting is structure.
    `headed` are the types of nodes that are called by their first line, because no field holds their name.
    """

    language: str
    package: str
    extensions: str
    names: str = ""
    media_types: str = ""
    entry: str = "language"
    data: bool = False
    headed: str = ""


_STYLES = "rule_set media_statement supports_statement keyframes_statement at_rule mixin_statement"

GRAMMARS = (
    Grammar(
        "python",
        "python",
        "py pyi pyw bzl star",
        "SConstruct SConscript wscript",
        "text/x-python application/x-python",
    ),
    Grammar(
        "javascript",
        "javascript",
        "js mjs cjs jsx es6",
        "",
        "text/javascript application/javascript",
        headed="call_expression",
    ),
    Grammar(
        "typescript",
        "typescript",
        "ts mts cts",
        "",
        "text/typescript application/typescript",
        "language_typescript",
        headed="call_expression",
    ),
    Grammar("tsx", "typescript", "tsx", "", "text/tsx", "language_tsx", headed="call_expression"),
    Grammar("go", "go", "go", "", "text/x-go"),
    Grammar("rust", "rust", "rs", "", "text/x-rust text/rust"),
    Grammar("java", "java", "java", "", "text/x-java text/x-java-source"),
    Grammar(
        "kotlin",
        "kotlin",
        "kt kts",
        "",
        "text/x-kotlin",
        headed="call_expression property_declaration",
    ),
    Grammar("scala", "scala", "scala sc sbt", "", "text/x-scala", headed="call_expression"),
    Grammar("c", "c", "c h", "", "text/x-c text/x-csrc text/x-chdr"),
    Grammar("cpp", "cpp", "cpp cc cxx c++ hpp hh hxx h++ ipp inl cu cuh", "", "text/x-c++ text/x-c++src"),
    Grammar(
        "csharp",
        "c-sharp",
        "cs csx",
        "",
        "text/x-csharp",
        headed="operator_declaration conversion_operator_declaration indexer_declaration",
    ),
    Grammar(
        "objective-c",
        "objc",
        "m mm",
        "",
        "text/x-objective-c",
        headed="class_implementation class_interface method_definition",
    ),
    Grammar(
        "ruby",
        "ruby",
        "rb rake gemspec ru",
        "Rakefile Gemfile Vagrantfile Podfile",
        "text/x-ruby",
        headed="call",
    ),
    Grammar(
        "php",
        "php",
        "php phtml php8",
        "",
        "text/x-php application/x-httpd-php",
        "language_php",
        headed="function_call_expression member_call_expression scoped_call_expression",
    ),
    Grammar("swift", "swift", "swift", "", "text/x-swift", headed="call_expression"),
    Grammar(
        "bash",
        "bash",
        "sh bash zsh ksh bats",
        ".bashrc .bash_profile .profile .zshrc PKGBUILD",
        "text/x-sh application/x-sh text/x-shellscript",
    ),
    Grammar("powershell", "powershell", "ps1 psm1 psd1", headed="function_statement class_statement"),
    Grammar("lua", "lua", "lua", "", "text/x-lua"),
    Grammar("perl", "perl", "pl pm", "", "text/x-perl"),
    Grammar("elixir", "elixir", "ex exs", "", "text/x-elixir", headed="call"),
    Grammar("haskell", "haskell", "hs", "", "text/x-haskell"),
    Grammar(
        "ocaml",
        "ocaml",
        "ml",
        "",
        "text/x-ocaml",
        "language_ocaml",
        headed="module_definition value_definition class_definition",
    ),
    Grammar(
        "julia",
        "julia",
        "jl",
        "",
        "text/x-julia",
        headed="function_definition macro_definition struct_definition",
    ),
    Grammar(
        "groovy",
        "groovy",
        "groovy gradle",
        "Jenkinsfile",
        "text/x-groovy",
        headed="method_invocation constructor_declaration",
    ),
    Grammar("zig", "zig", "zig", "", "text/x-zig", headed="variable_declaration test_declaration"),
    Grammar("solidity", "solidity", "sol"),
    Grammar("sql", "sql", "sql ddl dml", "", "text/x-sql application/sql", data=True, headed="statement"),
    Grammar("html", "html", "html htm xhtml", "", "text/html application/xhtml+xml", data=True),
    Grammar(
        "xml",
        "xml",
        "xml xsd xsl xslt svg rss atom plist csproj vcxproj opml dita kml gpx resx xaml xlf xliff wsdl",
        "",
        "text/xml application/xml image/svg+xml",
        "language_xml",
        data=True,
    ),
    Grammar("svelte", "svelte", "svelte", data=True),
    Grammar("css", "css", "css", "", "text/css", data=True, headed=_STYLES),
    Grammar("scss", "scss", "scss", "", "text/x-scss", data=True, headed=_STYLES),
    Grammar(
        "json",
        "json",
        "json jsonc json5 geojson webmanifest",
        ".babelrc .eslintrc",
        "application/json",
        data=True,
    ),
    Grammar(
        "yaml",
        "yaml",
        "yaml yml",
        ".clang-format",
        "text/yaml application/yaml application/x-yaml",
        data=True,
    ),
    Grammar(
        "toml",
        "toml",
        "toml",
        "Cargo.lock poetry.lock uv.lock Pipfile",
        "application/toml text/x-toml",
        data=True,
    ),
    Grammar("hcl", "hcl", "tf tfvars hcl", data=True, headed="block attribute"),
    Grammar("nix", "nix", "nix", data=True, headed="binding"),
    Grammar(
        "make",
        "make",
        "mk mak",
        "Makefile makefile GNUmakefile",
        "text/x-makefile",
        data=True,
        headed="rule define_directive",
    ),
    Grammar("dockerfile", "dockerfile", "dockerfile", "Dockerfile Containerfile", data=True),
)

#: Formats that are cut by their own scanners rather than by a grammar.
_MARKDOWN_EXTENSIONS = frozenset(
    ["md", "markdown", "mdown", "mkd", "mkdn", "mdwn", "mdx", "qmd", "rmd", "livemd", "dj", "djot"]
)
_MARKDOWN_TYPES = frozenset(("text/markdown", "text/x-markdown"))

_BY_EXTENSION = {ext: grammar for grammar in GRAMMARS for ext in grammar.extensions.split()}
_BY_NAME = {name: grammar for grammar in GRAMMARS for name in grammar.names.split()}
_BY_TYPE = {name: grammar for grammar in GRAMMARS for name in grammar.media_types.split()}
_BY_LANGUAGE = {grammar.language: grammar for grammar in GRAMMARS}

#: Interpreters of a `#!` line, without version numbers.
_INTERPRETERS = {
    "python": "python",
    "node": "javascript",
    "deno": "typescript",
    "bash": "bash",
    "sh": "bash",
    "zsh": "bash",
    "dash": "bash",
    "ksh": "bash",
    "ruby": "ruby",
    "perl": "perl",
    "php": "php",
    "lua": "lua",
    "elixir": "elixir",
    "julia": "julia",
    "groovy": "groovy",
    "swift": "swift",
    "pwsh": "powershell",
}


def detect(filename: str | None, text_type: str | None, text: str) -> Grammar | str | None:
    """The grammar of a document, `"markdown"`, or None for plain text.

    The type `text/markdown` decides (a converted document keeps its name), then the file's name, then its
    first lines, then any other type.
    """
    kind = (text_type or "").partition(";")[0].strip().lower()
    if kind in _MARKDOWN_TYPES:
        return "markdown"
    if filename:
        name = PurePosixPath(filename.replace("\\", "/")).name
        extension = name.rpartition(".")[2].lower() if "." in name else ""
        if extension in _MARKDOWN_EXTENSIONS:
            return "markdown"
        found = _BY_NAME.get(name) or _BY_EXTENSION.get(extension) or _BY_NAME.get(name.partition(".")[0])
        if found:
            return _by_content(extension, text, found)
        if extension in _PLAIN and _is_markdown(text):
            return "markdown"
    if text.startswith("#!"):
        words = text[:200].partition("\n")[0][2:].split()
        program = words[-1 if words[:1] == ["/usr/bin/env"] else 0].rpartition("/")[2] if words else ""
        language = _INTERPRETERS.get(program.rstrip("0123456789."))
        if language:
            return _BY_LANGUAGE[language]
    if text.startswith("<?xml"):
        return _BY_LANGUAGE["xml"]
    return _BY_TYPE.get(kind)


#: Names of texts that may be written in markdown: `llms.txt`, `README`; and its headings among all lines that
#: begin like one. A comment of settings stands above its setting, a heading apart.
_PLAIN = ("", "txt", "text")
_HASHES, _HEADING = re.compile(r"^#", re.M), re.compile(r"(?:\A|(?<=\n\n))#{1,6} \S[^\n]*(?=\n\n)")


def _is_markdown(text: str) -> bool:
    head = text[:65_536].replace("\r\n", "\n")
    return len(_HEADING.findall(head)) * 2 > max(len(_HASHES.findall(head)), 3)


#: Starts of lines that only C++ and Objective-C have.
_CPP = re.compile(r"^[ \t]*(?:class|namespace|template|using|public:|private:)", re.M)
_OBJECTIVE_C = re.compile(r"^[ \t]*(?:@interface|@implementation|@protocol|@class|@import)", re.M)
#: Starts of lines of MATLAB, which shares a suffix with Objective-C.
_MATLAB = re.compile(r"^[ \t]*(?:function\b[^;{]*$|classdef\b|%)", re.M)


def _by_content(extension: str, text: str, usual: Grammar) -> Grammar | None:
    """The language of files whose suffix several languages share: `.h` and `.m`."""
    if extension == "m":
        return usual if _OBJECTIVE_C.search(text) or not _MATLAB.search(text) else None
    if extension != "h":
        return usual
    if _OBJECTIVE_C.search(text):
        return _BY_LANGUAGE["objective-c"]
    return _BY_LANGUAGE["cpp" if _CPP.search(text) else "c"]


@cache
def load(grammar: Grammar) -> Language:
    """The compiled grammar, from its wheel."""
    module = importlib.import_module("tree_sitter_" + grammar.package.replace("-", "_"))
    with warnings.catch_warnings():
        # Some wheels still return the address as an integer, which the runtime accepts with a warning.
        warnings.simplefilter("ignore", DeprecationWarning)
        return Language(getattr(module, grammar.entry)())
