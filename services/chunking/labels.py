"""What a definition is called in the context of its parts."""

import re

from tree_sitter import Node

_LENGTH = 80
#: The fields in which grammars hold the name of a definition.
_NAMES = ("name", "declarator", "left", "key", "property")
#: A decorator, annotation or attribute in front of a definition.
_PREFIX = re.compile(r"(@[\w.]+(\([^()]*\))?|#!?\[[^\]]*\]|\[[^\]]*\])\s*")
#: Values that take the name they are bound to: `const send = async () => {…}`.
_BINDING = re.compile(
    r"variable_declarator|init_declarator|field_definition|property_declaration|type_alias|(?:const|static)_item|(?:var|const)_spec|"
    r"^(?:assignment(?:_expression)?|pair|field|array_element_initializer)$"
)
#: An element of XML with the title that it may begin with; an attribute that names it.
_ELEMENT = re.compile(
    r"<(?P<tag>[\w:.-]+)(?P<attributes>[^>]*)>\s*(?:(?:<(?:\w+:)?(?:info|head|front|prolog)\b[^>]*>\s*)?"
    r"(?:<label\b[^>]*>[^<]*</label>\s*(?=<title))?"
    r"<(?:\w+:)?(?:title|name|head|label)\b[^>]*>(?P<title>[^<]+)</)?"
)
_NAME = re.compile(r"\b(?:name|title|text|key|id)\s*=\s*[\"']([^\"'>]+)")
#: The keys that name a record in a list, the best one first.
_IDENTIFIERS = ("name", "title", "id", "key")
#: Pairs of a record among which they are looked for.
_FIRST_PAIRS = 8
#: A definition that a macro makes: `TEST(Gate, Opens)`.
_MACRO = re.compile(r"[A-Z][A-Z\d_]+\s?\([^()]*\)$")
#: What opens the body of a definition at the end of its first line, and a body in braces.
_OPENING = re.compile(
    r"[\s({:,=;]+$|[,(]\s*(?:(?:async|static)\s+)?function\s*\([\w\s,$]*\)\s*$|\s*(?:=>|->|\bdo(?:\s*\|[^|]*\|)?|\b(?:begin|struct|sig|where|then)|,?\s*(?:async\s*)?(?:function\s*)?\([\w\s,]*\)\s*=>)\s*$"
)
_BRACE = re.compile(r"(?<![%#$({,\[|])\s*\{")


def key_of(node: Node, source: bytes) -> str:
    """The label of a pair of a data format: its key, or the name of a table in TOML."""
    key = node.child_by_field_name("key")
    if key is None and node.type.startswith(("table", "pair")):  # of TOML
        key = node.named_child(0)
    if key is None:
        return ""
    return source[key.start_byte : key.end_byte].decode(errors="ignore").strip(" \"'")[:_LENGTH]


def record_of(node: Node, source: bytes) -> str:
    """The label of a record in a list of JSON or YAML: its name; in YAML also its first value."""
    pairs = node
    while pairs.type in ("block_sequence_item", "block_node") and pairs.named_child_count:
        pairs = pairs.named_child(0) or pairs
    named = {}
    for pair in pairs.named_children[:_FIRST_PAIRS]:
        value = pair.child_by_field_name("value")
        if value is not None and value.start_point[0] == value.end_point[0]:
            named[key_of(pair, source)] = source[value.start_byte : value.end_byte].decode(errors="ignore")
    first = list(named)[:1] if node.type == "block_sequence_item" else []
    return next((named[key].strip(" \"'")[:_LENGTH] for key in (*_IDENTIFIERS, *first) if key in named), "")


def signature_of(node: Node, above: Node, defines: bool, contains: bool, source: bytes) -> str:
    """The signature of a definition up to its name: `class Client`, `async def send`, `func (c *C) Send`.

    Empty for nodes without a name, such as a body or a lambda.

    Args:
        above: the node that holds this one; asking for it takes time by the depth.
        defines: whether this is a function or contains definitions; a binding is labelled otherwise, too.
        contains: whether definitions are inside.
    """
    if not defines and not _BINDING.search(node.type):
        return ""
    name = next(filter(None, map(node.child_by_field_name, _NAMES)), None)
    if name is None and node.type == "array_element_initializer":  # of PHP: a key and a value
        name = node.named_child(0)
    body = node.child_by_field_name("body")
    if name is None and (body is None or not (contains or above.type == "export_statement")):
        return ""
    end = name.end_byte if name else body.start_byte if body else node.end_byte
    text = source[_start(node, above) : end].decode(errors="ignore")
    begin = 0
    while match := _PREFIX.match(text, begin):
        begin = match.end()
    text = text[begin:]
    if name is not None and name.type.endswith("declarator") and not _MACRO.match(text):
        text = text.partition("(")[0]
    return " ".join(text.split()).rstrip("" if name else " {:=")[:_LENGTH]


def _start(node: Node, above: Node) -> int:
    """Where a definition starts, with the keyword in front of it: `type`, `var`, `export default`."""
    unnamed = node.child_by_field_name("name") is None
    fronted = node.type.endswith("_spec") or (unnamed and above.type == "export_statement")
    return above.start_byte if fronted and above.start_point[0] == node.start_point[0] else node.start_byte


def element_of(node: Node, source: bytes) -> str:
    """The label of an element of XML: its title, or else its name in the file's or its own words."""
    found = _ELEMENT.match(source[node.start_byte : node.start_byte + 600].decode(errors="ignore"))
    if found is None:
        return ""
    named = _NAME.search(found["attributes"])
    return (found["title"] or f"{found['tag']} {named[1] if named else ''}").strip()[:_LENGTH]


def head_of(text: str) -> str:
    """The first line of a block, without what opens its body: `resource "weir" "upper"`, `def run(a)`."""
    line = _BRACE.split(text.lstrip().partition("\n")[0], maxsplit=1)[0]
    while match := _OPENING.search(line):
        line = line[: match.start()]
    return " ".join(line.split())[:_LENGTH]
