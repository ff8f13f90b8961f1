"""What a definition is called in the context of its parts."""

import re

from tree_sitter import Node

_LENGTH = 80
#: A decorator, annotation or attribute in front of a definition.
_PREFIX = re.compile(r"^(@[\w.]+(\([^()]*\))?|#!?\[[^\]]*\]|\[[^\]]*\])\s*")
#: Values that take the name they are bound to: `const send = async () => {…}`.
_BINDING = re.compile(
    r"variable_declarator|field_definition|property_declaration|^(?:assignment(?:_expression)?|pair|field)$"
)
#: What opens the body of a definition at the end of its first line, and a body in braces.
_OPENING = re.compile(
    r"[\s({:,=]+$|\s*(?:=>|->|\bdo(?:\s*\|[^|]*\|)?|\b(?:begin|struct|sig|where|then)|,?\s*(?:async\s*)?(?:function\s*)?\([\w\s,]*\)\s*=>)\s*$"
)
_BRACE = re.compile(r"(?<![%#$({,\[|])\s*\{")


def key_of(node: Node, source: bytes) -> str:
    """The label of a pair of a data format: the key in JSON and YAML, the name of a table in TOML."""
    key = node.child_by_field_name("key")
    if key is None and node.type.startswith("table"):
        key = node.named_child(0)
    if key is None:
        return ""
    return source[key.start_byte : key.end_byte].decode(errors="ignore").strip(" \"'")[:_LENGTH]


def signature_of(node: Node, defines: bool, contains: bool, source: bytes) -> str:
    """The signature of a definition up to its name: `class Client`, `async def send`, `func (c *C) Send`.

    Empty for nodes without a name, such as a body or a lambda.

    Args:
        defines: whether this is a function or contains definitions; a binding is labelled otherwise, too.
        contains: whether definitions are inside.
    """
    if not defines and not _BINDING.search(node.type):
        return ""
    name = next(filter(None, map(node.child_by_field_name, ("name", "declarator", "left", "key"))), None)
    body = node.child_by_field_name("body")
    if name is None and (body is None or not contains):
        return ""
    end = name.end_byte if name else body.start_byte if body else node.end_byte
    text = source[node.start_byte : end].decode(errors="ignore")
    while match := _PREFIX.match(text):
        text = text[match.end() :]
    if name is not None and name.type.endswith("declarator"):
        text = text.partition("(")[0]
    return " ".join(text.split()).rstrip(" {:=")[:_LENGTH]


def head_of(text: str) -> str:
    """The first line of a block, without what opens its body: `resource "weir" "upper"`, `def run(a)`."""
    line = _BRACE.split(text.lstrip().partition("\n")[0], maxsplit=1)[0]
    while match := _OPENING.search(line):
        line = line[: match.start()]
    return " ".join(line.split())[:_LENGTH]
